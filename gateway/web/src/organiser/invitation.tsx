/** `/organiser/invitation#TOKEN`: shows and accepts an invitation. Servers and previews never receive the fragment. */

import { text } from "#text";
import { useCallback, useEffect, useState } from "preact/hooks";

import { api, ask, reasonOf, root, type Schemas } from "../shared/api";
import { Screen, showDay, Trouble, Waiting } from "../shared/elements";
import { OtherLanguage } from "../shared/language";
import { mayOrganise } from "../shared/roles";
import type { Me } from "../shared/session";
import { words } from "#words";
import { AccountForm, type UserData } from "./account";
import { follow, go } from "./navigation";
import { SignInForm } from "./signin";

type Shown = Schemas["ShownInvitation"];

/** `onChange` reads the session again: who is signed in, or what they may do, has changed. */
export function Invitation({ me, onChange }: { me: Me | null; onChange: () => Promise<void> }) {
  const [token] = useState(() => location.hash.slice(1));
  const [shown, setShown] = useState<Shown>();
  const [fault, setFault] = useState<unknown>();

  const look = useCallback(() => {
    setFault(undefined);
    ask(api.POST("/api/invitations/look", { body: { token } })).then(setShown, setFault);
  }, [token]);
  useEffect(look, [look]);

  const enter = async (event_id: string) => {
    await onChange();
    go({ kind: "event", eventId: event_id, tab: "photos" });
  };
  const accept = async () => {
    const accepted = await ask(api.POST("/api/invitations/accept", { body: { token } }));
    await enter(accepted.event_id);
  };
  return (
    <Screen heading={words.invitation.heading}>
      {fault ? <Trouble fault={fault} onRetry={look} /> : null}
      {fault !== undefined && reasonOf(fault) === "invalid_invitation" && <Over me={me} />}
      {!shown && !fault && <Waiting>{text.page.loading}</Waiting>}
      {shown && (
        <>
          <p>{words.invitation.from(shown.created_by, shown.event_name)}</p>
          <p>
            <strong>{words.roles[shown.role]}</strong>: {words.roleDetails[shown.role]}
          </p>
          <p class="quiet">{words.invitation.until(showDay(shown.expires_at))}</p>
          {me ? (
            <Accept me={me} role={shown.role} onAccept={accept} onSignedOut={onChange} />
          ) : (
            <Enter token={token} eventId={shown.event_id} onAccept={accept} onEntered={enter} />
          )}
        </>
      )}
      <OtherLanguage />
    </Screen>
  );
}

/** Shows where to find the event of an invitation that has been used. */
function Over({ me }: { me: Me | null }) {
  return (
    <>
      <p>{me ? words.invitation.usedByYou : words.invitation.usedBefore}</p>
      {me && !mayOrganise(me) ? (
        <a class="button" href={`${root}/`}>
          {words.signIn.myPhotos}
        </a>
      ) : (
        <a class="button" {...follow({ kind: "events" })}>
          {me ? words.tabs.back : words.signIn.submit}
        </a>
      )}
    </>
  );
}

interface AcceptProps {
  me: Me;
  role: Shown["role"];
  onAccept: () => Promise<void>;
  onSignedOut: () => Promise<void>;
}

/** Accepts with the signed-in account. An organiser needs a password. */
function Accept({ me, role, onAccept, onSignedOut }: AcceptProps) {
  const [fault, setFault] = useState<unknown>();
  const attempt = (work: () => Promise<unknown>) => () => {
    setFault(undefined);
    work().catch(setFault);
  };
  const complete = async (body: UserData) => {
    await ask(api.POST("/api/me/credentials", { body }));
    await onAccept();
  };
  const signOut = attempt(async () => {
    await ask(api.DELETE("/api/refresh"));
    await onSignedOut();
  });
  const name = me.username || me.display_name || words.guests.unnamed;
  return (
    <>
      {fault ? <Trouble fault={fault} /> : null}
      <p>{words.invitation.signedIn(name)}</p>
      {role === "organiser" && !me.username ? (
        <>
          <p>{words.invitation.needsPassword}</p>
          <AccountForm submit={words.invitation.accept} onSubmit={complete} />
        </>
      ) : (
        <button type="button" class="primary" onClick={attempt(onAccept)}>
          {words.invitation.accept}
        </button>
      )}
      {me.username !== "" && (
        <button type="button" class="link" onClick={signOut}>
          {words.invitation.other}
        </button>
      )}
    </>
  );
}

interface EnterProps {
  token: string;
  eventId: string;
  onAccept: () => Promise<void>;
  onEntered: (eventId: string) => Promise<void>;
}

/** Accepts without a session. */
function Enter({ token, eventId, onAccept, onEntered }: EnterProps) {
  const [hasAccount, setAccount] = useState(false);
  const register = async (user_data: UserData) => {
    await ask(api.POST("/api/invitations/register", { body: { token, user_data } }));
    await onEntered(eventId);
  };
  return (
    <>
      {hasAccount ? (
        <SignInForm submit={words.invitation.signIn} onSignedIn={onAccept} />
      ) : (
        <AccountForm submit={words.invitation.register} onSubmit={register} />
      )}
      <button type="button" class="link" onClick={() => setAccount(!hasAccount)}>
        {hasAccount ? words.invitation.noAccount : words.invitation.hasAccount}
      </button>
    </>
  );
}
