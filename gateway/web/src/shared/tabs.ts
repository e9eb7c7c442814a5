/** Messages between the tabs of the browser. */

import { keep } from "./storage";

const SIGNED_OUT = "minois_signed_out";

/** Without storage, the other tabs notice it with their next request. */
export function tellSignedOut(): void {
  keep(SIGNED_OUT, String(Date.now()));
}

/** Returns a function that stops it. */
export function onSignedOut(listen: () => void): () => void {
  const hear = ({ key }: StorageEvent) => key === SIGNED_OUT && listen();
  addEventListener("storage", hear);
  return () => removeEventListener("storage", hear);
}
