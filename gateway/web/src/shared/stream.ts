/** Server-sent events for as long as one looks at the page. */

import { renew, root } from "./api";

const REOPEN_MS = 5_000;

export interface Listeners {
  /** Called with the kind and the data of each event. */
  hear: (kind: string, data: unknown) => void;
  /** Nothing is heard any more, and again only after the next event. */
  fall?: () => void;
  /** The session cannot be renewed: it has ended. */
  refused?: () => void;
}

/** Hears events of some kinds from an address of ours; returns how to stop. */
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
      // Connecting again by itself is all that an EventSource does, and only after some errors.
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
