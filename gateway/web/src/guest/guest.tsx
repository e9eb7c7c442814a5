/** Chooses the screen of a guest by the address, the session and the guest's actions. */

import { text } from "#text";
import { useCallback, useEffect, useState } from "preact/hooks";

import { api, ask, Failure } from "../shared/api";
import { Screen, Trouble, Waiting } from "../shared/elements";
import { findEvent, keepSignedIn, loadSession, type Membership, type Session } from "../shared/session";
import { onSignedOut } from "../shared/tabs";
import { keepAddress, OF_LINKS, readAddress } from "./address";
import { ConfirmEmail, NewPassword } from "./credentials";
import { Home } from "./home";
import { Looking } from "./looking";
import { SignIn } from "./signin";
import { Unsubscribe } from "./unsubscribe";
import { Welcome } from "./welcome";

/** `invitation`: the event of the address, which the user has not joined yet. */
type Place =
  | { kind: "home"; fault?: unknown }
  | { kind: "invitation"; code: string; eventName: string }
  | { kind: "event"; event: Membership };

export function Guest() {
  const [session, setSession] = useState<Session>();
  const [place, setPlace] = useState<Place>();
  const [fault, setFault] = useState<unknown>();
  const { kind } = readAddress();
  const needsSession = !OF_LINKS.some((known) => known === kind);

  const enter = useCallback(async () => {
    setFault(undefined);
    try {
      const found = await loadSession();
      const next = await findPlace(found);
      if (next.kind === "event") keepAddress(next.event.event_id);
      setSession(found);
      setPlace(next);
    } catch (error) {
      setFault(error);
    }
  }, []);

  const refresh = useCallback(async () => {
    const found = await loadSession().catch(() => undefined); // retried at the next update
    if (!found) return;
    setSession(found);
    setPlace((old) => old && updatePlace(old, found));
  }, []);

  useEffect(() => {
    if (needsSession) void enter();
  }, [enter, needsSession]);

  const isSignedIn = Boolean(session?.me);
  useEffect(() => (isSignedIn ? keepSignedIn() : undefined), [isSignedIn]);
  useEffect(() => onSignedOut(() => void refresh()), [refresh]);

  if (kind === "sign-in") return <SignIn />;
  if (kind === "unsubscribe") return <Unsubscribe />;
  if (kind === "password") return <NewPassword />;
  if (kind === "email") return <ConfirmEmail />;
  if (fault) {
    return (
      <Screen heading={text.failure.heading}>
        <Trouble fault={fault} onRetry={enter} />
      </Screen>
    );
  }
  if (!session || !place) {
    return (
      <main class="card">
        <Waiting>{text.page.loading}</Waiting>
      </main>
    );
  }
  if (place.kind === "event" && session.me) {
    return <Looking key={place.event.event_id} me={session.me} event={place.event} sendsMail={session.server.mail} onEvents={refresh} />;
  }
  if (place.kind === "invitation") return <Welcome {...place} me={session.me} sendsMail={session.server.mail} onJoined={enter} />;
  const offersLink = session.server.mail && !session.me;
  const homeFault = place.kind === "home" ? place.fault : undefined;
  return <Home me={session.me} fault={homeFault} offersLink={offersLink} isNew={session.first_organiser} />;
}

/** The current membership of the shown event: the user may have been admitted, or may no longer be a guest. */
function updatePlace(place: Place, { me }: Session): Place {
  if (place.kind !== "event") return place;
  const event = me?.events.find(({ event_id }) => event_id === place.event.event_id);
  if (event) return { kind: "event", event };
  return { kind: "home", fault: new Failure(me ? "event_not_found" : "invalid_token") };
}

async function findPlace({ me }: Session): Promise<Place> {
  const address = readAddress();
  const events = me?.events ?? [];
  switch (address.kind) {
    case "event": {
      const event = findEvent(me, address.code);
      if (event) return { kind: "event", event };
      const check = await ask(api.POST("/api/check-event-code", { body: { event_code: address.code } }));
      if (check.valid) return { kind: "invitation", code: address.code, eventName: check.event_name ?? "" };
      return { kind: "home", fault: new Failure(check.closed ? "event_closed" : "invalid_event_code") };
    }
    case "my": {
      const event = events.find(({ event_id }) => event_id === address.eventId);
      if (event) return { kind: "event", event };
      return { kind: "home", fault: new Failure(me ? "event_not_found" : "invalid_token") };
    }
    case "unknown":
      return { kind: "home", fault: new Failure("not_found") };
    default: {
      const [event, another] = events;
      return event && !another ? { kind: "event", event } : { kind: "home" };
    }
  }
}
