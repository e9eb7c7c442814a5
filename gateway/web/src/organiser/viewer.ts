/** One photo at full size. Loaded when the first one is opened. */

import type PhotoSwipe from "photoswipe";
import type { SlideData } from "photoswipe";

import { showTime } from "../shared/elements";
import { makeViewer } from "../shared/viewing";
import { words } from "#words";
import type { Photo } from "./list";

const PREVIEW_PX = 1600;

/** Only photos that have been read can be shown. */
export function openViewer(
  photos: readonly Photo[],
  index: number,
  tile: HTMLElement,
  nameOf: (userId: string | null) => string,
  /** The event whose faces the user may see, if any. */
  eventId?: string,
): void {
  const describeOrigin = ({ filename, from_guest, uploader_id, taken_at }: Photo) => {
    const parts = [filename];
    if (from_guest && nameOf(uploader_id)) parts.push(words.photos.from(nameOf(uploader_id)));
    if (taken_at !== null) parts.push(showTime(taken_at));
    return parts.join(" · ");
  };
  const readable = photos.filter((photo) => photo.preview_url !== null);
  const opened = photos[index];
  const pswp = makeViewer(readable.map(describe), opened ? readable.indexOf(opened) : 0, tile);
  if (!pswp) return;
  pswp.on("uiRegister", () => {
    pswp.ui?.registerElement({
      name: "caption",
      className: "pswp__actions",
      appendTo: "wrapper",
      onInit: (bar) => {
        const name = document.createElement("span");
        name.className = "pswp__name";
        pswp.on("change", () => {
          const shown = readable[pswp.currIndex];
          name.textContent = shown ? describeOrigin(shown) : "";
        });
        bar.append(name);
        if (eventId) bar.append(makeFacesButton(pswp, eventId, () => readable[pswp.currIndex]?.id));
      },
    });
  });
  pswp.init();
}

function makeFacesButton(pswp: PhotoSwipe, eventId: string, photoId: () => string | undefined): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.faces.open;
  button.onclick = async () => {
    const { openFaces } = await import("./faces");
    const id = photoId();
    if (pswp.element && id) openFaces(pswp.element, eventId, id);
  };
  return button;
}

function describe(photo: Photo): SlideData {
  const width = photo.width ?? PREVIEW_PX;
  const height = photo.height ?? PREVIEW_PX;
  const previewWidth = Math.round(Math.min(width, PREVIEW_PX, (PREVIEW_PX * width) / height));
  return {
    src: photo.preview_url ?? "",
    msrc: photo.thumb_url ?? "",
    srcset: `${photo.preview_url} ${previewWidth}w, ${photo.original_url} ${width}w`,
    width,
    height,
    alt: photo.filename,
  };
}
