/** The guests of an event, page by page, and again whenever they may have changed. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { api, ask, type Schemas } from "../shared/api";

export type Guest = Schemas["Guest"];

const PAGE_SIZE = 200;

interface Loaded {
  guests: readonly Guest[];
  cursor: string | null;
}

export function useGuests(eventId: string, withoutPhotos: boolean, version: string) {
  const [loaded, setLoaded] = useState<Loaded>();
  const [fault, setFault] = useState<unknown>();
  const current = useRef(loaded);
  current.current = loaded;
  const turn = useRef(0);

  /** From a page on, until there are as many guests; of those without a photo a page may have none. */
  const read = useCallback(
    async (start: Loaded, count: number) => {
      const mine = ++turn.current;
      setFault(undefined);
      try {
        let found = start;
        while (found.cursor !== null && found.guests.length < count) {
          const query = { limit: PAGE_SIZE, cursor: found.cursor, without_photos: withoutPhotos };
          const params = { path: { event_id: eventId }, query };
          const page = await ask(api.GET("/api/events/{event_id}/guests", { params }));
          found = { guests: [...found.guests, ...page.guests], cursor: page.next_cursor };
        }
        if (mine === turn.current) setLoaded(found);
      } catch (error) {
        if (mine === turn.current) setFault(error);
      }
    },
    [eventId, withoutPhotos],
  );
  const reload = useCallback(
    () => read({ guests: [], cursor: "" }, Math.max(1, current.current?.guests.length ?? 0)),
    [read],
  );
  const loadMore = useCallback(() => {
    const shown = current.current ?? { guests: [], cursor: "" };
    return read(shown, shown.guests.length + 1);
  }, [read]);

  useEffect(() => setLoaded(undefined), [read]);
  useEffect(() => void reload(), [reload, version]);
  return { guests: loaded?.guests, hasMore: Boolean(loaded?.cursor), fault, setFault, reload, loadMore };
}
