/** The offer to guests: release of the photos, downloads, the photographer's name, and retention. */

import { useState } from "preact/hooks";

import type { Schemas } from "../shared/api";
import { confirmInWords, showDay } from "../shared/elements";
import { words } from "#words";
import { Outcome, useAttempt } from "./attempt";
import { beginningOf, toInput } from "./days";
import type { Event } from "./events";

interface Props {
  event: Event;
  onEdit: (changes: Partial<Schemas["EventEdit"]>) => Promise<void>;
}

const SIZES = ["original", "preview", "none"] as const;
const MAX_KEEP_DAYS = 3650;

export function Release({ event, onEdit }: Props) {
  const [ending, attempt] = useAttempt();
  const [day, setDay] = useState(toInput(event.releases_at ?? null));
  const hold = async () => {
    if (!(await confirmInWords(words.offer.holdQuestion, words.offer.confirmHold))) return false;
    return onEdit({ release: "held" });
  };
  const release = async () => {
    if (!(await confirmInWords(words.offer.releaseQuestion, words.offer.confirmRelease))) return false;
    return onEdit({ release: "live" });
  };
  return (
    <section>
      <h2>{words.offer.release}</h2>
      {event.release === "live" ? (
        <>
          <p>{words.offer.live}</p>
          <p class="quiet">{words.offer.holdDetail}</p>
          <button type="button" onClick={() => attempt(hold)}>
            {words.offer.hold}
          </button>
        </>
      ) : (
        <>
          <p>{event.releases_at ? words.offer.heldUntil(showDay(event.releases_at)) : words.offer.held}</p>
          <p class="quiet">{words.offer.holdDetail}</p>
          <form
            onSubmit={(submit) => {
              submit.preventDefault();
              attempt(() => onEdit({ releases_at: beginningOf(day) }));
            }}
          >
            <label for="release-day">{words.offer.day}</label>
            <input id="release-day" type="date" value={day} onInput={(input) => setDay(input.currentTarget.value)} />
            <button type="submit">{words.offer.saveDay}</button>
          </form>
          <button type="button" class="primary" onClick={() => attempt(release)}>
            {words.offer.releaseNow}
          </button>
        </>
      )}
      <Outcome {...ending} />
    </section>
  );
}

export function Downloads({ event, onEdit }: Props) {
  const [ending, attempt] = useAttempt();
  const [name, setName] = useState(event.credit?.name ?? "");
  const [url, setUrl] = useState(event.credit?.url ?? "");
  const [download, setDownload] = useState(event.download);
  const save = (submit: SubmitEvent) => {
    submit.preventDefault();
    attempt(() => onEdit({ credit: name.trim() ? { name, url } : null, download }));
  };
  return (
    <section>
      <h2>{words.offer.photographer}</h2>
      <form onSubmit={save}>
        <label for="credit-name">{words.offer.creditName}</label>
        <input
          id="credit-name"
          type="text"
          value={name}
          onInput={(input) => setName(input.currentTarget.value)}
          maxLength={100}
          autocomplete="off"
          required={url !== ""}
        />
        <label for="credit-url">{words.offer.creditUrl}</label>
        <input
          id="credit-url"
          type="url"
          value={url}
          onInput={(input) => setUrl(input.currentTarget.value)}
          placeholder="https://"
          pattern="https://.*"
          title={words.offer.creditUrlTitle}
          maxLength={500}
          autocomplete="off"
        />
        <label for="download">{words.offer.download}</label>
        <select
          id="download"
          value={download}
          onChange={(change) => setDownload(SIZES.find((size) => size === change.currentTarget.value) ?? "original")}
        >
          {SIZES.map((size) => (
            <option key={size} value={size}>
              {words.offer.downloads[size]}
            </option>
          ))}
        </select>
        <button type="submit">{words.offer.saveDownloads}</button>
      </form>
      <Outcome {...ending} />
    </section>
  );
}

export function Retention({ event, onEdit }: Props) {
  const [ending, attempt] = useAttempt();
  const [days, setDays] = useState(String(event.keep_days ?? ""));
  const save = (submit: SubmitEvent) => {
    submit.preventDefault();
    attempt(() => onEdit({ keep_days: days ? Number(days) : null }));
  };
  const keep = async () => {
    await onEdit({ keep_days: null });
    setDays("");
  };
  return (
    <section>
      <h2>{words.offer.retention}</h2>
      {event.deletes_at ? (
        <p>{event.hidden ? words.offer.hidden(showDay(event.deletes_at)) : words.offer.deletedOn(showDay(event.deletes_at))}</p>
      ) : (
        <p class="trouble">{event.keep_days ? words.offer.noEnd : words.offer.neverDeleted}</p>
      )}
      {event.hidden && (
        <button type="button" class="primary" onClick={() => attempt(keep)}>
          {words.offer.keep}
        </button>
      )}
      <form onSubmit={save}>
        <label for="keep-days">{words.offer.keepDays}</label>
        <input
          id="keep-days"
          type="number"
          inputMode="numeric"
          min={1}
          max={MAX_KEEP_DAYS}
          value={days}
          onInput={(input) => setDays(input.currentTarget.value)}
        />
        <p class="quiet">{words.offer.keepDetail}</p>
        <button type="submit">{words.offer.saveRetention}</button>
      </form>
      <Outcome {...ending} />
    </section>
  );
}
