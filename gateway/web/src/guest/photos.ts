/** The guest's photos of one event, page by page, kept up to date. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { api, ask, type Schemas } from "../shared/api";
import { keep, recall } from "../shared/storage";

export type Photo = Schemas["MyPhoto"];
export type Order = "uploaded" | "taken";

/** The storage key of the chosen order. */
const ORDER = "minois_order";
const PAGE_SIZE = 100;
/** Enough to fill the screen before scrolling; on a slow network, a list of a hundred takes as long as three pictures. */
const FIRST_PAGE_SIZE = 40;

export interface Photos {
  list: readonly Photo[];
  /** Of all pages. */
  total: number;
  /** Of the event; null: none. */
  logoUrl: string | null;
  isLoaded: boolean;
  hasMore: boolean;
  fault: unknown;
  order: Order;
  setOrder: (order: Order) => void;
  loadMore: () => Promise<void>;
  /** Reloads the list: adds new photos and removes deleted ones. */
  reload: () => Promise<void>;
}

interface Loaded {
  list: readonly Photo[];
  total: number;
  cursor: string | null;
  logoUrl: string | null;
}

/** `isMember`: false for a guest who waits for admission and has no photos yet. `person`: none: the guest. */
export function usePhotos(eventId: string, isMember: boolean, person?: string): Photos {
  const [order, setOrder] = useState<Order>(() => (recall(ORDER) === "taken" ? "taken" : "uploaded"));
  const [loaded, setLoaded] = useState<Loaded>();
  const [fault, setFault] = useState<unknown>();
  const current = useRef<Loaded | undefined>(undefined);
  const turn = useRef(0);
  const newest = useRef<Promise<void>>(Promise.resolve());
  current.current = loaded;

  /** Of several concurrent requests, the response of the last one counts, and all of them wait for it. */
  const load = useCallback(async (fetchList: () => Promise<Loaded>) => {
    const mine = ++turn.current;
    const work = fetchList().then(
      (fresh) => {
        if (mine !== turn.current) return;
        setLoaded(fresh);
        setFault(undefined);
      },
      (error: unknown) => void (mine === turn.current && setFault(error)),
    );
    newest.current = work;
    for (let awaited; awaited !== newest.current; await awaited) awaited = newest.current;
  }, []);

  const reload = useCallback(
    async () => {
      if (isMember) await load(() => fetchAtLeast(eventId, order, person, current.current?.list.length ?? 0));
    },
    [load, eventId, order, person, isMember],
  );
  const loadMore = useCallback(
    () =>
      load(async () => {
        const old = current.current;
        if (!old?.cursor) return old ?? fetchAtLeast(eventId, order, person, 0);
        const page = await fetchPage(eventId, order, person, old.cursor, PAGE_SIZE);
        return { ...page, list: [...old.list, ...page.list] };
      }),
    [load, eventId, order, person],
  );
  useEffect(() => void reload(), [reload]);
  const chooseOrder = useCallback((chosen: Order) => {
    setOrder(chosen);
    keep(ORDER, chosen);
  }, []);

  return {
    list: loaded?.list ?? [],
    total: loaded?.total ?? 0,
    logoUrl: loaded?.logoUrl ?? null,
    isLoaded: loaded !== undefined,
    hasMore: Boolean(loaded?.cursor),
    fault,
    order,
    setOrder: chooseOrder,
    loadMore,
    reload,
  };
}

/** Every photo of the guest or of a person in the event. */
export async function fetchAll(eventId: string, order: Order, person?: string): Promise<readonly Photo[]> {
  return (await fetchAtLeast(eventId, order, person, Infinity)).list;
}

type Whose = string | undefined;

async function fetchAtLeast(eventId: string, order: Order, person: Whose, count: number): Promise<Loaded> {
  let found = await fetchPage(eventId, order, person, "", count > FIRST_PAGE_SIZE ? PAGE_SIZE : FIRST_PAGE_SIZE);
  while (found.cursor && found.list.length < count) {
    const next = await fetchPage(eventId, order, person, found.cursor, PAGE_SIZE);
    found = { ...next, list: [...found.list, ...next.list] };
  }
  return found;
}

async function fetchPage(eventId: string, order: Order, person: Whose, cursor: string, limit: number): Promise<Loaded> {
  const query = { event_id: eventId, order, cursor, limit, person, direction: "desc" as const };
  const page = await ask(api.GET("/api/my-photos", { params: { query } }));
  return { list: page.photos, total: page.total, cursor: page.next_cursor, logoUrl: page.logo_url };
}
