/** One event: its state, and a tab for each thing that one does with it. */

import { text } from "#text";

import { root } from "../shared/api";
import { Screen, Trouble, Waiting } from "../shared/elements";
import { words } from "#words";
import { isOver } from "./events";
import { Guests } from "./guests";
import { useEvent } from "./live";
import { follow, TABS, type Tab } from "./navigation";
import { Photos } from "./photos";
import { Poster } from "./poster";
import { Settings } from "./settings";
import { State } from "./state";
import { useQueue } from "./upload/panel";
import type { UploadQueue } from "./upload/queue";

export function EventScreen({ eventId, tab, queue }: { eventId: string; tab: Tab; queue: UploadQueue }) {
  const upload = useQueue(queue);
  const { event, pace, versions, fault, reload } = useEvent(eventId);

  if (!event) {
    return (
      <main class="card">{fault ? <Trouble fault={fault} onRetry={reload} /> : <Waiting>{text.page.loading}</Waiting>}</main>
    );
  }
  return (
    <Screen heading={event.name} wide>
      {fault ? <Trouble fault={fault} onRetry={reload} /> : null}
      <State event={event} pace={pace} />
      <nav class="tabs" aria-label={words.tabs.label}>
        {TABS.map((name) => (
          <a key={name} aria-current={name === tab ? "page" : undefined} {...follow({ kind: "event", eventId, tab: name })}>
            {words.tabs[name]}
          </a>
        ))}
        <a class="away" href={`${root}/e/${event.event_code}`} target="_blank" rel="noopener">
          {words.state.open}
        </a>
      </nav>
      {tab === "photos" && <Photos event={event} queue={queue} upload={upload} isOpen={!isOver(event)} version={versions.photos} onChange={reload} />}
      {tab === "guests" && <Guests event={event} version={versions.guests} onChange={reload} />}
      {tab === "poster" && <Poster event={event} />}
      {tab === "settings" && <Settings event={event} onChange={reload} />}
    </Screen>
  );
}
