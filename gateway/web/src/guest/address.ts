/** Parses the address of the page. */

import { root } from "../shared/api";

/** Pages with a token in the fragment. */
export const OF_LINKS = ["sign-in", "unsubscribe", "password", "email"] as const;

/** `event`: named by its code as typed, or by a whole address that contains it. */
export type Address =
  | { kind: "home" | (typeof OF_LINKS)[number] | "unknown" }
  | { kind: "event"; code: string }
  | { kind: "my"; eventId: string };

export function readAddress(path = location.pathname): Address {
  const [kind = "", ...rest] = path.slice(root.length).replace(/^\/|\/+$/g, "").split("/");
  const name = decode(rest.join("/"));
  if (kind === "") return { kind: "home" };
  if (kind.toLowerCase() === "e") return name ? { kind: "event", code: takeCode(name) } : { kind: "home" };
  if (kind === "my") return { kind: "my", eventId: name };
  return { kind: OF_LINKS.find((known) => known === kind) ?? "unknown" };
}

/** Extracts the code if the full address of a poster is pasted. */
export function takeCode(typed: string): string {
  return /\/e\/([^/?#]+)/i.exec(decode(typed))?.[1] ?? typed;
}

/** For a member: stays valid when the event's code changes. */
export function keepAddress(eventId: string): void {
  history.replaceState(history.state, "", `${root}/my/${eventId}`);
}

function decode(escaped: string): string {
  try {
    return decodeURIComponent(escaped);
  } catch {
    return escaped;
  }
}
