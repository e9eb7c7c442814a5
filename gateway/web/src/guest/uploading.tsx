/** Photos of a guest on their way: how far they are, and which were not added. */

import { text } from "#text";

import { sortFiles } from "../shared/upload/files";
import type { Item } from "../shared/upload/items";
import type { Snapshot, UploadQueue } from "../shared/upload/queue";
import { UploadQueues } from "../shared/upload/queues";
import { useQueue } from "../shared/upload/use";
import type { PanelProps } from "./adding";

/** A phone sends over one radio. */
const SENDERS = 2;

const queues = new UploadQueues(SENDERS);
const skipped = new Map<string, number>();
addEventListener("beforeunload", (leaving) => queues.isBusy && leaving.preventDefault());

interface Adder {
  add: (files: readonly File[]) => void;
}

/** Takes pictures alone; how many other files were chosen last is kept for the panel. */
export function queueOf(eventId: string): Adder {
  return {
    add: (files) => {
      const found = sortFiles(files);
      skipped.set(eventId, found.skipped);
      queues.of(eventId).add(found.pictures);
    },
  };
}

export function UploadPanel({ event, onClose }: PanelProps) {
  const queue = queues.of(event.event_id);
  const upload = useQueue(queue);
  const isDone = upload.state === "done" || upload.state === "empty";
  return (
    <section class="toast sending" aria-label={text.adding.heading}>
      <div>
        {upload.state !== "empty" && <progress value={upload.progress} aria-label={text.adding.heading} />}
        <p role="status">{describe(upload, event.guest_photos === "moderated", skipped.get(event.event_id) ?? 0)}</p>
        {upload.failures.length > 0 && <Failures queue={queue} failures={upload.failures} />}
      </div>
      {upload.state === "stopped" && (
        <button type="button" onClick={() => queue.resume()}>
          {text.adding.resume}
        </button>
      )}
      {/* Has its place from the beginning, so that nothing moves. */}
      <button type="button" class={isDone || upload.state === "stopped" ? undefined : "unseen"} onClick={onClose}>
        {text.adding.close}
      </button>
    </section>
  );
}

function describe(upload: Snapshot, isModerated: boolean, skippedCount: number): string {
  const parts: string[] = [];
  if (upload.count > 0) parts.push(`${text.adding.counts(upload.kept + upload.known, upload.count)}.`);
  if (upload.known > 0) parts.push(`${text.adding.known(upload.known)}.`);
  if (upload.state === "stopped" && upload.fault) parts.push(text.reasons[upload.fault]);
  if (upload.state === "offline") parts.push(text.adding.offline);
  if (upload.state === "running") parts.push(text.adding.keepOpen);
  if (upload.state === "done" && upload.kept > 0) parts.push(isModerated ? text.adding.moderated : text.adding.open);
  if (skippedCount > 0 && upload.state !== "running") parts.push(text.adding.nothing);
  return parts.join(" ");
}

function Failures({ queue, failures }: { queue: UploadQueue; failures: readonly Item[] }) {
  return (
    <details open>
      <summary>{text.adding.failures(failures.length)}</summary>
      <ul>
        {failures.map((item) => (
          <li key={item.file}>
            <strong>{item.file.name}</strong> {explain(item)}
          </li>
        ))}
      </ul>
      <button type="button" onClick={() => queue.retry(failures)}>
        {text.adding.retry}
      </button>
    </details>
  );
}

function explain({ reason = "internal" }: Item): string {
  return reason === "file_gone" ? text.adding.gone : text.reasons[reason];
}
