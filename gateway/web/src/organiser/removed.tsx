/** Guests who were removed and stay out, with a way back in. */

import { useCallback, useEffect, useState } from "preact/hooks";

import { api, ask, type Schemas } from "../shared/api";
import { showDay, Trouble } from "../shared/elements";
import { words } from "#words";

interface Props {
  eventId: string;
  /** Another one after each change. */
  version: string;
  onChange: () => Promise<void>;
}

const PAGE_SIZE = 200;

export function Removed({ eventId, version, onChange }: Props) {
  const [page, setPage] = useState<Schemas["RemovedPage"]>();
  const [fault, setFault] = useState<unknown>();

  const read = useCallback(
    (cursor = "") => {
      const params = { path: { event_id: eventId }, query: { limit: PAGE_SIZE, cursor } };
      return ask(api.GET("/api/events/{event_id}/removed", { params }));
    },
    [eventId],
  );
  const load = useCallback(async () => setPage(await read()), [read]);
  const loadMore = async (shown: Schemas["RemovedPage"]) => {
    const next = await read(shown.next_cursor ?? "");
    setPage({ ...next, guests: [...shown.guests, ...next.guests] });
  };
  useEffect(() => void load().then(() => setFault(undefined), setFault), [load, version]);

  const admit = async (user_id: string) => {
    setFault(undefined);
    try {
      const path = { event_id: eventId, user_id };
      await ask(api.POST("/api/events/{event_id}/guests/{user_id}/admit", { params: { path } }));
      await Promise.all([load(), onChange()]);
    } catch (error) {
      setFault(error);
    }
  };
  if (!fault && !page?.guests.length) return null;
  return (
    <section class="guests">
      <h2>{words.removed.heading}</h2>
      <p class="quiet">{words.removed.detail}</p>
      {fault ? <Trouble fault={fault} onRetry={() => void load().catch(setFault)} /> : null}
      <ul>
        {page?.guests.map((guest) => {
          const name = guest.username || guest.display_name || words.guests.unnamed;
          return (
            <li key={guest.user_id}>
              <span class="who">
                <strong>{name}</strong>
                <small>{words.removed.since(showDay(guest.removed_at))}</small>
              </span>
              <button type="button" aria-label={words.removed.admitName(name)} onClick={() => void admit(guest.user_id)}>
                {words.removed.admit}
              </button>
            </li>
          );
        })}
      </ul>
      {page?.next_cursor && (
        <button type="button" onClick={() => void loadMore(page).catch(setFault)}>
          {words.guests.more}
        </button>
      )}
    </section>
  );
}
