/** Which screen a guest sees: by the address, by who is signed in, and by what they do. */

import { text } from "#text";
import { useCallback, useEffect, useState } from "preact/hooks";

import { api, ask, Failure, root } from "../shared/api";
import { Screen, Trouble, Waiting } from "../shared/elements";
import { findEvent, keepSignedIn, loadSession, type Membership, type Session } from "../shared/session";
import { Home } from "./home";
import { Member } from "./member";
import { SignIn } from "./signin";
import { Unsubscribe } from "./unsubscribe";
import { Welcome } from "./welcome";

/** `invitation`: the event of the address, of which one is no guest yet. */
type Place =
  | { kind: "home"; fault?: unknown }
  | { kind: "invitation"; code: string; eventName: string }
  | { kind: "event"; event: Membership };

/** Pages that need no session. */
const STANDALONE = ["/sign-in", "/unsubscribe"];

export function Guest() {
  const [session, setSession] = useState<Session>();
  const [place, setPlace] = useState<Place>();
  const [fault, setFault] = useState<unknown>();
  const path = location.pathname.slice(root.length);

  const enter = useCallback(async () => {
    setFault(undefined);
    try {
      const found = await loadSession();
      setSession(found);
      setPlace(await findPlace(found, path));
    } catch (error) {
      setFault(error);
    }
  }, [path]);

  const refresh = useCallback(async () => {
    const found = await loadSession().catch(() => undefined); // the next update tries again
    if (!found) return;
    setSession(found);
    setPlace((old) => old && updatePlace(old, found));
  }, []);

  useEffect(() => {
    if (!STANDALONE.includes(path)) void enter();
  }, [enter, path]);

  const isSignedIn = Boolean(session?.me);
  useEffect(() => (isSignedIn ? keepSignedIn() : undefined), [isSignedIn]);

  if (path === "/sign-in") return <SignIn />;
  if (path === "/unsubscribe") return <Unsubscribe />;
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
    return <Member key={place.event.event_id} me={session.me} event={place.event} sendsMail={session.server.mail} onEvents={refresh} />;
  }
  if (place.kind === "invitation") return <Welcome {...place} me={session.me} sendsMail={session.server.mail} onJoined={enter} />;
  const offersLink = session.server.mail && !session.me;
  const homeFault = place.kind === "home" ? place.fault : undefined;
  return <Home events={session.me?.events ?? []} fault={homeFault} offersLink={offersLink} />;
}

/** What became of the event that is shown: one may be admitted to it, or be no guest of it any more. */
function updatePlace(place: Place, { me }: Session): Place {
  if (place.kind !== "event") return place;
  const event = me?.events.find(({ event_id }) => event_id === place.event.event_id);
  if (event) return { kind: "event", event };
  return { kind: "home", fault: new Failure(me ? "event_not_found" : "invalid_token") };
}

async function findPlace({ me }: Session, path: string): Promise<Place> {
  const [, kind, name = ""] = path.split("/").map(decodeURIComponent);
  if (kind === "e") {
    const event = findEvent(me, name);
    if (event) return { kind: "event", event };
    const check = await ask(api.POST("/api/check-event-code", { body: { event_code: name } }));
    if (check.valid) return { kind: "invitation", code: name, eventName: check.event_name ?? "" };
    return { kind: "home", fault: new Failure("invalid_event_code") };
  }
  const events = me?.events ?? [];
  const event = kind === "my" ? events.find(({ event_id }) => event_id === name) : events[0];
  if (event && (kind === "my" || events.length === 1)) return { kind: "event", event };
  return { kind: "home", fault: kind === "my" ? new Failure(me ? "event_not_found" : "invalid_token") : undefined };
}
