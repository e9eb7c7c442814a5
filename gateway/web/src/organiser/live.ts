/** The state of an event, kept up to date while the page is visible: pushed by the server, else polled. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { api, ask, reasonOf, type Schemas } from "../shared/api";
import { followStream } from "../shared/stream";
import type { Event } from "./events";

type State = Schemas["EventState"];

/** Each changes when data of its kind must be read again. */
export type Versions = Pick<State["versions"], "photos" | "guests">;

/** The fields of the state that are not those of an event. */
export type Pace = Pick<State, "photos_per_minute" | "seconds_left">;

/** The event is no longer accessible. */
const GONE: readonly string[] = ["event_not_found", "removed_from_event"];
const POLL_MS = 15_000;
/** Between two reads of a list. */
const PAUSE_MS = 2_000;

export function useEvent(eventId: string) {
  const [event, setEvent] = useState<Event>();
  const [state, setState] = useState<State>();
  const [isTold, setTold] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const turn = useRef(0);
  const isGone = fault !== undefined && GONE.includes(reasonOf(fault));

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

  useEffect(() => {
    if (isGone) return;
    return followStream(`/api/events/${eventId}/updates`, ["state"], {
      hear: (_, data) => (setState(data as State), setTold(true)),
      fall: () => setTold(false),
    });
  }, [eventId, isGone]);
  const version = state?.versions.event;
  const known = useRef(version);
  useEffect(() => {
    if (known.current !== version) void reload();
    known.current = version;
  }, [reload, version]);

  const wasTold = useRef(false);
  useEffect(() => {
    if (isTold) wasTold.current = true;
    if (isTold || isGone) return;
    const look = () => document.visibilityState === "visible" && void reload().then(() => setState(undefined));
    if (wasTold.current) look(); // the event may have ended
    const timer = setInterval(look, POLL_MS);
    return () => clearInterval(timer);
  }, [reload, isTold, isGone]);

  const shown = event && state ? update(event, state) : event;
  const counts = shown && Object.values(shown.photos).join();
  const photos = usePatiently(state?.versions.photos ?? counts);
  const guests = usePatiently(state?.versions.guests ?? String(shown?.guests));
  return { event: shown, pace: isTold ? state : undefined, versions: { photos, guests } as Versions, fault, isGone, reload };
}

function update(event: Event, state: State): Event {
  const { photos, faces, guests, waiting, searched, without_photos } = state;
  return { ...event, photos, faces, guests, waiting, searched, without_photos };
}

/** The value, at most one in each pause. */
function usePatiently<T>(value: T): T {
  const [shown, setShown] = useState(value);
  const changedAt = useRef(0);
  useEffect(() => {
    const change = () => {
      changedAt.current = Date.now();
      setShown(value);
    };
    const timer = setTimeout(change, Math.max(0, changedAt.current + PAUSE_MS - Date.now()));
    return () => clearTimeout(timer);
  }, [value]);
  return shown;
}
