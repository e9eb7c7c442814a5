/** "Send me a link": signs in on a new device, or without the password. */

import { text } from "#text";
import { useState } from "preact/hooks";

import { api, ask } from "./api";
import { Trouble } from "./elements";

export function MailLink({ code = "" }: { code?: string }) {
  const [email, setEmail] = useState("");
  const [isSent, setSent] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<unknown>();

  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault(undefined);
    try {
      const language = text.locale === "fr" ? "fr" : "en";
      await ask(api.POST("/api/sign-in-links", { body: { email: email.trim(), event_code: code, language } }));
      setSent(true);
    } catch (error) {
      setFault(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <details>
      <summary>{text.mailLink.question}</summary>
      <form onSubmit={(event) => void send(event)}>
        <p class="quiet">{text.mailLink.detail}</p>
        {fault ? <Trouble fault={fault} /> : null}
        <label for="link-email">{text.mailLink.email}</label>
        <input
          id="link-email"
          type="email"
          value={email}
          onInput={(event) => setEmail(event.currentTarget.value)}
          autocomplete="email"
          maxLength={254}
          required
        />
        <button type="submit" disabled={isBusy}>
          {text.mailLink.send}
        </button>
        <p role="status">{isSent ? text.mailLink.sent : ""}</p>
      </form>
    </details>
  );
}
