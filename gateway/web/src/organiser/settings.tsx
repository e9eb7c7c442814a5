/** Name and times; the code; the end of the event. */

import { useState } from "preact/hooks";

import { api, ask, type Schemas } from "../shared/api";
import { confirmInWords, Trouble } from "../shared/elements";
import { words } from "#words";
import { CameraClocks } from "./cameras";
import { toInput } from "./days";
import { EventForm } from "./eventform";
import type { Event } from "./events";
import { go } from "./navigation";
import { Logo } from "./logo";
import { Downloads, Release, Retention } from "./offer";

const GUEST_PHOTOS = ["off", "moderated", "open"] as const;

interface Props {
  event: Event;
  /** Another one after each change of its photos. */
  photosVersion: string;
  onChange: () => Promise<void>;
}

export function Settings({ event, photosVersion, onChange }: Props) {
  const [fault, setFault] = useState<unknown>();
  const [isSaved, setSaved] = useState(false);
  const params = { path: { event_id: event.id } };

  const edit = async (changes: Partial<Schemas["EventEdit"]>) => {
    setSaved(false);
    await ask(api.PATCH("/api/events/{event_id}", { params, body: { new_code: false, ...changes } }));
    await onChange();
    setSaved(true);
  };
  const attempt = (work: () => Promise<unknown>) => () => {
    setFault(undefined);
    work().catch(setFault);
  };
  const replaceCode = attempt(async () => {
    if (await confirmInWords(words.settings.codeQuestion, words.settings.confirmCode)) await edit({ new_code: true });
  });
  const remove = attempt(async () => {
    if (!(await confirmInWords(words.settings.deleteQuestion(event.name), words.settings.confirmDelete))) return;
    await ask(api.DELETE("/api/events/{event_id}", { params }));
    go({ kind: "events" });
  });
  return (
    <div class="settings">
      <section>
        <h2>{words.settings.heading}</h2>
        {fault ? <Trouble fault={fault} /> : null}
        <EventForm
          name={event.name}
          starts={toInput(event.starts_at)}
          ends={toInput(event.expires_at)}
          submit={words.settings.save}
          onSubmit={edit}
        />
        <p role="status">{isSaved && words.settings.saved}</p>
      </section>
      <Release event={event} onEdit={edit} />
      <Downloads event={event} onEdit={edit} />
      <Logo event={event} onChange={onChange} />
      <Retention event={event} onEdit={edit} />
      <section>
        <h2>{words.settings.access}</h2>
        <label class="check">
          <input
            type="checkbox"
            checked={event.admission}
            onChange={(change) => attempt(() => edit({ admission: change.currentTarget.checked }))()}
          />
          {words.settings.admission}
        </label>
        <p class="quiet">{words.settings.admissionDetail}</p>
        <p>{words.settings.codeDetail}</p>
        <button type="button" onClick={replaceCode}>
          {words.settings.code}
        </button>
      </section>
      <section>
        <h2>{words.settings.guestPhotos}</h2>
        <label for="guest-photos">{words.settings.guestPhotosQuestion}</label>
        <select
          id="guest-photos"
          value={event.guest_photos}
          onChange={(change) => {
            const guest_photos = change.currentTarget.value as Event["guest_photos"];
            attempt(() => edit({ guest_photos }))();
          }}
        >
          {GUEST_PHOTOS.map((choice) => (
            <option key={choice} value={choice}>
              {words.settings.guestPhotosChoices[choice]}
            </option>
          ))}
        </select>
        <p class="quiet">{words.settings.guestPhotosDetail}</p>
      </section>
      <CameraClocks eventId={event.id} version={photosVersion} />
      <section>
        <h2>{words.settings.danger}</h2>
        <p>{words.settings.closeDetail}</p>
        <button type="button" onClick={attempt(() => edit({ closed: !event.closed }))}>
          {event.closed ? words.settings.reopen : words.settings.close}
        </button>
        <p>{words.settings.deleteDetail}</p>
        <button type="button" class="danger" onClick={remove}>
          {words.settings.delete}
        </button>
      </section>
    </div>
  );
}
