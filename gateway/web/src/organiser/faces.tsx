/** The faces of a photo, and why a guest matches them or not. Loaded on demand. */

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";

import { text } from "#text";
import { api, ask, type Schemas } from "../shared/api";
import { Trouble, Waiting } from "../shared/elements";
import { words } from "#words";
import type { Guest } from "./guestlist";
import { RemovePerson } from "./removal";

type Faces = Schemas["Faces"];
type Face = Schemas["Face"];

const PAGE_SIZE = 200;
const EVENTS = ["pointerdown", "pointermove", "pointerup", "click", "wheel", "keydown"];

/** Shown above the photo that is open in `viewer`, which does not receive its gestures and keys. */
export function openFaces(viewer: HTMLElement, eventId: string, photoId: string): void {
  const dialog = document.createElement("dialog");
  dialog.className = "faces";
  dialog.setAttribute("aria-label", words.faces.heading);
  for (const name of EVENTS) dialog.addEventListener(name, (event) => event.stopPropagation());
  dialog.onclose = () => {
    render(null, dialog);
    dialog.remove();
  };
  viewer.append(dialog);
  render(<FacesOfPhoto eventId={eventId} photoId={photoId} onClose={() => dialog.close()} />, dialog);
  dialog.showModal();
}

function FacesOfPhoto({ eventId, photoId, onClose }: { eventId: string; photoId: string; onClose: () => void }) {
  const guests = useGuestNames(eventId);
  const [guestId, setGuestId] = useState("");
  const [found, setFound] = useState<Faces>();
  const [fault, setFault] = useState<unknown>();
  const [removing, setRemoving] = useState<number>();
  useEffect(() => {
    let isCurrent = true;
    setFault(undefined);
    const params = { path: { photo_id: photoId }, query: guestId ? { guest_id: guestId } : {} };
    ask(api.GET("/api/photos/{photo_id}/faces", { params })).then(
      (answer) => isCurrent && setFound(answer),
      (error: unknown) => isCurrent && setFault(error),
    );
    return () => void (isCurrent = false);
  }, [photoId, guestId, removing]);
  const chosen = guests.find(({ user_id }) => user_id === guestId);
  if (removing !== undefined) return <RemovePerson eventId={eventId} photoId={photoId} number={removing} onBack={() => setRemoving(undefined)} />;
  return (
    <>
      <h2>{words.faces.heading}</h2>
      {fault ? <Trouble fault={fault} /> : null}
      {!found && !fault && <Waiting>{text.page.loading}</Waiting>}
      {found && found.faces.length === 0 && <p>{words.faces.none}</p>}
      {guests.length > 0 && (
        <label>
          {words.faces.ask}
          <select value={guestId} onChange={(change) => setGuestId(change.currentTarget.value)}>
            <option value="">{words.faces.choose}</option>
            {guests.map((guest) => (
              <option key={guest.user_id} value={guest.user_id}>
                {nameOf(guest)}
              </option>
            ))}
          </select>
        </label>
      )}
      {found && chosen && <Verdict found={found} name={nameOf(chosen)} />}
      <ul>{found?.faces.map((face, place) => <FaceRow key={face.number} face={face} place={place + 1} onRemove={() => setRemoving(face.number)} />)}</ul>
      {found && found.small > 0 && <p class="quiet">{words.faces.small(found.small)}</p>}
      <button type="button" onClick={onClose}>
        {words.faces.close}
      </button>
    </>
  );
}

function Verdict({ found, name }: { found: Faces; name: string }) {
  if (found.is_shown === null) return null;
  return (
    <p role="status">
      <strong>{found.is_shown ? words.faces.shown(name) : words.faces.notShown(name)}</strong>{" "}
      {found.reasons.map((reason) => words.faces.reasons[reason]).join(" ")}
    </p>
  );
}

function FaceRow({ face, place, onRemove }: { face: Face; place: number; onRemove: () => void }) {
  const names = face.people.map((person) => person.username || person.display_name || words.faces.gone);
  return (
    <li>
      <img src={face.image_url} alt={words.faces.face(place)} width="80" height="80" loading="lazy" />
      <div>
        <span>{names.length > 0 ? names.join(", ") : words.faces.nobody}</span>
        {face.answer && (
          <small class={face.answer}>
            {[words.faces.answers[face.answer], ...face.reasons.map((reason) => words.faces.reasons[reason])].join(" ")}
          </small>
        )}
        <button type="button" class="link" aria-label={`${words.removal.open} ${words.faces.face(place)}`} onClick={onRemove}>
          {words.removal.open}
        </button>
      </div>
    </li>
  );
}

/** All guests of the event, by name. */
function useGuestNames(eventId: string): readonly Guest[] {
  const [guests, setGuests] = useState<readonly Guest[]>([]);
  useEffect(() => {
    let isCurrent = true;
    const load = async () => {
      let found: Guest[] = [];
      let cursor: string | null = "";
      while (cursor !== null && isCurrent) {
        const params = { path: { event_id: eventId }, query: { limit: PAGE_SIZE, cursor } };
        const page: Schemas["GuestPage"] = await ask(api.GET("/api/events/{event_id}/guests", { params }));
        found = [...found, ...page.guests];
        cursor = page.next_cursor;
      }
      if (isCurrent) setGuests(found.sort((one, other) => nameOf(one).localeCompare(nameOf(other))));
    };
    load().catch(() => undefined); // the faces are shown without them
    return () => void (isCurrent = false);
  }, [eventId]);
  return guests;
}

function nameOf(guest: Guest): string {
  return guest.username || guest.display_name || words.guests.unnamed;
}
