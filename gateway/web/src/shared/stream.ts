/** Server-sent events while the page is visible. */

import { renew, root } from "./api";

const REOPEN_MS = 5_000;

export interface Listeners {
  /** Called with the kind and the data of each event. */
  hear: (kind: string, data: unknown) => void;
  /** The stream was lost; it works again with the next event. */
  fall?: () => void;
  /** The session cannot be renewed: it has ended. */
  refused?: () => void;
}

/** Receives events of some kinds from our server; returns a function that stops it. */
export function followStream(path: string, kinds: readonly string[], { hear, fall, refused }: Listeners): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const open = () => {
    source = new EventSource(root + path);
    for (const kind of kinds) {
      source.addEventListener(kind, (event: MessageEvent<string>) => hear(kind, JSON.parse(event.data)));
    }
    source.onerror = () => {
      fall?.();
      // An EventSource only reconnects by itself, and only after some errors.
      if (source?.readyState === EventSource.CLOSED) timer = setTimeout(reopen, REOPEN_MS);
    };
  };
  const close = () => {
    clearTimeout(timer);
    source?.close();
    fall?.();
  };
  const reopen = () => {
    close();
    if (document.visibilityState === "visible") renew().then((renewed) => (renewed || refused?.(), open()), () => (timer = setTimeout(reopen, REOPEN_MS)));
  };
  // A connection of a page in the background dies without an error.
  const onVisibility = () => {
    close();
    if (document.visibilityState === "visible") open();
  };

  open();
  document.addEventListener("visibilitychange", onVisibility);
  return () => {
    close();
    document.removeEventListener("visibilitychange", onVisibility);
  };
}
