/** A guest who waits for admission, and may take their selfie meanwhile. */

import { text } from "#text";

import { Screen, Waiting } from "../shared/elements";
import type { Membership } from "../shared/session";
import { SelfieNotice } from "./selfienotice";
import type { SelfieStatus } from "./selfie";

interface Props {
  event: Membership;
  status: SelfieStatus;
  onSelfie: () => void;
  onYou: () => void;
}

export function WaitingRoom({ event, status, onSelfie, onYou }: Props) {
  const hasSelfie = status.status === "done" || status.has_earlier === true;
  const detail = hasSelfie ? text.waiting.detailWithSelfie : text.waiting.detail;
  return (
    <Screen heading={event.name}>
      {status.status === "running" ? (
        <Waiting>{text.waiting.examining}</Waiting>
      ) : (
        <SelfieNotice status={status} onSelfie={event.closed ? undefined : onSelfie} />
      )}
      <section class="nothing">
        <h2>{event.closed ? text.waiting.closed : text.waiting.heading}</h2>
        {!event.closed && <p>{detail}</p>}
        {status.status === "idle" && !event.closed && (
          <button type="button" class="primary" onClick={onSelfie}>
            {text.welcome.takeSelfie}
          </button>
        )}
      </section>
      <footer>
        <button type="button" onClick={onYou}>
          {text.gallery.you}
        </button>
      </footer>
    </Screen>
  );
}
