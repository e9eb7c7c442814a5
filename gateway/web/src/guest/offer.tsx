/** The offer of an event: the release of its photos, and their photographer. */

import { text } from "#text";

import type { Schemas } from "../shared/api";
import { showDay } from "../shared/elements";
import type { Membership } from "../shared/session";
import type { Photo } from "./photos";
import { isCompared, type SelfieStatus } from "./selfie";

export type Credit = Schemas["Credit"];

/** Whether guests see no photos of the event, not yet or no longer. */
export function isHeldBack(event: Membership): boolean {
  return event.role !== "organiser" && (event.release === "held" || event.hidden);
}

export function HeldBack({ event, status, onSelfie }: { event: Membership; status: SelfieStatus; onSelfie: () => void }) {
  if (event.hidden) {
    return (
      <section class="nothing">
        <h2>{text.offer.hidden}</h2>
        {event.deletes_at && <p>{text.offer.hiddenUntil(showDay(event.deletes_at))}</p>}
      </section>
    );
  }
  const hasSelfie = isCompared(status);
  return (
    <section class="nothing">
      <h2>{event.releases_at ? text.offer.heldUntil(showDay(event.releases_at)) : text.offer.held}</h2>
      <p>{hasSelfie || event.closed ? text.offer.heldDetailWithSelfie : text.offer.heldDetail}</p>
      {!event.closed && status.status !== "validation_failed" && (
        <button type="button" class={hasSelfie ? undefined : "primary"} onClick={onSelfie}>
          {hasSelfie ? text.gallery.newSelfie : text.welcome.takeSelfie}
        </button>
      )}
    </section>
  );
}

/** The foot of the gallery. */
export function PhotoNotes({ event, photos, logoUrl }: { event: Membership; photos: readonly Photo[]; logoUrl: string | null }) {
  const { credit } = event;
  const logo = logoUrl && <img class="logo" src={logoUrl} alt={credit ? "" : text.offer.logo} loading="lazy" />;
  return (
    <>
      {(credit || logo) && (
        <p class="note">
          {credit?.url ? (
            <a href={credit.url} target="_blank" rel="noopener noreferrer">
              {text.offer.credit(credit.name)}
              {logo}
            </a>
          ) : (
            <>
              {credit && text.offer.credit(credit.name)}
              {logo}
            </>
          )}
        </p>
      )}
      {!photos.some((photo) => photo.download_url) && <p class="note">{text.offer.noDownloads}</p>}
    </>
  );
}
