/** The people of an account: the guest, and the people they have added. */

import { useCallback, useState } from "preact/hooks";

import { api, ask, type Schemas } from "../shared/api";

export type Person = Schemas["Person"];

/** The maximum number of selfies of one person that are used together. */
export const MAX_SELFIES = 3;

export interface People {
  /** The guest first. */
  list: readonly Person[];
  /** How many may still be added. */
  free: number;
  /** Whether the request is complete; also after a fault, when the list is empty. */
  isLoaded: boolean;
  /** Reads them again; returns the list, or nothing if it could not be read. */
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
