/** The guests of an event: new sign-in links, admission and removal. */

import { text } from "#text";
import { useState } from "preact/hooks";

import { api, ask } from "../shared/api";
import { confirmInWords, showDay, Trouble, Waiting } from "../shared/elements";
import { words } from "#words";
import { Anomalies, AnomaliesLink, useAnomalies } from "./anomalies";
import type { Event } from "./events";
import { type Guest, useGuests } from "./guestlist";
import { Invitations } from "./invitations";
import { MemberRole } from "./memberrole";
import { follow, go } from "./navigation";
import { Removed } from "./removed";
import { ADMISSION } from "./settings";
import { GuestLink } from "./signinlink";

interface Props {
  event: Event;
  /** The signed-in account. */
  userId: string;
  /** Changes with the guests. */
  version: string;
  onChange: () => Promise<void>;
}

export function Guests({ event, userId, version, onChange }: Props) {
  const [withoutPhotos, setWithoutPhotos] = useState(false);
  const [removals, setRemovals] = useState(0);
  const { guests, hasMore, fault, setFault, reload, loadMore } = useGuests(event.id, withoutPhotos, version);

  const anomalies = useAnomalies(event.id, version);

  const change = async (work: () => Promise<unknown>) => {
    setFault(undefined);
    try {
      await work();
      await Promise.all([reload(), onChange()]);
    } catch (error) {
      setFault(error);
    }
  };
  const at = (guest: Guest) => ({ params: { path: { event_id: event.id, user_id: guest.user_id } } });
  const admit = (guest: Guest) =>
    change(() => ask(api.POST("/api/events/{event_id}/guests/{user_id}/admit", at(guest))));
  const remove = async (guest: Guest) => {
    const [question, yes] = guest.waiting
      ? [words.guests.refuseQuestion, words.guests.confirmRefuse]
      : [words.guests.removeQuestion, words.guests.confirmRemove];
    if (!(await confirmInWords(question(nameOf(guest)), yes))) return;
    await change(() => ask(api.DELETE("/api/events/{event_id}/guests/{user_id}", at(guest))));
    setRemovals((count) => count + 1);
  };
  const changeRole = (work: () => Promise<unknown>, isOwn: boolean) =>
    change(async () => {
      await work();
      // A member who gave up their own role no longer sees guests.
      if (isOwn) go({ kind: "events" });
    });
  // Waiting guests come first.
  const sorted = [...(guests ?? [])].sort((a, b) => Number(b.waiting) - Number(a.waiting));
  const mayRemove = ({ role, user_id }: Guest) => role !== "organiser" || user_id !== userId;
  return (
    <>
      <Invitations event={event} />
    <section class="guests">
      <h2>{words.guests.heading}</h2>
      <div class="toolbar">
        <select
          aria-label={words.guests.filter}
          value={String(withoutPhotos)}
          onChange={(change) => setWithoutPhotos(change.currentTarget.value === "true")}
        >
          <option value="false">{words.guests.filters.all}</option>
          <option value="true">{words.guests.filters.withoutPhotos}</option>
        </select>
        <AnomaliesLink found={anomalies} />
      </div>
      {event.admission && (
        <p role="status">
          {words.guests.byHand}{" "}
          <a {...follow({ kind: "event", eventId: event.id, tab: "settings", part: ADMISSION })}>{words.guests.toAdmission}</a>
        </p>
      )}
      {withoutPhotos && <p>{guests?.length === 0 && !hasMore ? words.guests.noneWithout : words.guests.withoutDetail}</p>}
      {fault ? <Trouble fault={fault} onRetry={() => void reload()} /> : null}
      {!guests && !fault && <Waiting>{text.page.loading}</Waiting>}
      {!withoutPhotos && guests?.every(({ role }) => role === "organiser") && (
        <p>
          {words.guests.none}{" "}
          <a {...follow({ kind: "event", eventId: event.id, tab: "poster" })}>{words.begin.toPoster}</a>
        </p>
      )}
      <ul>
        {sorted.map((guest) => (
          <GuestRow
            key={guest.user_id}
            event={event}
            guest={guest}
            isOwn={guest.user_id === userId}
            mayRemove={mayRemove(guest)}
            onRole={(work) => void changeRole(work, guest.user_id === userId)}
            onAdmit={() => void admit(guest)}
            onRemove={() => void remove(guest)}
          />
        ))}
      </ul>
      {hasMore && (
        <button type="button" onClick={() => void loadMore()}>
          {words.guests.more}
        </button>
      )}
    </section>
      <Anomalies found={anomalies} />
      <Removed eventId={event.id} version={`${version} ${removals}`} onChange={() => change(async () => undefined)} />
    </>
  );
}

interface RowProps {
  event: Event;
  guest: Guest;
  isOwn: boolean;
  mayRemove: boolean;
  onRole: (work: () => Promise<unknown>) => void;
  onAdmit: () => void;
  onRemove: () => void;
}

function GuestRow({ event, guest, isOwn, mayRemove, onRole, onAdmit, onRemove }: RowProps) {
  const isGuest = guest.role === "guest";
  return (
    <li>
      <span class="who">
        <strong>{nameOf(guest)}</strong>
        <small>
          {words.guests.joined(showDay(guest.joined_at))}
          {guest.waiting && ` · ${words.guests.waiting}`}
          {isGuest && guest.selfie && ` · ${words.guests.selfies[guest.selfie]}`}
          {isGuest && guest.photos !== null && ` · ${words.guests.photos(guest.photos)}`}
        </small>
      </span>
      {guest.waiting && (
        <button type="button" class="primary" onClick={onAdmit}>
          {words.guests.admit}
        </button>
      )}
      {!guest.waiting && (
        <MemberRole eventId={event.id} guest={guest} name={nameOf(guest)} isOwn={isOwn} onChange={onRole} />
      )}
      {isGuest && !guest.waiting && !guest.username && <GuestLink eventId={event.id} userId={guest.user_id} />}
      {mayRemove && (
        <button type="button" class="danger" onClick={onRemove}>
          {guest.waiting ? words.guests.refuse : words.guests.remove}
        </button>
      )}
    </li>
  );
}

function nameOf(guest: Guest): string {
  return guest.username || guest.display_name || words.guests.unnamed;
}
