/** The request for consent: shown before the camera opens, and not ticked by default. */

import { text } from "#text";

/** The version of the text about faces; changes with its meaning. */
export const CONSENT_VERSION = "2026-11";

interface Props {
  eventName: string;
  agreed: boolean;
  /** Whether the guest continued without agreeing. */
  reminded: boolean;
  onChange: (agreed: boolean) => void;
}

export function Consent({ eventName, ...rest }: Props) {
  return <ConsentBox label={text.welcome.consent} detail={text.welcome.consentDetail(eventName)} {...rest} />;
}

type BoxProps = Omit<Props, "eventName"> & { label: string; detail: string };

export function ConsentBox({ label, detail, agreed, reminded, onChange }: BoxProps) {
  return (
    <>
      <label class="consent">
        <input
          type="checkbox"
          checked={agreed}
          onChange={(event) => onChange(event.currentTarget.checked)}
          aria-describedby="consent-detail"
        />
        <span>{label}</span>
      </label>
      <p id="consent-detail" class="quiet">
        {detail}
      </p>
      {reminded && !agreed && (
        <p class="trouble" role="alert">
          {text.welcome.agreeFirst}
        </p>
      )}
    </>
  );
}
