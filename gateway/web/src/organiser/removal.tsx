/** The removal of a person who is not a guest: the photos that show them, and what to do with these faces. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { text } from "#text";
import { api, ask, type Schemas } from "../shared/api";
import { Trouble, Waiting } from "../shared/elements";
import { words } from "#words";

type Similar = Schemas["SimilarFace"];
type Found = Schemas["SimilarFaces"];
type Removal = Schemas["FacesRemoval"]["removal"];

interface Props {
  eventId: string;
  photoId: string;
  /** Of the face, in the photo. */
  number: number;
  onBack: () => void;
}

/** Starts from a face of a photo. */
export function RemovePerson({ eventId, photoId, number, onBack }: Props) {
  const [found, setFound] = useState<Found>();
  const [fault, setFault] = useState<unknown>();
  useEffect(() => {
    const params = { path: { photo_id: photoId, number } };
    ask(api.GET("/api/photos/{photo_id}/faces/{number}/similar", { params })).then(setFound, setFault);
  }, [photoId, number]);
  return (
    <>
      <h2>{words.removal.heading}</h2>
      {fault ? <Trouble fault={fault} /> : null}
      {!found && !fault && <Waiting>{text.page.loading}</Waiting>}
      {found && (
        <ChooseFaces eventId={eventId} found={found}>
          {words.removal.found(found.total)}
        </ChooseFaces>
      )}
      <button type="button" onClick={onBack}>
        {words.removal.back}
      </button>
    </>
  );
}

interface ChoiceProps {
  eventId: string;
  found: Found;
  /** How many there are, in words. */
  children: ComponentChildren;
}

/** The found faces: those that match no guest are chosen at first. */
export function ChooseFaces({ eventId, found, children }: ChoiceProps) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(found.faces.filter(({ people }) => people.length === 0).map(idOf)));
  const [removal, setRemoval] = useState<Removal>("forget_faces");
  const [isBusy, setBusy] = useState(false);
  const [done, setDone] = useState<number>();
  const [fault, setFault] = useState<unknown>();
  const remove = async (submit: Event) => {
    submit.preventDefault();
    setBusy(true);
    setFault(undefined);
    const faces = found.faces.filter((face) => chosen.has(idOf(face)));
    const body = { faces: faces.map(({ photo_id, face_name }) => ({ photo_id, face_name })), removal };
    const params = { path: { event_id: eventId } };
    try {
      await ask(api.POST("/api/events/{event_id}/faces/removal", { params, body }));
      setDone(faces.length);
    } catch (error) {
      setFault(error);
    }
    setBusy(false);
  };
  const toggle = (id: string) => setChosen((before) => new Set(before.has(id) ? [...before].filter((one) => one !== id) : [...before, id]));
  if (done !== undefined) return <p role="status">{words.removal.done(done)}</p>;
  return (
    <form onSubmit={remove}>
      {fault ? <Trouble fault={fault} /> : null}
      <p>{children}</p>
      {found.total > found.faces.length && <p class="quiet">{words.removal.more(found.faces.length)}</p>}
      <ul>
        {found.faces.map((face, place) => (
          <FaceChoice key={idOf(face)} face={face} place={place + 1} isChosen={chosen.has(idOf(face))} onToggle={() => toggle(idOf(face))} />
        ))}
      </ul>
      {found.faces.length > 0 && <WhatToDo removal={removal} onChange={setRemoval} />}
      {found.faces.length > 0 && (
        <button type="submit" disabled={isBusy || chosen.size === 0}>
          {words.removal.confirm(chosen.size)}
        </button>
      )}
    </form>
  );
}

function WhatToDo({ removal, onChange }: { removal: Removal; onChange: (removal: Removal) => void }) {
  return (
    <>
      <fieldset>
        <legend>{words.removal.what}</legend>
        {(["forget_faces", "hide_photos"] as const).map((one) => (
          <label key={one}>
            <input type="radio" name="removal" checked={removal === one} onChange={() => onChange(one)} /> {words.removal.removals[one]}
          </label>
        ))}
      </fieldset>
      <p class="quiet">{words.removal.later}</p>
    </>
  );
}

function FaceChoice({ face, place, isChosen, onToggle }: { face: Similar; place: number; isChosen: boolean; onToggle: () => void }) {
  const names = face.people.map((person) => person.username || person.display_name || words.faces.gone);
  return (
    <li>
      <label>
        <input type="checkbox" checked={isChosen} onChange={onToggle} />
        <img src={face.image_url} alt={words.faces.face(place)} width="80" height="80" loading="lazy" />
        <span>
          {names.length > 0 && words.removal.taken(names.join(", "))} {face.hidden && words.removal.hidden}
        </span>
      </label>
    </li>
  );
}

function idOf({ photo_id, face_name }: Similar): string {
  return `${photo_id} ${face_name}`;
}
