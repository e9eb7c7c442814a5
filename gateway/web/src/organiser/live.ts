/** The state of an event, kept up to date while one looks. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { api, ask } from "../shared/api";
import type { Event } from "./events";
import type { Snapshot } from "../shared/upload/queue";

const BUSY_MS = 2_000;
const IDLE_MS = 15_000;

export function useEvent(eventId: string, upload: Snapshot) {
  const [event, setEvent] = useState<Event>();
  const [fault, setFault] = useState<unknown>();
  const turn = useRef(0);

  const reload = useCallback(async () => {
    const mine = ++turn.current;
    try {
      const found = await ask(api.GET("/api/events/{event_id}", { params: { path: { event_id: eventId } } }));
      if (mine !== turn.current) return;
      setEvent(found);
      setFault(undefined);
    } catch (error) {
      if (mine === turn.current) setFault(error);
    }
  }, [eventId]);
  useEffect(() => void reload(), [reload]);

  const isBusy = upload.state === "running" || (event?.photos.pending ?? 0) > 0;
  useEffect(() => {
    const look = () => document.visibilityState === "visible" && void reload();
    const timer = setInterval(look, isBusy ? BUSY_MS : IDLE_MS);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [reload, isBusy]);
  return { event, fault, reload };
}
