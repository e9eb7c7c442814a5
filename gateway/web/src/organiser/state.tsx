/** The state of an event at a glance: progress of the photos, and the code. */

import { showDay } from "../shared/elements";
import { words } from "#words";
import { type Event, isOver } from "./events";
import type { Pace } from "./live";
import { rightsOf } from "./rights";

export function State({ event, pace }: { event: Event; pace: Pace | undefined }) {
  const { pending, indexed, failed, total } = event.photos;
  const { waiting, without_photos } = event;
  return (
    <section class="state" aria-live="polite">
      <p>
        {total === 0
          ? words.state.empty
          : indexed < total
            ? words.state.read(indexed, total)
            : words.state.allRead(total)}
        {event.faces > 0 && ` · ${words.state.faces(event.faces)}`}
        {failed > 0 && ` · ${words.state.failed(failed)}`}
        {pace?.photos_per_minute ? ` · ${words.state.rate(pace.photos_per_minute)}` : ""}
        {pace?.seconds_left ? ` · ${words.state.left(showDuration(pace.seconds_left))}` : ""}
      </p>
      {rightsOf(event).guests && (
        <p>
          {words.state.code} <strong class="event-code">{event.event_code}</strong> ·{" "}
          {words.events.guests(event.guests)}
          {waiting ? ` · ${words.state.waiting(waiting)}` : ""}
          {without_photos ? ` · ${words.state.withoutPhotos(without_photos)}` : ""}
        </p>
      )}
      {pending > 0 && <progress max={total} value={indexed + failed} aria-label={words.state.read(indexed + failed, total)} />}
      {isOver(event) && <p class="trouble">{words.state.closed}</p>}
      {event.release === "held" && (
        <p>{event.releases_at ? words.offer.heldUntil(showDay(event.releases_at)) : words.offer.held}</p>
      )}
      {event.deletes_at && (
        <p class={event.hidden ? "trouble" : undefined}>
          {event.hidden ? words.offer.hidden(showDay(event.deletes_at)) : words.offer.deletedOn(showDay(event.deletes_at))}
        </p>
      )}
    </section>
  );
}

export function showDuration(seconds: number): string {
  if (seconds < 90) return words.duration.seconds(Math.max(1, Math.round(seconds)));
  if (seconds < 5400) return words.duration.minutes(Math.round(seconds / 60));
  return words.duration.hours(Math.round(seconds / 3600));
}
