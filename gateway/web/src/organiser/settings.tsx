/** Name and times; the code; the end of the event. */

import { useEffect, useState } from "preact/hooks";

import { api, ask, type Schemas } from "../shared/api";
import { confirmInWords } from "../shared/elements";
import { words } from "#words";
import { Outcome, useAttempt } from "./attempt";
import { CameraClocks } from "./cameras";
import { toInput } from "./days";
import { type EventFields, EventForm } from "./eventform";
import type { Event } from "./events";
import { go } from "./navigation";
import { Logo } from "./logo";
import { Downloads, Release, Retention } from "./offer";

/** The id of the setting. */
export const ADMISSION = "admission";
const GUEST_PHOTOS = ["off", "moderated", "open"] as const;

interface Props {
  event: Event;
  /** Changes with its photos. */
  photosVersion: string;
  onChange: () => Promise<void>;
}

export function Settings({ event, photosVersion, onChange }: Props) {
  const [isSaved, setSaved] = useState(false);
  // A link may lead to one of the settings.
  useEffect(() => void document.getElementById(location.hash.slice(1))?.focus(), []);

  const edit = async (changes: Partial<Schemas["EventEdit"]>) => {
    const params = { path: { event_id: event.id } };
    await ask(api.PATCH("/api/events/{event_id}", { params, body: { new_code: false, ...changes } }));
    await onChange();
  };
  const rename = async (fields: EventFields) => {
    setSaved(false);
    await edit(fields);
    setSaved(true);
  };
  return (
    <div class="settings">
      <section>
        <h2>{words.settings.heading}</h2>
        <EventForm
          name={event.name}
          starts={toInput(event.starts_at)}
          ends={toInput(event.expires_at)}
          submit={words.settings.save}
          onSubmit={rename}
        />
        <Outcome fault={undefined} isSaved={isSaved} />
      </section>
      <Release event={event} onEdit={edit} />
      <Downloads event={event} onEdit={edit} />
      <Logo event={event} onChange={onChange} />
      <Retention event={event} onEdit={edit} />
      <Access event={event} onEdit={edit} />
      <GuestPhotos event={event} onEdit={edit} />
      <CameraClocks eventId={event.id} version={photosVersion} />
      <Danger event={event} onEdit={edit} />
    </div>
  );
}

interface PartProps {
  event: Event;
  onEdit: (changes: Partial<Schemas["EventEdit"]>) => Promise<void>;
}

function Access({ event, onEdit }: PartProps) {
  const [ending, attempt] = useAttempt();
  const replaceCode = async () => {
    if (!(await confirmInWords(words.settings.codeQuestion, words.settings.confirmCode))) return false;
    return onEdit({ new_code: true });
  };
  return (
    <section>
      <h2>{words.settings.access}</h2>
      <label class="check">
        <input
          id={ADMISSION}
          type="checkbox"
          checked={event.admission}
          onChange={({ currentTarget: { checked } }) => attempt(() => onEdit({ admission: checked }))}
        />
        {words.settings.admission}
      </label>
      <p class="quiet">{words.settings.admissionDetail}</p>
      <p>{words.settings.codeDetail}</p>
      <button type="button" onClick={() => attempt(replaceCode)}>
        {words.settings.code}
      </button>
      <Outcome {...ending} />
    </section>
  );
}

function GuestPhotos({ event, onEdit }: PartProps) {
  const [ending, attempt] = useAttempt();
  return (
    <section>
      <h2>{words.settings.guestPhotos}</h2>
      <label for="guest-photos">{words.settings.guestPhotosQuestion}</label>
      <select
        id="guest-photos"
        value={event.guest_photos}
        onChange={(change) => {
          const guest_photos = change.currentTarget.value as Event["guest_photos"];
          attempt(() => onEdit({ guest_photos }));
        }}
      >
        {GUEST_PHOTOS.map((choice) => (
          <option key={choice} value={choice}>
            {words.settings.guestPhotosChoices[choice]}
          </option>
        ))}
      </select>
      <p class="quiet">{words.settings.guestPhotosDetail}</p>
      <Outcome {...ending} />
    </section>
  );
}

function Danger({ event, onEdit }: PartProps) {
  const [ending, attempt] = useAttempt();
  const remove = async () => {
    if (!(await confirmInWords(words.settings.deleteQuestion(event.name), words.settings.confirmDelete))) return false;
    await ask(api.DELETE("/api/events/{event_id}", { params: { path: { event_id: event.id } } }));
    return go({ kind: "events" });
  };
  return (
    <section>
      <h2>{words.settings.danger}</h2>
      <p>{words.settings.closeDetail}</p>
      <button type="button" onClick={() => attempt(() => onEdit({ closed: !event.closed }))}>
        {event.closed ? words.settings.reopen : words.settings.close}
      </button>
      <p>{words.settings.deleteDetail}</p>
      <button type="button" class="danger" onClick={() => attempt(remove)}>
        {words.settings.delete}
      </button>
      <Outcome {...ending} />
    </section>
  );
}
