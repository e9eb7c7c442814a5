/** A new event: its name is enough. */

import { useLayoutEffect } from "preact/hooks";

import { api, ask } from "../shared/api";
import { Screen } from "../shared/elements";
import { words } from "#words";
import { inOneYear } from "./days";
import { EventForm, type EventFields } from "./eventform";
import { follow, go } from "./navigation";

export function NewEvent() {
  // The name is the first thing to type here.
  useLayoutEffect(() => document.getElementById("event-name")?.focus(), []);
  const create = async (fields: EventFields) => {
    const event = await ask(api.POST("/api/events", { body: { ...fields, admission: false, guest_photos: "off", release: "live", download: "original" } }));
    go({ kind: "event", eventId: event.id, tab: "photos" });
  };
  return (
    <Screen heading={words.newEvent.heading}>
      <EventForm name="" starts="" ends={inOneYear()} submit={words.newEvent.create} onSubmit={create}>
        <a class="button" {...follow({ kind: "events" })}>
          {words.newEvent.cancel}
        </a>
      </EventForm>
    </Screen>
  );
}
