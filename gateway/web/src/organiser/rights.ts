/** The parts of this page for each role. The services decide; this only hides what they would reject. */

import type { Event } from "./events";
import { TABS, type Tab } from "./navigation";

export type Role = Event["role"];

export interface Rights {
  tabs: readonly Tab[];
  /** Photos. */
  add: boolean;
  /** Photos from guests, and show them again. */
  hide: boolean;
  administer: boolean;
  /** The number of guests, and the event's code. */
  guests: boolean;
}

const NONE: Rights = { tabs: ["photos"], add: false, hide: false, administer: false, guests: false };

const RIGHTS: Record<Role, Rights> = {
  organiser: { tabs: TABS, add: true, hide: true, administer: true, guests: true },
  couple: { ...NONE, hide: true, guests: true },
  photographer: { ...NONE, add: true },
  guest: NONE,
};

export function rightsOf(event: Event): Rights {
  return RIGHTS[event.role];
}
