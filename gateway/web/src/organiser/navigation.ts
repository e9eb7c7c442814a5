/** The address of each screen, and moving between them without loading the page again. */

import { useEffect, useState } from "preact/hooks";

import { root } from "../shared/api";

export const TABS = ["photos", "guests", "poster", "log", "settings"] as const;
export type Tab = (typeof TABS)[number];
export type Place =
  | { kind: "events" }
  | { kind: "new" }
  | { kind: "account" }
  | { kind: "invitation" }
  /** `part`: the id of the element that gets the focus. */
  | { kind: "event"; eventId: string; tab: Tab; part?: string };

const MOVED = "minois-moved";

export function addressOf(place: Place): string {
  if (place.kind === "events") return `${root}/organiser`;
  if (place.kind === "new") return `${root}/organiser/new`;
  if (place.kind === "account") return `${root}/organiser/account`;
  if (place.kind === "invitation") return `${root}/organiser/invitation`;
  const rest = place.tab === "photos" ? "" : `/${place.tab}`;
  return `${root}/organiser/events/${place.eventId}${rest}${place.part ? `#${place.part}` : ""}`;
}

export function go(place: Place): void {
  history.pushState(null, "", addressOf(place));
  dispatchEvent(new Event(MOVED));
}

/** Keeps links real: they open in a new tab, and can be copied. */
export function follow(place: Place) {
  return {
    href: addressOf(place),
    onClick: (event: MouseEvent) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      go(place);
    },
  };
}

export function usePlace(): Place {
  const [place, setPlace] = useState(read);
  useEffect(() => {
    const look = () => setPlace(read());
    addEventListener("popstate", look);
    addEventListener(MOVED, look);
    return () => {
      removeEventListener("popstate", look);
      removeEventListener(MOVED, look);
    };
  }, []);
  return place;
}

function read(): Place {
  const [, , kind, eventId, tab] = location.pathname.slice(root.length).split("/");
  if (kind === "new" || kind === "account" || kind === "invitation") return { kind };
  if (kind !== "events" || !eventId) return { kind: "events" };
  return { kind: "event", eventId, tab: TABS.find((known) => known === tab) ?? "photos" };
}
