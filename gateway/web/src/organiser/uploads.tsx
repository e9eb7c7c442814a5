/** Adds photos: the drop area, the progress, and the failed files. */

import { text } from "#text";
import { useState } from "preact/hooks";

import { words } from "#words";
import { type Found, readDrop, sortFiles } from "../shared/upload/files";
import type { Item } from "../shared/upload/items";
import type { Snapshot, UploadQueue } from "../shared/upload/queue";
import { showDuration } from "./state";

/** The skipped files. */
const SHOWN_NAMES = 5;

export function UploadPanel({ queue, upload }: { queue: UploadQueue; upload: Snapshot }) {
  const [isOver, setOver] = useState(false);
  const [isLooking, setLooking] = useState(false);
  const [notice, setNotice] = useState("");
  const [replace, setReplace] = useState(false);

  const add = (found: Found) => {
    setNotice(
      found.pictures.length === 0 ? words.upload.nothing : found.skipped.length > 0 ? describeSkipped(found.skipped) : "",
    );
    queue.add(found.pictures, replace);
    setReplace(false); // applies once: files added later may have the same names by accident
  };
  const choose = (event: Event & { currentTarget: HTMLInputElement }) => {
    add(sortFiles(event.currentTarget.files ?? []));
    event.currentTarget.value = ""; // the same folder can be chosen again
  };
  const drop = async (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (!event.dataTransfer) return;
    setLooking(true);
    add(await readDrop(event.dataTransfer));
    setLooking(false);
  };
  return (
    <section
      class="upload"
      aria-label={words.upload.heading}
      data-over={isOver || undefined}
      onDragOver={(event) => (event.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => void drop(event)}
    >
      <div class="drop">
        <p>{isLooking ? words.upload.looking : words.upload.drop}</p>
        <label class="button">
          {words.upload.files}
          <input type="file" accept="image/*,.heic,.heif,.avif" multiple onChange={choose} />
        </label>
        <label class="button">
          {words.upload.folder}
          <input type="file" ref={(input) => input?.setAttribute("webkitdirectory", "")} onChange={choose} />
        </label>
        <label class="check">
          <input type="checkbox" checked={replace} onChange={(change) => setReplace(change.currentTarget.checked)} />
          {words.upload.replace}
        </label>
        {replace && <p class="quiet">{words.upload.replaceDetail}</p>}
      </div>
      {notice && <p role="status">{notice}</p>}
      {upload.state !== "empty" && <Progress queue={queue} upload={upload} />}
      {upload.failures.length > 0 && <Failures queue={queue} failures={upload.failures} />}
    </section>
  );
}

function Progress({ queue, upload }: { queue: UploadQueue; upload: Snapshot }) {
  const isRunning = upload.state === "running";
  const parts = [words.upload.counts(upload.kept + upload.known, upload.count)];
  if (upload.known > 0) parts.push(words.upload.known(upload.known));
  if (upload.replaced > 0) parts.push(words.upload.replaced(upload.replaced));
  if (upload.ambiguous > 0) parts.push(words.upload.ambiguous(upload.ambiguous));
  if (isRunning && upload.bytesPerS > 0) parts.push(words.upload.speed((upload.bytesPerS / 1e6).toFixed(1)));
  if (isRunning && upload.leftS !== undefined) parts.push(words.state.left(showDuration(upload.leftS)));
  return (
    <>
      <progress value={upload.progress} aria-label={words.upload.progress} />
      <p role="status" class="upload-state">
        {describe(upload)} {parts.join(" · ")}
      </p>
      {isRunning && (
        <button type="button" onClick={() => queue.pause()}>
          {words.upload.pause}
        </button>
      )}
      {(upload.state === "paused" || upload.state === "stopped") && (
        <button type="button" class="primary" onClick={() => queue.resume()}>
          {words.upload.resume}
        </button>
      )}
      {upload.state !== "done" && <p class="quiet">{words.upload.keepOpen}</p>}
    </>
  );
}

function describeSkipped(names: readonly string[]): string {
  const more = names.length > SHOWN_NAMES ? " …" : "";
  return words.upload.skipped(names.length, names.slice(0, SHOWN_NAMES).join(", ") + more);
}

function describe(upload: Snapshot): string {
  const { state, fault, failures } = upload;
  if (state === "done") return failures.length > 0 ? words.upload.doneExcept(failures.length) : words.upload.done;
  if (state === "stopped" && fault) return fault === "invalid_token" ? words.upload.signInAgain : text.reasons[fault];
  if (state === "paused") return words.upload.paused;
  return state === "offline" ? words.upload.offline : "";
}

function Failures({ queue, failures }: { queue: UploadQueue; failures: readonly Item[] }) {
  return (
    <details class="failures" open>
      <summary>{words.upload.failures(failures.length)}</summary>
      <button type="button" onClick={() => queue.retry(failures)}>
        {words.upload.retryAll}
      </button>
      <ul>
        {failures.map((item) => (
          <li key={item.file}>
            <strong>{item.file.name}</strong> {explain(item)}{" "}
            <button type="button" class="link" onClick={() => queue.retry([item])}>
              {words.upload.retry}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

function explain({ reason = "internal" }: Item): string {
  const own: Partial<Record<string, string>> = words.fileReasons;
  return own[reason] ?? (reason === "file_gone" ? words.fileReasons.file_gone : text.reasons[reason]);
}
