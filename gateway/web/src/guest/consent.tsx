/** The request for consent: before any camera, not ticked beforehand. */

import { text } from "#text";

/** The version of the text about faces; a change of its meaning gets a new one. */
export const CONSENT_VERSION = "2026-11";

interface Props {
  eventName: string;
  agreed: boolean;
  /** Whether the guest went on without agreeing. */
  reminded: boolean;
  onChange: (agreed: boolean) => void;
}

export function Consent({ eventName, agreed, reminded, onChange }: Props) {
  return (
    <>
      <label class="consent">
        <input
          type="checkbox"
          checked={agreed}
          onChange={(event) => onChange(event.currentTarget.checked)}
          aria-describedby="consent-detail"
        />
        <span>{text.welcome.consent}</span>
      </label>
      <p id="consent-detail" class="quiet">
        {text.welcome.consentDetail(eventName)}
      </p>
      {reminded && !agreed && (
        <p class="trouble" role="alert">
          {text.welcome.agreeFirst}
        </p>
      )}
    </>
  );
}
