/** The outcome of the last selfie, unless it is done. */

import { text } from "#text";
import { useState } from "preact/hooks";

import { Waiting } from "../shared/elements";
import { keep, recall } from "../shared/storage";
import type { SelfieStatus } from "./selfie";

/** The notice that the guest has dismissed. */
const SEEN = "minois_notice";

export function SelfieNotice({ status, onSelfie }: { status: SelfieStatus; onSelfie?: () => void }) {
  const [seen, setSeen] = useState(() => recall(SEEN));
  const mark = `${status.started_at} ${status.reason}`;
  if (status.status === "running") {
    return (
      <div class="toast">
        <Waiting>{text.progress.searching}</Waiting>
      </div>
    );
  }
  if ((status.status !== "validation_failed" && status.status !== "error") || seen === mark) return null;
  return (
    <div class="trouble" role="alert">
      <p>
        <strong>{text.gallery.rejected}</strong> {status.reason ? text.rejections[status.reason] : status.message}
      </p>
      {status.has_earlier && <p>{text.gallery.earlier}</p>}
      {status.reason !== "matching_failed" && onSelfie && (
        <button type="button" class="primary" onClick={onSelfie}>
          {text.progress.retry}
        </button>
      )}
      {(status.has_earlier || !onSelfie) && (
        <button type="button" onClick={() => (setSeen(mark), keep(SEEN, mark))}>
          {text.gallery.dismiss}
        </button>
      )}
    </div>
  );
}
