/** Chooses the screen of an organiser. */

import { text } from "#text";
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";

import { api, ask, root } from "../shared/api";
import { Screen, Trouble, Waiting } from "../shared/elements";
import { OtherLanguage } from "../shared/language";
import { mayOrganise } from "../shared/roles";
import { isSignedIn, keepSignedIn, loadSession, type Me, type Session } from "../shared/session";
import { onSignedOut, tellSignedOut } from "../shared/tabs";
import { words } from "#words";
import { EventScreen } from "./event";
import { Events } from "./events";
import { FirstOrganiser } from "./firstorganiser";
import { Invitation } from "./invitation";
import { follow, usePlace } from "./navigation";
import { MyAccount } from "./myaccount";
import { NewEvent } from "./newevent";
import { SignIn } from "./signin";
import { UploadQueues } from "../shared/upload/queues";

export function Organiser() {
  const [session, setSession] = useState<Session>();
  const [fault, setFault] = useState<unknown>();
  const queues = useMemo(() => new UploadQueues(isSignedIn), []);
  const place = usePlace();

  const enter = useCallback(async () => {
    setFault(undefined);
    try {
      setSession(await loadSession());
    } catch (error) {
      setFault(error);
    }
  }, []);
  useEffect(() => void enter(), [enter]);

  useEffect(() => {
    const warn = (leaving: BeforeUnloadEvent) => queues.isBusy && leaving.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [queues]);

  const hasAccount = Boolean(session?.me);
  useEffect(() => (hasAccount ? keepSignedIn() : undefined), [hasAccount]);
  useEffect(() => onSignedOut(() => void enter()), [enter]);

  if (fault) {
    return (
      <Screen heading={text.failure.heading}>
        <Trouble fault={fault} onRetry={enter} />
      </Screen>
    );
  }
  if (!session) {
    return (
      <main class="card">
        <Waiting>{text.page.loading}</Waiting>
      </main>
    );
  }
  if (place.kind === "invitation") return <Invitation me={session.me} onChange={enter} />;
  if (!session.me && session.first_organiser) return <FirstOrganiser onDone={enter} />;
  if (!session.me || !mayOrganise(session.me)) {
    return <SignIn isOther={Boolean(session.me)} sendsMail={session.server.mail} onSignedIn={enter} />;
  }
  return (
    <>
      <Bar me={session.me} onLeft={enter} />
      {place.kind === "event" ? (
        <EventScreen
          key={place.eventId}
          eventId={place.eventId}
          tab={place.tab}
          queue={queues.of(place.eventId)}
          userId={session.me.user_id}
        />
      ) : place.kind === "new" ? (
        <NewEvent />
      ) : place.kind === "account" ? (
        <MyAccount me={session.me} onChange={enter} />
      ) : (
        <Events mayCreate={session.me.organiser} />
      )}
      <OtherLanguage />
    </>
  );
}

function Bar({ me, onLeft }: { me: Me; onLeft: () => void }) {
  const signOut = () => void ask(api.DELETE("/api/refresh")).then(tellSignedOut).then(onLeft, onLeft);
  return (
    <header class="bar">
      <a class="brand" {...follow({ kind: "events" })}>
        Minois
      </a>
      <a href={`${root}/`}>{words.signIn.myPhotos}</a>
      <a class="who" {...follow({ kind: "account" })} aria-label={`${text.account.heading}: ${me.username || me.display_name}`}>
        {me.username || me.display_name}
      </a>
      <button type="button" class="link" onClick={signOut}>
        {words.signIn.signOut}
      </button>
    </header>
  );
}
