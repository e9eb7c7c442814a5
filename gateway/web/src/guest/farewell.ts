/** The message of the start page to a guest who has just left. It is in the address, so no storage is needed. */

import { root } from "../shared/api";
import { tellSignedOut } from "../shared/tabs";

const FAREWELLS = ["deleted", "signedOut"] as const;
export type Farewell = (typeof FAREWELLS)[number];

export function leave(farewell: Farewell): void {
  tellSignedOut();
  history.replaceState(null, "", `${root}/#${farewell}`);
  location.reload();
}

/** Reads the message once. */
export function takeFarewell(): Farewell | undefined {
  const found = FAREWELLS.find((known) => location.hash === `#${known}`);
  if (found) history.replaceState(null, "", location.pathname);
  return found;
}
