/** Without an event in the address: type a code, or choose one of the joined events. */

import { text } from "#text";
import { useEffect, useState } from "preact/hooks";

import { root } from "../shared/api";
import { Screen, Trouble } from "../shared/elements";
import { OtherLanguage } from "../shared/language";
import { MailLink } from "../shared/maillink";
import { mayOrganise, organiserAddress } from "../shared/roles";
import type { Me } from "../shared/session";
import { takeCode } from "./address";
import { takeFarewell } from "./farewell";
import { useSelfieStatus } from "./selfie";
import { You } from "./you";

interface Props {
  me: Me | null;
  fault?: unknown;
  offersLink: boolean;
  /** The installation has no organiser yet. */
  isNew: boolean;
}

export function Home({ me, fault, offersLink, isNew }: Props) {
  const [code, setCode] = useState("");
  const [farewell] = useState(takeFarewell);
  const [isYou, showYou] = useState(false);
  useEffect(() => {
    const back = () => showYou(false);
    addEventListener("popstate", back);
    return () => removeEventListener("popstate", back);
  }, []);
  const open = (event: SubmitEvent) => {
    event.preventDefault();
    if (code.trim()) location.assign(`${root}/e/${encodeURIComponent(takeCode(code.trim()))}`);
  };
  const events = me?.events ?? [];
  if (isYou && me) return <YourData me={me} />;
  return (
    <Screen heading={text.home.heading}>
      {farewell && (
        <p class="said" role="status">
          {text.home[farewell]}
        </p>
      )}
      {fault ? <Trouble fault={fault} atHome /> : null}
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
          maxLength={256}
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
      {me && mayOrganise(me) && (
        <a class="button" href={organiserAddress()}>
          {text.working.organise}
        </a>
      )}
      {!me && (
        <p class="centred">
          <a href={organiserAddress()}>{isNew ? text.working.begin : text.working.organise}</a>
        </p>
      )}
      {offersLink && <MailLink />}
      {me && (
        <button type="button" onClick={() => (history.pushState(null, ""), showYou(true))}>
          {text.gallery.you}
        </button>
      )}
      <OtherLanguage />
    </Screen>
  );
}

function YourData({ me }: { me: Me }) {
  const [status, look] = useSelfieStatus(me.selfie);
  return <You me={me} status={status} onDeleted={look} onBack={() => history.back()} />;
}
