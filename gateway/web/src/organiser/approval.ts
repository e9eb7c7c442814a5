/** Photos of guests that wait for an organiser, and who added them. */

import { useCallback, useEffect, useState } from "preact/hooks";

import { api, ask } from "../shared/api";
import { words } from "#words";
import type { Event } from "./events";
import { rightsOf } from "./rights";

const PAGE_SIZE = 200;

/** The number of photos that wait for approval by this user; read again whenever the event has changed. */
export function useWaitingCount(eventId: string, event: Event | undefined) {
  const [count, setCount] = useState(0);
  const mayDecide = Boolean(event && rightsOf(event).administer);
  const reload = useCallback(async () => {
    if (!mayDecide) return;
    const query = { visibility: "unapproved", status: "indexed", limit: 1 } as const;
    const params = { path: { event_id: eventId }, query };
    const page = await ask(api.GET("/api/events/{event_id}/photos", { params })).catch(() => undefined);
    if (page) setCount(page.total);
  }, [eventId, mayDecide]);
  const version = event && Object.values(event.photos).join();
  useEffect(() => void (version !== undefined && reload()), [reload, version]);
  return { count, reload };
}

/** The names of the event's members by their ids; requested when a new member is to be named. */
export function useNames(eventId: string, userIds: readonly (string | null)[]): (userId: string | null) => string {
  const [names, setNames] = useState<ReadonlyMap<string, string>>();
  const unknown = [...new Set(userIds)].filter((userId) => !names?.has(userId ?? "")).join();
  useEffect(() => {
    if (unknown) void listNames(eventId).then(setNames, () => undefined);
  }, [eventId, unknown]);
  return (userId) => (names ? (names.get(userId ?? "") ?? words.photos.leftGuest) : "");
}

async function listNames(eventId: string): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  let cursor = "";
  do {
    const params = { path: { event_id: eventId }, query: { limit: PAGE_SIZE, cursor } };
    const page = await ask(api.GET("/api/events/{event_id}/guests", { params }));
    for (const { user_id, username, display_name } of page.guests) {
      names.set(user_id, username || display_name || words.guests.unnamed);
    }
    cursor = page.next_cursor ?? "";
  } while (cursor);
  return names;
}
