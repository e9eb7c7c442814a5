/** The session: the signed-in account, and its renewal. */

import { api, ask, renew, renewedSince, type Schemas } from "./api";

export type Session = Schemas["Session"];
export type Me = Schemas["Me"];
export type Membership = Schemas["Membership"];

/** An access token is valid for 15 minutes; pictures are requested with it. */
const RENEW_MS = 10 * 60_000;

export async function loadSession(): Promise<Session> {
  const session = await ask(api.GET("/api/session"));
  if (session.me || !session.renewable || !(await renew())) return session;
  return ask(api.GET("/api/session"));
}

/** Renews the session if possible. */
export async function isSignedIn(): Promise<boolean> {
  return (await loadSession()).me !== null;
}

/** Keeps the cookies fresh while the page is visible; returns a function that stops it. */
export function keepSignedIn(): () => void {
  const refresh = () => {
    if (document.visibilityState !== "visible" || renewedSince(Date.now() - RENEW_MS)) return;
    renew().catch(() => undefined); // retried at the next look
  };
  refresh();
  const timer = setInterval(refresh, 60_000);
  document.addEventListener("visibilitychange", refresh);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", refresh);
  };
}

/** A code as the server compares it (Crockford's base 32): without case, spaces and look-alikes. */
export function normaliseCode(typed: string): string {
  return typed.normalize("NFKC").toUpperCase().replace(/[^0-9A-Z]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
}

export function findEvent(me: Me | null, code: string): Membership | undefined {
  return me?.events.find((event) => normaliseCode(event.event_code) === normaliseCode(code));
}
