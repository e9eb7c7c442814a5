/** A new account: user name, e-mail address and password, with an error message at each field. */

import { text } from "#text";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { Failure, type Schemas } from "../shared/api";
import { Trouble } from "../shared/elements";
import { words } from "#words";

export type UserData = Schemas["UserData"];

interface Props {
  submit: string;
  onSubmit: (user: UserData) => Promise<void>;
  /** What is to be filled in before. */
  children?: ComponentChildren;
}

const FIELDS = [
  { name: "username", type: "text", autocomplete: "username" },
  { name: "email", type: "email", autocomplete: "email" },
  { name: "password", type: "password", autocomplete: "new-password" },
] as const;

export function AccountForm({ submit, onSubmit, children }: Props) {
  const [user, setUser] = useState<UserData>({ username: "", email: "", password: "" });
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const faulty = fault instanceof Failure ? fault.fields : {};

  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault(undefined);
    try {
      await onSubmit(user);
    } catch (error) {
      setFault(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void send(event)}>
      {fault ? <Trouble fault={fault} /> : null}
      {children}
      {FIELDS.map(({ name, type, autocomplete }) => {
        const wrong = faulty[name];
        return (
          <div key={name}>
            <label for={name}>{words.account[name]}</label>
            <input
              id={name}
              type={type as "text"} // the types allow an input of one type only
              value={user[name]}
              onInput={(event) => setUser({ ...user, [name]: event.currentTarget.value })}
              autocomplete={autocomplete}
              autocapitalize="none"
              spellcheck={false}
              aria-invalid={wrong ? "true" : undefined}
              aria-describedby={wrong ? `${name}-fault` : name === "password" ? "password-detail" : undefined}
              required
            />
            {name === "password" && !wrong && (
              <p id="password-detail" class="quiet">
                {words.account.passwordDetail}
              </p>
            )}
            {wrong && (
              <p id={`${name}-fault`} class="wrong">
                {words.fieldReasons[wrong] ?? text.reasons.invalid_form}
              </p>
            )}
          </div>
        );
      })}
      <button type="submit" class="primary" disabled={isBusy}>
        {isBusy ? text.page.loading : submit}
      </button>
    </form>
  );
}
