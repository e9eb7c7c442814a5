/** Live updates: notifies an open page when something of its guest has changed. */

import { renew, root } from "./api";

const REOPEN_MS = 5_000;
/** Should a message be lost. */
const LOOK_MS = 60_000;

// What happened before the connection was there is found by looking at its `hello`.
const KINDS = ["hello", "selfie", "photos", "events", "reload"] as const;

/** `look`: nothing was said, but something may have been missed. */
export type Change = (typeof KINDS)[number] | "look";

/** Calls `onChange` after each change, and whenever one may have been missed; returns how to stop. */
export function followUpdates(onChange: (change: Change) => void): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const spread = new Set<ReturnType<typeof setTimeout>>();

  const hear = (kind: Change, { within_s = 0 }: { within_s?: number }) => {
    if (!within_s) return onChange(kind);
    // Many pages hear this at once.
    const later = setTimeout(() => (spread.delete(later), onChange(kind)), Math.random() * within_s * 1000);
    spread.add(later);
  };
  const open = () => {
    source = new EventSource(`${root}/api/updates`);
    for (const kind of KINDS) {
      source.addEventListener(kind, (event: MessageEvent<string>) => hear(kind, JSON.parse(event.data)));
    }
    source.onerror = () => {
      // Connecting again by itself is all that an EventSource does, and only after some errors.
      if (source?.readyState === EventSource.CLOSED) timer = setTimeout(reopen, REOPEN_MS);
    };
  };
  const close = () => {
    clearTimeout(timer);
    for (const later of spread) clearTimeout(later);
    spread.clear();
    source?.close();
  };
  const reopen = () => {
    close();
    if (document.visibilityState === "visible") renew().then(open, () => (timer = setTimeout(reopen, REOPEN_MS)));
  };
  // A connection of a page in the background dies without an error.
  const onVisibility = () => {
    close();
    if (document.visibilityState !== "visible") return;
    open();
  };

  open();
  const look = setInterval(() => document.visibilityState === "visible" && onChange("look"), LOOK_MS);
  document.addEventListener("visibilitychange", onVisibility);
  return () => {
    close();
    clearInterval(look);
    document.removeEventListener("visibilitychange", onVisibility);
  };
}
