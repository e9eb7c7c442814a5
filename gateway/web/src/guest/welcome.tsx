/** The first screen: what happens to the selfie, the consent, one button. */

import { text } from "#text";
import { useState } from "preact/hooks";

import { api, ask, randomId } from "../shared/api";
import { Screen, Trouble } from "../shared/elements";
import type { Me } from "../shared/session";
import { openCamera } from "./camera";
import { Consent, CONSENT_VERSION } from "./consent";
import { OtherLanguage } from "../shared/language";
import { MailLink } from "../shared/maillink";
import { handOver, takeOver } from "./selfie";

interface Props {
  code: string;
  eventName: string;
  me: Me | null;
  sendsMail: boolean;
  onJoined: () => Promise<void>;
}

/** Chosen once per visit, so that a retry after a lost response creates no second guest. */
const requestId = randomId();

/** The consent sent when joining; an empty version: not agreed. */
const agreement = (version: string) => ({
  consent_version: version,
  consent_language: version && text.locale,
  search: version !== "",
});

export function Welcome({ code, eventName, me, sendsMail, onJoined }: Props) {
  const [agreed, setAgreed] = useState(false);
  const [reminded, setReminded] = useState(false);
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<unknown>();

  const join = async (consent: string) => {
    setBusy(true);
    setFault(undefined);
    try {
      if (me) {
        const body = { event_code: code, ...agreement(consent) };
        await ask(api.POST("/api/join-event", { body }));
      } else {
        const body = { event_code: code, display_name: name, ...agreement(consent) };
        const header = { "idempotency-key": requestId };
        await ask(api.POST("/api/guest-sessions", { body, params: { header } }));
      }
      await onJoined();
    } catch (error) {
      takeOver()?.close();
      setFault(error);
      setBusy(false);
    }
  };
  const takeSelfie = () => {
    if (!agreed) return setReminded(true);
    handOver(openCamera()); // while handling the tap, as browsers require
    return void join(CONSENT_VERSION);
  };

  return (
    <Screen heading={text.welcome.heading(eventName)}>
      <p>{text.welcome.intro}</p>
      <Consent eventName={eventName} agreed={agreed} reminded={reminded} onChange={setAgreed} />
      {fault ? <Trouble fault={fault} /> : null}
      <button type="button" class="primary" disabled={busy} onClick={takeSelfie}>
        {text.welcome.takeSelfie}
      </button>
      <button type="button" class="quiet" disabled={busy} onClick={() => void join("")}>
        {text.welcome.withoutSelfie}
      </button>
      <p class="quiet centred">{text.welcome.withoutSelfieDetail}</p>
      {!me && (
        <>
          <label for="name">{text.welcome.name}</label>
          <input
            id="name"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
            autocomplete="given-name"
            maxLength={64}
          />
        </>
      )}
      {sendsMail && !me && <MailLink code={code} />}
      <OtherLanguage />
    </Screen>
  );
}
