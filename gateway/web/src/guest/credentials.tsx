/** `/password#TOKEN` and `/email#TOKEN`: only their buttons use a link up, so previews do not. */

import { text } from "#text";
import { useEffect, useState } from "preact/hooks";

import { api, ask, Failure, root } from "../shared/api";
import { Screen, Trouble } from "../shared/elements";
import { OtherLanguage } from "../shared/language";

/** Without a token, the user can request a link. */
export function NewPassword() {
  const [token, setToken] = useState(location.hash.slice(1));
  // Opening the link on the page that requested it changes only the fragment.
  useEffect(() => {
    const read = () => setToken(location.hash.slice(1));
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  return (
    <Screen heading={text.password.heading}>
      {token ? <PasswordForm key={token} token={token} /> : <ResetForm />}
      <OtherLanguage />
    </Screen>
  );
}

function PasswordForm({ token }: { token: string }) {
  const [password, setPassword] = useState("");
  const [owner, setOwner] = useState("");
  const { isBusy, fault, run } = useSending();
  const wrong = fault instanceof Failure ? fault.fields.password : undefined;

  if (owner) {
    return (
      <>
        <p role="status">{text.password.saved(owner)}</p>
        <a class="button" href={`${root}/organiser`}>
          {text.password.signIn}
        </a>
      </>
    );
  }
  const save = () => ask(api.POST("/api/reset-password", { body: { token, password } })).then(({ username }) => setOwner(username));
  return (
    <form onSubmit={(event) => run(event, save)}>
      {fault && !wrong ? <Trouble fault={fault} /> : null}
      <label for="password">{text.password.label}</label>
      <input
        id="password"
        type="password"
        value={password}
        onInput={(event) => setPassword(event.currentTarget.value)}
        autocomplete="new-password"
        aria-invalid={wrong ? "true" : undefined}
        aria-describedby="password-detail"
        required
      />
      <p id="password-detail" class={wrong ? "wrong" : "quiet"}>
        {wrong ? (text.password.faults[wrong] ?? text.reasons.invalid_form) : text.password.detail}
      </p>
      <button type="submit" class="primary" disabled={isBusy}>
        {isBusy ? text.page.loading : text.password.save}
      </button>
    </form>
  );
}

function ResetForm() {
  const [email, setEmail] = useState("");
  const [isSent, setSent] = useState(false);
  const { isBusy, fault, run } = useSending();
  const language = text.locale === "fr" ? "fr" : "en";
  const send = () => ask(api.POST("/api/password-resets", { body: { email: email.trim(), language } })).then(() => setSent(true));
  return (
    <form onSubmit={(event) => run(event, send)}>
      <p>{text.password.ask}</p>
      {fault ? <Trouble fault={fault} /> : null}
      <label for="email">{text.password.email}</label>
      <input
        id="email"
        type="email"
        value={email}
        onInput={(event) => setEmail(event.currentTarget.value)}
        autocomplete="email"
        maxLength={254}
        required
      />
      <button type="submit" class="primary" disabled={isBusy}>
        {text.password.send}
      </button>
      <p role="status">{isSent ? text.password.sent : ""}</p>
    </form>
  );
}

export function ConfirmEmail() {
  const [isDone, setDone] = useState(false);
  const { isBusy, fault, run } = useSending();
  const confirm = () => ask(api.POST("/api/confirm-email", { body: { token: location.hash.slice(1) } })).then(() => setDone(true));
  return (
    <Screen heading={text.email.heading}>
      {fault ? <Trouble fault={fault} /> : null}
      <p role="status">{isDone ? text.email.done : text.email.question}</p>
      {isDone ? (
        <a href={`${root}/`}>{text.email.home}</a>
      ) : (
        <button type="button" class="primary" disabled={isBusy} onClick={(event) => run(event, confirm)}>
          {text.email.confirm}
        </button>
      )}
      <OtherLanguage />
    </Screen>
  );
}

/** Runs one request at a time, and keeps the result of the last one. */
function useSending() {
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const run = (event: Event, send: () => Promise<unknown>) => {
    event.preventDefault();
    setBusy(true);
    setFault(undefined);
    void send().catch(setFault).finally(() => setBusy(false));
  };
  return { isBusy, fault, run };
}
