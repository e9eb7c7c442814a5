/** Live updates: notifies an open page when something of its guest has changed. */

import { renew, root } from "./api";

const REOPEN_MS = 5_000;
/** Should a message be lost. */
const LOOK_MS = 60_000;

/** Calls `onChange` after each change, and whenever one may have been missed; returns how to stop. */
export function followUpdates(onChange: () => void): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let spread: ReturnType<typeof setTimeout> | undefined;

  const open = () => {
    source = new EventSource(`${root}/api/updates`);
    // What happened before the connection was there is found by looking now.
    for (const kind of ["hello", "selfie", "photos", "events"]) source.addEventListener(kind, onChange);
    source.addEventListener("reload", (event: MessageEvent<string>) => {
      const { within_s } = JSON.parse(event.data) as { within_s: number };
      spread = setTimeout(onChange, Math.random() * within_s * 1000); // all pages hear this at once
    });
    source.onerror = () => {
      // Connecting again by itself is all that an EventSource does, and only after some errors.
      if (source?.readyState === EventSource.CLOSED) timer = setTimeout(reopen, REOPEN_MS);
    };
  };
  const close = () => {
    clearTimeout(timer);
    clearTimeout(spread);
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
  const look = setInterval(() => document.visibilityState === "visible" && onChange(), LOOK_MS);
  document.addEventListener("visibilitychange", onVisibility);
  return () => {
    close();
    clearInterval(look);
    document.removeEventListener("visibilitychange", onVisibility);
  };
}
