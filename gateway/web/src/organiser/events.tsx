/** The events of the organiser. */

import { text } from "#text";
import { useCallback, useEffect, useState } from "preact/hooks";

import { api, ask, type Schemas } from "../shared/api";
import { Screen, Trouble, Waiting } from "../shared/elements";
import { words } from "#words";
import { follow } from "./navigation";

export type Event = Schemas["Event"];

export function Events({ mayCreate }: { mayCreate: boolean }) {
  const [events, setEvents] = useState<readonly Event[]>();
  const [cursor, setCursor] = useState<string | null>("");
  const [fault, setFault] = useState<unknown>();

  const load = useCallback(async (from: string) => {
    setFault(undefined);
    try {
      const page = await ask(api.GET("/api/events", { params: { query: { cursor: from } } }));
      setEvents((shown) => (from ? [...(shown ?? []), ...page.events] : page.events));
      setCursor(page.next_cursor);
    } catch (error) {
      setFault(error);
    }
  }, []);
  useEffect(() => void load(""), [load]);

  return (
    <Screen heading={words.events.heading} wide>
      {fault ? <Trouble fault={fault} onRetry={() => void load(cursor ?? "")} /> : null}
      {!events && !fault && <Waiting>{text.page.loading}</Waiting>}
      {events?.length === 0 && <p class="intro">{words.events.none}</p>}
      {mayCreate && (
        <a class="button primary new" {...follow({ kind: "new" })}>
          {words.events.create}
        </a>
      )}
      <ul class="events">
        {events?.map((event) => (
          <li key={event.id}>
            <a {...follow({ kind: "event", eventId: event.id, tab: "photos" })}>
              {event.name}
              <small>
                {words.events.photos(event.photos.total)}
                {event.role === "organiser" ? ` · ${words.events.guests(event.guests)}` : ` · ${words.roles[event.role]}`}
                {isOver(event) && ` · ${words.events.closed}`}
              </small>
            </a>
          </li>
        ))}
      </ul>
      {events && cursor && (
        <button type="button" onClick={() => void load(cursor)}>
          {words.events.more}
        </button>
      )}
    </Screen>
  );
}

/** Closed by an organiser, or expired. */
export function isOver(event: Event): boolean {
  return event.closed || (event.expires_at !== null && event.expires_at * 1000 <= Date.now());
}
