/** The people of an account: the guest, and the people whom the guest has added. */

import { useCallback, useState } from "preact/hooks";

import { api, ask, type Schemas } from "../shared/api";

export type Person = Schemas["Person"];

/** Selfies of one person that are used together. */
export const MAX_SELFIES = 3;

export interface People {
  /** The guest first. */
  list: readonly Person[];
  /** How many may still be added. */
  free: number;
  /** Whether they were asked for; also where the answer was a fault, and the list is empty. */
  isLoaded: boolean;
  /** Reads them again; the list, or nothing where it could not be read. */
  reload: () => Promise<readonly Person[] | undefined>;
}

export function usePeople(): People {
  const [found, setFound] = useState<Schemas["People"]>({ people: [], free: 0 });
  const [isLoaded, setLoaded] = useState(false);
  const reload = useCallback(async () => {
    // Without them the page shows the guest alone, as it did before.
    const fresh = await ask(api.GET("/api/people")).catch(() => undefined);
    if (fresh) setFound(fresh);
    setLoaded(true);
    return fresh?.people;
  }, []);
  return { list: found.people, free: found.free, isLoaded, reload };
}
