/** Name and times of an event. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { Failure } from "../shared/api";
import { Trouble } from "../shared/elements";
import { words } from "#words";
import { beginningOf, endOf, inOneYear } from "./days";

export interface EventFields {
  name: string;
  starts_at: string | null;
  expires_at: string | null;
}

interface Props {
  name: string;
  /** As date inputs show them; empty: none. */
  starts: string;
  ends: string;
  submit: string;
  onSubmit: (fields: EventFields) => Promise<void>;
  children?: ComponentChildren;
}

export function EventForm(props: Props) {
  const [name, setName] = useState(props.name);
  const [starts, setStarts] = useState(props.starts);
  const [ends, setEnds] = useState(props.ends);
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<unknown>();

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault(undefined);
    try {
      await props.onSubmit({ name, starts_at: beginningOf(starts), expires_at: endOf(ends) });
    } catch (error) {
      setFault(error);
    } finally {
      setBusy(false);
    }
  };
  const wrong = fault instanceof Failure && words.fieldReasons[fault.fields.expires_at ?? ""];
  return (
    <form onSubmit={(event) => void submit(event)}>
      {wrong ? (
        <p class="trouble" role="alert">
          {wrong}
        </p>
      ) : fault ? (
        <Trouble fault={fault} />
      ) : null}
      <label for="event-name">{words.newEvent.name}</label>
      <input
        id="event-name"
        type="text"
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
        placeholder={words.newEvent.namePlaceholder}
        maxLength={200}
        autocomplete="off"
        required
      />
      <label for="event-starts">{words.newEvent.starts}</label>
      <input id="event-starts" type="date" value={starts} max={ends || undefined} onInput={(event) => setStarts(event.currentTarget.value)} />
      <label for="event-ends">{words.newEvent.ends}</label>
      <input
        id="event-ends"
        type="date"
        value={ends}
        min={starts || undefined}
        onInput={(event) => setEnds(event.currentTarget.value)}
        required={ends !== ""}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={ends === ""}
          onChange={(event) => setEnds(event.currentTarget.checked ? "" : props.ends || inOneYear())}
        />
        {words.newEvent.never}
      </label>
      <button type="submit" class="primary" disabled={isBusy}>
        {props.submit}
      </button>
      {props.children}
    </form>
  );
}
