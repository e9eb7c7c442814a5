/** The photos of an event as the organiser filters and orders them, page by page. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { api, ask, type Schemas } from "../shared/api";

export type Photo = Schemas["EventPhoto"];
export type Filter = "all" | "failed" | "pending" | "faceless" | "everyone" | "hidden" | "asked" | "guests" | "unapproved";
export type Order = "uploaded" | "taken";

export const FILTERS: readonly Filter[] = [
  "all",
  "failed",
  "pending",
  "faceless",
  "everyone",
  "hidden",
  "asked",
  "guests",
  "unapproved",
];
export const ORDERS: readonly Order[] = ["uploaded", "taken"];

const PAGE_SIZE = 200;
const QUERIES = {
  all: {},
  failed: { status: "failed" },
  pending: { status: "pending" },
  faceless: { faces: "none" },
  everyone: { visibility: "everyone" },
  hidden: { visibility: "hidden" },
  asked: { hide_requested: true },
  guests: { from_guests: true },
  unapproved: { visibility: "unapproved" },
} as const;

interface Loaded {
  photos: readonly Photo[];
  total: number;
  cursor: string | null;
}

export interface PhotoList {
  photos: readonly Photo[];
  /** On all pages. */
  total: number;
  isLoaded: boolean;
  hasMore: boolean;
  fault: unknown;
  loadMore: () => Promise<void>;
  reload: () => Promise<void>;
}

/** Reloads the list whenever `version` changes. */
export function usePhotoList(eventId: string, filter: Filter, order: Order, version: string): PhotoList {
  const [loaded, setLoaded] = useState<Loaded>();
  const [fault, setFault] = useState<unknown>();
  const current = useRef<Loaded | undefined>(undefined);
  const turn = useRef(0);
  current.current = loaded;

  /** Of several running requests, the response of the last one counts. */
  const load = useCallback(async (fetchList: () => Promise<Loaded>) => {
    const mine = ++turn.current;
    try {
      const fresh = await fetchList();
      if (mine !== turn.current) return;
      setLoaded(fresh);
      setFault(undefined);
    } catch (error) {
      if (mine === turn.current) setFault(error);
    }
  }, []);
  const fetchPage = useCallback(
    async (cursor: string): Promise<Loaded> => {
      const query = { ...QUERIES[filter], order, cursor, limit: PAGE_SIZE };
      const params = { path: { event_id: eventId }, query };
      const page = await ask(api.GET("/api/events/{event_id}/photos", { params }));
      return { photos: page.photos, total: page.total, cursor: page.next_cursor };
    },
    [eventId, filter, order],
  );
  const reload = useCallback(
    () =>
      load(async () => {
        const count = current.current?.photos.length ?? 0;
        let found = await fetchPage("");
        while (found.cursor && found.photos.length < count) found = join(found, await fetchPage(found.cursor));
        return found;
      }),
    [load, fetchPage],
  );
  const loadMore = useCallback(
    () =>
      load(async () => {
        const old = current.current;
        return old?.cursor ? join(old, await fetchPage(old.cursor)) : (old ?? (await fetchPage("")));
      }),
    [load, fetchPage],
  );

  useEffect(() => setLoaded(undefined), [fetchPage]);
  useEffect(() => void reload(), [reload, version]);

  return {
    photos: loaded?.photos ?? [],
    total: loaded?.total ?? 0,
    isLoaded: loaded !== undefined,
    hasMore: Boolean(loaded?.cursor),
    fault,
    loadMore,
    reload,
  };
}

function join(first: Loaded, next: Loaded): Loaded {
  return { ...next, photos: [...first.photos, ...next.photos] };
}
