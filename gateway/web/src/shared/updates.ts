/** Live updates: notifies an open page when something of its guest has changed. */

import { followStream } from "./stream";

/** Polling interval, in case a message is lost. */
const LOOK_MS = 60_000;

// Changes before the connection opened are found by a look at its `hello`.
const KINDS = ["hello", "selfie", "photos", "events", "reload"] as const;

/** `look`: no change was reported, but one may have been missed. */
export type Change = (typeof KINDS)[number] | "look";

/** Calls `onChange` after each change, and whenever one may have been missed; returns a function that stops it. */
export function followUpdates(onChange: (change: Change) => void): () => void {
  const spread = new Set<ReturnType<typeof setTimeout>>();

  const hear = (kind: string, data: unknown) => {
    const { within_s = 0 } = data as { within_s?: number };
    if (!within_s) return onChange(kind as Change);
    // Many pages receive this at the same time.
    const later = setTimeout(() => (spread.delete(later), onChange(kind as Change)), Math.random() * within_s * 1000);
    spread.add(later);
  };
  const fall = () => {
    if (document.visibilityState === "visible") return;
    for (const later of spread) clearTimeout(later);
    spread.clear();
  };
  const stop = followStream("/api/updates", KINDS, { hear, fall, refused: () => onChange("look") });
  const look = setInterval(() => document.visibilityState === "visible" && onChange("look"), LOOK_MS);
  return () => {
    stop();
    for (const later of spread) clearTimeout(later);
    clearInterval(look);
  };
}
