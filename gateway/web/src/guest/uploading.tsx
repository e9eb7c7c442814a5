/** The upload of a guest's photos: its progress, and which files were not added. Above everything else, so that nothing
 * moves. */

import { text } from "#text";

import { mayRepeat, Trouble, Waiting } from "../shared/elements";
import type { Membership } from "../shared/session";
import type { Item } from "../shared/upload/items";
import type { Snapshot, UploadQueue } from "../shared/upload/queue";
import { useQueue } from "../shared/upload/use";
import type { Adding } from "./adding";

export function Uploading({ adding, event }: { adding: Adding; event: Membership }) {
  const { state, queue, fault, close } = adding;
  if (fault) {
    return (
      <div class="toast sending">
        <Trouble fault={fault} onRetry={close} />
      </div>
    );
  }
  if (state === "preparing") {
    return (
      <div class="toast">
        <Waiting>{text.adding.preparing}</Waiting>
      </div>
    );
  }
  return state === "open" && queue ? <Panel adding={adding} queue={queue} event={event} /> : null;
}

function Panel({ adding, queue, event }: { adding: Adding; queue: UploadQueue; event: Membership }) {
  const upload = useQueue(queue);
  const mayClose = ["done", "empty", "stopped"].includes(upload.state);
  return (
    <section class="toast sending" aria-label={text.adding.heading}>
      <div>
        {upload.state !== "empty" && <progress value={upload.progress} aria-label={text.adding.heading} />}
        <p role="status">{describe(upload, event.guest_photos === "moderated", adding.skipped)}</p>
        {upload.failures.length > 0 && <Failures queue={queue} failures={upload.failures} />}
      </div>
      {upload.state === "stopped" && (
        <button type="button" onClick={() => queue.resume()}>
          {text.adding.resume}
        </button>
      )}
      {/* Has its place from the beginning, so that nothing moves. */}
      <button type="button" class={mayClose ? undefined : "unseen"} onClick={adding.close}>
        {text.adding.close}
      </button>
    </section>
  );
}

function describe(upload: Snapshot, isModerated: boolean, skipped: number): string {
  const parts: string[] = [];
  if (upload.count > 0) parts.push(`${text.adding.counts(upload.kept + upload.known, upload.count)}.`);
  if (upload.known > 0) parts.push(`${text.adding.known(upload.known)}.`);
  if (upload.state === "stopped" && upload.fault) parts.push(text.reasons[upload.fault]);
  if (upload.state === "offline") parts.push(text.adding.offline);
  if (upload.state === "running") parts.push(text.adding.keepOpen);
  if (upload.state === "done" && upload.kept > 0) parts.push(isModerated ? text.adding.moderated : text.adding.open);
  if (skipped > 0 && upload.state !== "running") parts.push(text.adding.nothing);
  return parts.join(" ");
}

function Failures({ queue, failures }: { queue: UploadQueue; failures: readonly Item[] }) {
  const repeatable = failures.filter(({ reason = "internal" }) => reason !== "file_gone" && mayRepeat(reason));
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
      {repeatable.length > 0 && (
        <button type="button" onClick={() => queue.retry(repeatable)}>
          {text.adding.retry}
        </button>
      )}
    </details>
  );
}

function explain({ reason = "internal" }: Item): string {
  return reason === "file_gone" ? text.adding.gone : text.reasons[reason];
}
