/** The audit log of the event, newest first. */

import { text } from "#text";
import { useCallback, useEffect, useState } from "preact/hooks";

import { api, ask, type Schemas } from "../shared/api";
import { showTime, Trouble, Waiting } from "../shared/elements";
import { words } from "#words";

type Act = Schemas["Act"];

export function Audit({ eventId }: { eventId: string }) {
  const [acts, setActs] = useState<readonly Act[]>();
  const [cursor, setCursor] = useState<string | null>(null);
  const [fault, setFault] = useState<unknown>();

  const load = useCallback(
    async (from: string) => {
      setFault(undefined);
      try {
        const params = { path: { event_id: eventId }, query: { cursor: from } };
        const page = await ask(api.GET("/api/events/{event_id}/audit", { params }));
        setActs((shown) => (from ? [...(shown ?? []), ...page.acts] : page.acts));
        setCursor(page.next_cursor);
      } catch (error) {
        setFault(error);
      }
    },
    [eventId],
  );
  useEffect(() => void load(""), [load]);

  return (
    <section class="log">
      <h2>{words.audit.heading}</h2>
      <p class="quiet">{words.audit.detail}</p>
      {fault ? <Trouble fault={fault} onRetry={() => void load(cursor ?? "")} /> : null}
      {!acts && !fault && <Waiting>{text.page.loading}</Waiting>}
      {acts?.length === 0 && <p>{words.audit.none}</p>}
      <ol>
        {acts?.map((act) => (
          <li key={act.id}>
            {describe(act)}
            <small>
              {showTime(act.at)}
              {act.network && `, ${words.audit.from(act.network)}`}
            </small>
          </li>
        ))}
      </ol>
      {cursor && (
        <button type="button" onClick={() => void load(cursor)}>
          {words.audit.more}
        </button>
      )}
    </section>
  );
}

/** An action that this page does not know is shown by its name. */
function describe(act: Act): string {
  const who = act.actor_name ?? (act.actor_id ? words.audit.somebody : words.audit.system);
  const whom = act.object_name ?? words.audit.aMember;
  const say = words.audit.acts[act.action] ?? ((name: string) => `${name}: ${act.action}`);
  return say(who || words.guests.unnamed, whom || words.guests.unnamed, words.audit.roles[act.result] ?? act.result);
}
