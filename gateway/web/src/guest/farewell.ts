/** What the start page says to one who has just left. It stands in the address, so that no storage is needed. */

import { root } from "../shared/api";
import { tellSignedOut } from "../shared/tabs";

const FAREWELLS = ["deleted", "signedOut"] as const;
export type Farewell = (typeof FAREWELLS)[number];

export function leave(farewell: Farewell): void {
  tellSignedOut();
  history.replaceState(null, "", `${root}/#${farewell}`);
  location.reload();
}

/** Once. */
export function takeFarewell(): Farewell | undefined {
  const found = FAREWELLS.find((known) => location.hash === `#${known}`);
  if (found) history.replaceState(null, "", location.pathname);
  return found;
}
