/** One event: its state, and a tab for each task. */

import { text } from "#text";

import { root } from "../shared/api";
import { Screen, Trouble, Waiting } from "../shared/elements";
import type { UploadQueue } from "../shared/upload/queue";
import { useQueue } from "../shared/upload/use";
import { words } from "#words";
import { useWaitingCount } from "./approval";
import { Audit } from "./audit";
import { isOver } from "./events";
import { Guests } from "./guests";
import { useEvent } from "./live";
import { follow, type Tab } from "./navigation";
import { Photos } from "./photos";
import { Poster } from "./poster";
import { rightsOf } from "./rights";
import { Settings } from "./settings";
import { State } from "./state";

interface Props {
  eventId: string;
  tab: Tab;
  queue: UploadQueue;
  /** The signed-in account. */
  userId: string;
}

export function EventScreen({ eventId, tab: asked, queue, userId }: Props) {
  const upload = useQueue(queue);
  const { event, pace, versions, fault, isGone, reload } = useEvent(eventId);
  const approval = useWaitingCount(eventId, event);
  const change = () => Promise.all([reload(), approval.reload()]).then(() => undefined);

  if (isGone) return <Gone />;
  if (!event) {
    return (
      <main class="card">{fault ? <Trouble fault={fault} onRetry={reload} /> : <Waiting>{text.page.loading}</Waiting>}</main>
    );
  }
  const { tabs } = rightsOf(event);
  const tab = tabs.includes(asked) ? asked : "photos";
  return (
    <Screen heading={event.name} wide>
      {fault ? <Trouble fault={fault} onRetry={reload} /> : null}
      <a class="back" {...follow({ kind: "events" })}>
        {words.tabs.back}
      </a>
      <State event={event} pace={pace} />
      <nav class="tabs" aria-label={words.tabs.label}>
        {tabs.map((name) => (
          <a key={name} aria-current={name === tab ? "page" : undefined} {...follow({ kind: "event", eventId, tab: name })}>
            {words.tabs[name]}
            {name === "photos" && approval.count > 0 && (
              <span class="number" aria-hidden="true">
                {approval.count}
              </span>
            )}
          </a>
        ))}
        <a class="away" href={`${root}/e/${event.event_code}`} target="_blank" rel="noopener">
          {words.state.open}
        </a>
      </nav>
      {tab === "photos" && (
        <Photos event={event} queue={queue} upload={upload} isOpen={!isOver(event)} waiting={approval.count} version={versions.photos} onChange={change} />
      )}
      {tab === "guests" && <Guests event={event} userId={userId} version={versions.guests} onChange={reload} />}
      {tab === "poster" && <Poster event={event} />}
      {tab === "log" && <Audit eventId={eventId} />}
      {tab === "settings" && <Settings event={event} photosVersion={versions.photos} onChange={reload} />}
    </Screen>
  );
}

function Gone() {
  return (
    <Screen heading={words.gone.heading}>
      <p role="alert">{words.gone.detail}</p>
      <a class="button primary" {...follow({ kind: "events" })}>
        {words.tabs.back}
      </a>
    </Screen>
  );
}
