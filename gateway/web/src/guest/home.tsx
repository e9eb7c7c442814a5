/** Without an event in the address: type a code, or choose an event of one's own. */

import { text } from "#text";
import { useState } from "preact/hooks";

import { root } from "../shared/api";
import { Screen, Trouble } from "../shared/elements";
import type { Membership } from "../shared/session";
import { OtherLanguage } from "../shared/language";
import { MailLink } from "../shared/maillink";

interface Props {
  events: readonly Membership[];
  fault?: unknown;
  offersLink: boolean;
}

export function Home({ events, fault, offersLink }: Props) {
  const [code, setCode] = useState("");
  const open = (event: SubmitEvent) => {
    event.preventDefault();
    if (code.trim()) location.assign(`${root}/e/${encodeURIComponent(code.trim())}`);
  };
  return (
    <Screen heading={text.home.heading}>
      {fault ? <Trouble fault={fault} /> : null}
      <form onSubmit={open}>
        <p>{text.home.intro}</p>
        <label for="code">{text.home.code}</label>
        <input
          id="code"
          class="code"
          value={code}
          onInput={(event) => setCode(event.currentTarget.value)}
          placeholder="7K3F-9QXA"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck={false}
          maxLength={32}
          required
        />
        <button type="submit" class="primary">
          {text.home.open}
        </button>
      </form>
      {events.length > 0 && (
        <nav aria-label={text.home.yourEvents}>
          <h2>{text.home.yourEvents}</h2>
          <ul class="events">
            {events.map((event) => (
              <li key={event.event_id}>
                <a href={`${root}/my/${event.event_id}`}>{event.name}</a>
              </li>
            ))}
          </ul>
        </nav>
      )}
      {offersLink && <MailLink />}
      <OtherLanguage />
    </Screen>
  );
}
