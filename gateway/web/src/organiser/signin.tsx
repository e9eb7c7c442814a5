/** Sign-in with user name and password. */

import { text } from "#text";
import { useState } from "preact/hooks";

import { api, ask, root } from "../shared/api";
import { Screen, Trouble } from "../shared/elements";
import { OtherLanguage } from "../shared/language";
import { MailLink } from "../shared/maillink";
import { words } from "#words";

interface Props {
  isOther: boolean;
  sendsMail: boolean;
  onSignedIn: () => Promise<void>;
}

/** `isOther`: the signed-in account organises nothing. */
export function SignIn({ isOther, sendsMail, onSignedIn }: Props) {
  return (
    <Screen heading={words.signIn.heading}>
      {isOther && <p>{words.signIn.notOrganiser}</p>}
      <SignInForm submit={words.signIn.submit} onSignedIn={onSignedIn} />
      {sendsMail && <MailLink />}
      {sendsMail && (
        <p class="centred">
          <a href={`${root}/password`}>{text.password.forgotten}</a>
        </p>
      )}
      <p class="centred">
        <a href={`${root}/`}>{words.signIn.guest}</a>
      </p>
      <OtherLanguage />
    </Screen>
  );
}

export function SignInForm({ submit, onSignedIn }: { submit: string; onSignedIn: () => Promise<void> }) {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<unknown>();

  const signIn = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault(undefined);
    try {
      await ask(api.POST("/api/login", { body: { username, password } }));
      await onSignedIn();
    } catch (error) {
      setFault(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {fault ? <Trouble fault={fault} /> : null}
      <form onSubmit={(event) => void signIn(event)}>
        <label for="name">{words.signIn.name}</label>
        <input
          id="name"
          type="text"
          value={username}
          onInput={(event) => setUsername(event.currentTarget.value)}
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
        />
        <label for="password">{words.signIn.password}</label>
        <input
          id="password"
          type="password"
          value={password}
          onInput={(event) => setPassword(event.currentTarget.value)}
          autocomplete="current-password"
          required
        />
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy ? text.page.loading : submit}
        </button>
      </form>
    </>
  );
}
