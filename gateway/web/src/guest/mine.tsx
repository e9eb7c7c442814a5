/** The photos that a guest added: who sees them, and buttons to delete them. */

import { text } from "#text";
import { useCallback, useEffect, useState } from "preact/hooks";

import { api, ask, type Schemas } from "../shared/api";
import { confirmInWords, Trouble } from "../shared/elements";

type Upload = Schemas["UploadedPhoto"];

const PAGE_SIZE = 50;

export function Mine({ eventId }: { eventId: string }) {
  const [photos, setPhotos] = useState<readonly Upload[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [fault, setFault] = useState<unknown>();

  const load = useCallback(
    async (from: string) => {
      setFault(undefined);
      try {
        const query = { event_id: eventId, limit: PAGE_SIZE, cursor: from };
        const page = await ask(api.GET("/api/my-uploads", { params: { query } }));
        setPhotos((shown) => (from ? [...shown, ...page.photos] : page.photos));
        setCursor(page.next_cursor);
      } catch (error) {
        setFault(error);
      }
    },
    [eventId],
  );
  useEffect(() => void load(""), [load]);

  const remove = async (photo: Upload) => {
    if (!(await confirmInWords(text.mine.deleteQuestion, text.you.confirm))) return;
    try {
      await ask(api.DELETE("/api/photos/{photo_id}", { params: { path: { photo_id: photo.id } } }));
      setPhotos((shown) => shown.filter(({ id }) => id !== photo.id));
    } catch (error) {
      setFault(error);
    }
  };
  if (photos.length === 0 && !fault) return null;
  return (
    <section>
      <h2>{text.mine.heading}</h2>
      {fault ? <Trouble fault={fault} onRetry={() => void load("")} /> : null}
      <ul class="mine">
        {photos.map((photo) => (
          <li key={photo.id}>
            {photo.thumb_url ? <img src={photo.thumb_url} alt={photo.filename} loading="lazy" /> : <span>{photo.filename}</span>}
            <small>{describe(photo)}</small>
            <button type="button" aria-label={text.mine.deleteOne(photo.filename)} onClick={() => void remove(photo)}>
              {text.mine.delete}
            </button>
          </li>
        ))}
      </ul>
      {cursor && (
        <button type="button" onClick={() => void load(cursor)}>
          {text.mine.more}
        </button>
      )}
    </section>
  );
}

function describe({ status, visibility }: Upload): string {
  if (status === "failed") return text.mine.failed;
  if (visibility === "unapproved" || visibility === "hidden") return text.mine[visibility];
  if (status === "pending") return text.mine.pending;
  return visibility === "everyone" ? text.mine.everyone : text.mine.shown;
}
