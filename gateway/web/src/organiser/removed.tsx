/** Guests who were removed, and can be admitted again. */

import { useCallback, useEffect, useState } from "preact/hooks";

import { api, ask, type Schemas } from "../shared/api";
import { showDay, Trouble } from "../shared/elements";
import { words } from "#words";
import { GuestLink } from "./signinlink";

type RemovedGuest = Schemas["RemovedPage"]["guests"][number];

interface Props {
  eventId: string;
  /** Changes after each change of the guests. */
  version: string;
  onChange: () => Promise<void>;
}

const PAGE_SIZE = 200;

export function Removed({ eventId, version, onChange }: Props) {
  const [page, setPage] = useState<Schemas["RemovedPage"]>();
  /** Without a user name, so that only a link signs them in. */
  const [admitted, setAdmitted] = useState<readonly RemovedGuest[]>([]);
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

  const admit = async (guest: RemovedGuest) => {
    setFault(undefined);
    try {
      const path = { event_id: eventId, user_id: guest.user_id };
      await ask(api.POST("/api/events/{event_id}/guests/{user_id}/admit", { params: { path } }));
      if (!guest.username) setAdmitted((others) => [...others, guest]);
      await Promise.all([load(), onChange()]);
    } catch (error) {
      setFault(error);
    }
  };
  const removed = page?.guests ?? [];
  const returned = admitted.filter(({ user_id }) => !removed.some((guest) => guest.user_id === user_id));
  if (!fault && removed.length + returned.length === 0) return null;
  return (
    <section class="guests">
      <h2>{words.removed.heading}</h2>
      {removed.length > 0 && <p class="quiet">{words.removed.detail}</p>}
      {fault ? <Trouble fault={fault} onRetry={() => void load().catch(setFault)} /> : null}
      <ul>
        {returned.map((guest) => (
          <li key={guest.user_id}>
            <span class="who" role="status">
              <strong>{nameOf(guest)}</strong>
              <small>{words.removed.returned}</small>
            </span>
            <GuestLink eventId={eventId} userId={guest.user_id} isNext />
          </li>
        ))}
        {removed.map((guest) => (
          <li key={guest.user_id}>
            <span class="who">
              <strong>{nameOf(guest)}</strong>
              <small>{words.removed.since(showDay(guest.removed_at))}</small>
            </span>
            <button type="button" aria-label={words.removed.admitName(nameOf(guest))} onClick={() => void admit(guest)}>
              {words.removed.admit}
            </button>
          </li>
        ))}
      </ul>
      {page?.next_cursor && (
        <button type="button" onClick={() => void loadMore(page).catch(setFault)}>
          {words.guests.more}
        </button>
      )}
    </section>
  );
}

function nameOf(guest: RemovedGuest): string {
  return guest.username || guest.display_name || words.guests.unnamed;
}
