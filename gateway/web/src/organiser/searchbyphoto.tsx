/** The search for a person who is no guest by a photo that the organiser has of them. Loaded on demand. */

import { render } from "preact";
import { useState } from "preact/hooks";

import { api, ask, Failure, type Schemas } from "../shared/api";
import { Trouble, Waiting } from "../shared/elements";
import { words } from "#words";
import { ChooseFaces } from "./removal";

const MAX_BYTES = 15_000_000;

/** Calls `onClose` when the dialog is closed: photos may have been hidden. */
export function openSearch(eventId: string, onClose: () => void): void {
  const dialog = document.createElement("dialog");
  dialog.className = "faces";
  dialog.setAttribute("aria-label", words.removal.heading);
  dialog.onclose = () => {
    render(null, dialog);
    dialog.remove();
    onClose();
  };
  document.body.append(dialog);
  render(<SearchByPhoto eventId={eventId} onClose={() => dialog.close()} />, dialog);
  dialog.showModal();
}

function SearchByPhoto({ eventId, onClose }: { eventId: string; onClose: () => void }) {
  const [found, setFound] = useState<Schemas["SimilarFaces"]>();
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const search = async (file: File) => {
    setBusy(true);
    setFound(undefined);
    setFault(undefined);
    try {
      setFound(await send(eventId, file));
    } catch (error) {
      setFault(error);
    }
    setBusy(false);
  };
  return (
    <>
      <h2>{words.removal.heading}</h2>
      <p class="quiet" id="search-detail">
        {words.removal.uploadDetail}
      </p>
      <label class="button">
        {words.removal.upload}
        <input
          type="file"
          accept="image/*,.heic,.heif,.avif"
          aria-describedby="search-detail"
          disabled={isBusy}
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? [];
            if (file) void search(file);
            currentTarget.value = "";
          }}
        />
      </label>
      {fault ? <Trouble fault={fault} /> : null}
      {isBusy && <Waiting>{words.removal.searching}</Waiting>}
      {found && (
        <ChooseFaces eventId={eventId} found={found}>
          {words.removal.foundLike(found.total)}
        </ChooseFaces>
      )}
      <button type="button" onClick={onClose}>
        {words.removal.close}
      </button>
    </>
  );
}

async function send(eventId: string, file: File): Promise<Schemas["SimilarFaces"]> {
  if (file.size > MAX_BYTES) throw new Failure("too_large");
  const form = new FormData();
  form.append("file", file, "photo"); // the file name may contain a name, so it is not sent
  const body = form as unknown as { file: string }; // the types lack forms
  const params = { path: { event_id: eventId } };
  return ask(api.POST("/api/events/{event_id}/faces/search", { params, body, bodySerializer: (sent) => sent }));
}
