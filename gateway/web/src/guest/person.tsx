/** A person that a guest has added, with a name and a consent: add, rename, delete. */

import { text } from "#text";
import { useState } from "preact/hooks";

import { api, ask, randomId, root } from "../shared/api";
import { confirmInWords, Screen, Trouble } from "../shared/elements";
import { type OpenCamera, openCamera } from "./camera";
import { ConsentBox, CONSENT_VERSION } from "./consent";
import type { Person } from "./people";
import type { SelfieStatus } from "./selfie";

const NAME_LENGTH = 40;

interface AddProps {
  onAdded: (person: Person, camera: OpenCamera) => void;
  onBack: () => void;
}

export function AddPerson({ onAdded, onBack }: AddProps) {
  const [name, setName] = useState("");
  const [agreed, setAgreed] = useState(false);
  const [reminded, setReminded] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const [requestId] = useState(randomId);
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!agreed) return setReminded(true);
    const camera = openCamera("environment"); // while handling the tap, as browsers require
    try {
      const body = { name, consent_version: CONSENT_VERSION };
      const params = { header: { "idempotency-key": requestId } };
      onAdded(await ask(api.POST("/api/people", { body, params })), camera);
    } catch (error) {
      camera.close();
      setFault(error);
    }
  };
  return (
    <Screen heading={text.people.add}>
      <p>{text.people.addDetail}</p>
      <form onSubmit={(event) => void add(event)}>
        <NameField name={name} onInput={setName} />
        <ConsentBox
          label={text.people.consent}
          detail={text.people.consentDetail}
          agreed={agreed}
          reminded={reminded}
          onChange={setAgreed}
        />
        {fault ? <Trouble fault={fault} /> : null}
        <button type="submit" class="primary">
          {text.people.takePicture}
        </button>
        <button type="button" class="quiet" onClick={onBack}>
          {text.camera.back}
        </button>
      </form>
    </Screen>
  );
}

interface PersonProps {
  person: Person;
  status: SelfieStatus;
  onSelfie?: () => void;
  onRenamed: () => Promise<unknown>;
  onDeleted: () => Promise<unknown>;
  onBack: () => void;
}

/** The data of a person, and how to delete it. */
export function PersonScreen({ person, status, onSelfie, onRenamed, onDeleted, onBack }: PersonProps) {
  const [name, setName] = useState(person.name);
  const [fault, setFault] = useState<unknown>();
  const params = { path: { person_id: person.id } };
  const attempt = (work: () => Promise<unknown>) => {
    setFault(undefined);
    work().catch(setFault);
  };
  const rename = async () => {
    await ask(api.PATCH("/api/people/{person_id}", { params, body: { name } }));
    await onRenamed();
  };
  const remove = async () => {
    if (!(await confirmInWords(text.people.deleteQuestion(person.name), text.you.confirm))) return;
    await ask(api.DELETE("/api/people/{person_id}", { params }));
    await onDeleted();
  };
  const isKept = status.status !== "idle";
  return (
    <Screen heading={person.name}>
      <button type="button" class="quiet" onClick={onBack}>
        {text.you.back}
      </button>
      {fault ? <Trouble fault={fault} /> : null}
      <section>
        <h2>{text.people.picture(person.name)}</h2>
        {person.selfies > 0 && (
          <img class="selfie" src={`${root}/api/my-selfie?person=${person.id}`} alt={text.people.picture(person.name)} />
        )}
        {onSelfie && (
          <button type="button" onClick={onSelfie}>
            {isKept ? text.people.newPicture : text.people.takePicture}
          </button>
        )}
      </section>
      <section>
        <form onSubmit={(event) => (event.preventDefault(), attempt(rename))}>
          <NameField name={name} onInput={setName} />
          <button type="submit">{text.people.rename}</button>
        </form>
      </section>
      <section>
        <p class="quiet">{text.people.kept}</p>
        <button type="button" class="danger" onClick={() => attempt(remove)}>
          {text.people.delete(person.name)}
        </button>
      </section>
    </Screen>
  );
}

function NameField({ name, onInput }: { name: string; onInput: (name: string) => void }) {
  return (
    <>
      <label for="person">{text.people.name}</label>
      <input
        id="person"
        value={name}
        onInput={(event) => onInput(event.currentTarget.value)}
        autocomplete="off"
        maxLength={NAME_LENGTH}
        required
      />
    </>
  );
}
