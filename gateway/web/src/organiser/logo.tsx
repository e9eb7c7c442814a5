/** The logo of an event: choose, show, remove. */

import { useState } from "preact/hooks";

import { api, ask, Failure } from "../shared/api";
import { words } from "#words";
import { Outcome, useAttempt } from "./attempt";
import type { Event } from "./events";

const MAX_BYTES = 1_000_000;
const FORMATS = "image/png,image/jpeg,image/webp";

export function Logo({ event, onChange }: { event: Event; onChange: () => Promise<void> }) {
  const [ending, attempt] = useAttempt();
  const [isBusy, setBusy] = useState(false);
  const params = { path: { event_id: event.id } };
  const change = (work: () => Promise<unknown>) => {
    setBusy(true);
    attempt(() =>
      work()
        .then(onChange)
        .finally(() => setBusy(false)),
    );
  };
  const choose = (file: File) =>
    change(async () => {
      if (file.size > MAX_BYTES) throw new Failure("too_large");
      const body = file as unknown as string; // the types lack binary bodies
      await ask(
        api.PUT("/api/events/{event_id}/logo", {
          params,
          body,
          bodySerializer: (sent) => sent,
          headers: { "Content-Type": file.type || "application/octet-stream" },
        }),
      );
    });
  return (
    <section>
      <h2>{words.logo.heading}</h2>
      <p class="quiet" id="logo-detail">
        {words.logo.detail}
      </p>
      {event.logo_url && <img class="logo" src={event.logo_url} alt={words.logo.heading} />}
      <label class="button">
        {event.logo_url ? words.logo.replace : words.logo.choose}
        <input
          id="logo"
          type="file"
          accept={FORMATS}
          aria-describedby="logo-detail"
          disabled={isBusy}
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? [];
            if (file) choose(file);
            currentTarget.value = "";
          }}
        />
      </label>
      {event.logo_url && (
        <button type="button" class="danger" disabled={isBusy} onClick={() => change(() => ask(api.DELETE("/api/events/{event_id}/logo", { params })))}>
          {words.logo.remove}
        </button>
      )}
      <Outcome {...ending} />
    </section>
  );
}
