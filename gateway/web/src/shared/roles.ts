/** The roles of those who work on an event, besides being guests of it. */

import { root } from "./api";
import type { Me, Membership } from "./session";

export function worksOn(event: Membership): boolean {
  return event.role !== "guest";
}

/** Whether the page of organisers has something for them. */
export function mayOrganise(me: Me): boolean {
  return me.organiser || me.events.some(worksOn);
}

export function organiserAddress(eventId?: string): string {
  return eventId ? `${root}/organiser/events/${eventId}` : `${root}/organiser`;
}
