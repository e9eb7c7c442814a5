/** An account: where it is signed in, its password and its e-mail address. */

import { text } from "#text";
import { type ComponentChildren } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";

import { api, ask, Failure, type Schemas } from "./api";
import { confirmInWords, showTime, Trouble } from "./elements";

type Session = Schemas["SessionOfUser"];

/** Ended sessions disappear from the list; "Sign out" ends that of this device. */
export function Devices() {
  const [sessions, setSessions] = useState<readonly Session[]>();
  const [fault, setFault] = useState<unknown>();
  const [isEnded, setEnded] = useState(false);

  const load = useCallback(async () => setSessions((await ask(api.GET("/api/me/sessions"))).sessions), []);
  useEffect(() => void load().catch(setFault), [load]);

  const attempt = async (work: () => Promise<unknown>) => {
    setFault(undefined);
    setEnded(false);
    try {
      await work();
      await load();
      setEnded(true);
    } catch (error) {
      setFault(error);
    }
  };
  const end = ({ id }: Session) => attempt(() => ask(api.DELETE("/api/me/sessions/{session_id}", { params: { path: { session_id: id } } })));
  const endOthers = async () => {
    if (!(await confirmInWords(text.account.endOthersQuestion, text.account.confirmEnd))) return;
    await attempt(() => ask(api.DELETE("/api/me/sessions")));
  };
  const others = sessions?.filter(({ current }) => !current) ?? [];
  return (
    <section class="devices">
      <h2>{text.account.devices}</h2>
      {fault ? <Trouble fault={fault} onRetry={() => void load().then(() => setFault(undefined), setFault)} /> : null}
      <ul>
        {sessions?.map((session) => (
          <li key={session.id}>
            <span>
              <strong>{session.device || text.account.device}</strong>
              <small>{session.current ? text.account.current : text.account.used(showTime(session.last_used_at))}</small>
            </span>
            {!session.current && (
              <button type="button" aria-label={text.account.endOne(session.device || text.account.device)} onClick={() => void end(session)}>
                {text.account.end}
              </button>
            )}
          </li>
        ))}
      </ul>
      {others.length > 1 && (
        <button type="button" onClick={() => void endOthers()}>
          {text.account.endOthers}
        </button>
      )}
      <p role="status">{isEnded ? text.account.ended : ""}</p>
    </section>
  );
}

/** For an account with a user name. */
export function Credentials({ username, email, onChange }: { username: string; email: string; onChange: () => void }) {
  const language = text.locale === "fr" ? "fr" : "en";
  const savePassword = async (old_password: string, new_password: string) => {
    await ask(api.POST("/api/me/password", { body: { old_password, new_password } }));
    return text.account.savedPassword;
  };
  const saveEmail = async (password: string, address: string) => {
    const { unconfirmed } = await ask(api.POST("/api/me/email", { body: { password, email: address.trim(), language } }));
    onChange();
    return unconfirmed ? text.account.sentEmail : text.account.savedEmail;
  };
  return (
    <>
      <Change name="password" username={username} heading={text.account.password} label={text.account.newPassword} type="password" save={text.account.savePassword} onSave={savePassword}>
        {text.account.newPasswordDetail}
      </Change>
      <Change name="email" username={username} heading={text.account.email} label={text.account.newEmail} type="email" save={text.account.saveEmail} onSave={saveEmail}>
        {text.account.emailNow(email)}
      </Change>
    </>
  );
}

interface ChangeProps {
  name: "password" | "email";
  username: string;
  heading: string;
  label: string;
  type: "password" | "email";
  save: string;
  /** Returns the message to show. */
  onSave: (password: string, value: string) => Promise<string>;
  /** A hint about the new value. */
  children: ComponentChildren;
}

/** A form that is closed at first: the current password, and the new value. */
function Change({ name, username, heading, label, type, save, onSave, children }: ChangeProps) {
  const [password, setPassword] = useState("");
  const [value, setValue] = useState("");
  const [said, setSaid] = useState("");
  const [fault, setFault] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const wrong = fault instanceof Failure ? (fault.fields.new_password ?? fault.fields.password ?? fault.fields.email) : undefined;

  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault(undefined);
    setSaid("");
    try {
      setSaid(await onSave(password, value));
      setPassword("");
      setValue("");
    } catch (error) {
      setFault(error);
    } finally {
      setBusy(false);
    }
  };
  const id = `new-${name}`;
  return (
    <details class="change">
      <summary>{heading}</summary>
      <form onSubmit={(event) => void send(event)}>
        {fault && !wrong ? <Trouble fault={fault} /> : null}
        {/* Only for password managers. */}
        <input type="text" value={username} autocomplete="username" readOnly hidden />
        <label for={`${id}-password`}>{text.account.oldPassword}</label>
        <input
          id={`${id}-password`}
          type="password"
          value={password}
          onInput={(event) => setPassword(event.currentTarget.value)}
          autocomplete="current-password"
          required
        />
        <label for={id}>{label}</label>
        <input
          id={id}
          type={type as "text"} // the types allow an input of one type only
          value={value}
          onInput={(event) => setValue(event.currentTarget.value)}
          autocomplete={type === "password" ? "new-password" : "email"}
          aria-invalid={wrong ? "true" : undefined}
          aria-describedby={`${id}-detail`}
          required
        />
        <p id={`${id}-detail`} class={wrong ? "wrong" : "quiet"}>
          {wrong ? (text.password.faults[wrong] ?? text.email.faults[wrong] ?? text.reasons.invalid_form) : children}
        </p>
        <button type="submit" disabled={isBusy}>
          {isBusy ? text.page.loading : save}
        </button>
        <p role="status">{said}</p>
      </form>
    </details>
  );
}
