/** The e-mail address that a guest leaves for an event. */

import { text } from "#text";
import { useState } from "preact/hooks";

import { api, ask } from "../shared/api";
import { Trouble } from "../shared/elements";
import type { Membership } from "../shared/session";

interface Props {
  event: Membership;
  onChange: () => Promise<void>;
}

export function Notice({ event, onChange }: Props) {
  const [email, setEmail] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<unknown>();

  const attempt = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setFault(undefined);
    try {
      await work();
      await onChange();
    } catch (error) {
      setFault(error);
    } finally {
      setBusy(false);
    }
  };
  const save = (submit: SubmitEvent) => {
    submit.preventDefault();
    const language = text.locale === "fr" ? "fr" : "en";
    const body = { event_id: event.event_id, email: email.trim(), language } as const;
    void attempt(() => ask(api.PUT("/api/me/notices", { body })));
  };
  const remove = () => {
    const query = { event_id: event.event_id };
    void attempt(() => ask(api.DELETE("/api/me/notices", { params: { query } })));
  };
  return (
    <section>
      <h2>{text.you.notice}</h2>
      {fault ? <Trouble fault={fault} /> : null}
      <p class="quiet" role="status">
        {event.notice_email ? text.you.noticeKept(event.notice_email) : text.you.noticeDetail}
      </p>
      {event.notice_email ? (
        <button type="button" disabled={isBusy} onClick={remove}>
          {text.you.noticeDelete}
        </button>
      ) : (
        <form onSubmit={save}>
          <label for="notice-email">{text.you.noticeEmail}</label>
          <input
            id="notice-email"
            type="email"
            value={email}
            onInput={(event) => setEmail(event.currentTarget.value)}
            autocomplete="email"
            maxLength={254}
            required
          />
          <button type="submit" disabled={isBusy}>
            {text.you.noticeSave}
          </button>
        </form>
      )}
    </section>
  );
}
