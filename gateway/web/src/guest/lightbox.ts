/** One photo at full size: swipe, zoom, save, "this is not me", "ask to hide". Loaded with the first tap. */

import { text } from "#text";
import type { SlideData } from "photoswipe";

import { followDownload } from "../shared/api";
import { sentenceOf } from "../shared/elements";
import { makeViewer, pictureOf } from "../shared/viewing";
import type { Credit } from "./offer";
import type { Photo } from "./photos";
import { asDownload, canShare, saveOne } from "./share";

/** Why a guest does not want to see a photo: it shows someone else, or it should be hidden from everyone. */
export type Removal = "not-me" | "hide-request";

const PREVIEW_PX = 1600;

export function openLightbox(
  photos: readonly Photo[],
  index: number,
  tile: HTMLElement,
  onRemoved: (photo: Photo, removal: Removal) => void,
  credit: Credit | null,
  notMeLabel: string,
): void {
  const tiles = [...(tile.closest("ul")?.children ?? [])] as HTMLElement[];
  const pswp = makeViewer(photos.map((photo, at) => describe(photo, at, tiles[at])), index, tile);
  if (!pswp) return;
  const current = () => photos[pswp.currIndex];
  pswp.on("uiRegister", () => {
    pswp.ui?.registerElement({
      name: "actions",
      className: "pswp__actions",
      appendTo: "wrapper",
      onInit: (bar) => {
        const save = document.createElement("a");
        save.className = "button";
        save.textContent = text.lightbox.save;
        save.onclick = (event) => {
          const photo = current();
          trouble.hidden = true;
          if (!photo || !canShare()) return followDownload(event, save.href, explain);
          event.preventDefault();
          return void saveOne(photo).catch(explain);
        };
        const trouble = document.createElement("p");
        trouble.className = "pswp__trouble";
        trouble.setAttribute("role", "alert");
        trouble.hidden = true;
        const explain = (fault: unknown) => {
          trouble.textContent = sentenceOf(fault);
          trouble.hidden = false;
        };
        const makeButton = (label: string, removal: Removal) => {
          const button = document.createElement("button");
          button.textContent = label;
          button.onclick = () => {
            const photo = current();
            pswp.close();
            if (photo) onRemoved(photo, removal);
          };
          return button;
        };
        const notMe = makeButton(notMeLabel, "not-me");
        const hide = makeButton(text.lightbox.askToHide, "hide-request");
        pswp.on("change", () => {
          trouble.hidden = true;
          const url = current()?.download_url;
          save.hidden = !url;
          if (url) save.href = asDownload(url);
          notMe.hidden = !current()?.shows_me;
        });
        bar.append(trouble, save, notMe, hide);
        if (credit) bar.append(makeCredit(credit));
      },
    });
  });
  pswp.init();
}

function makeCredit({ name, url }: Credit): HTMLElement {
  const line = document.createElement(url ? "a" : "span");
  line.className = "pswp__credit";
  line.textContent = text.offer.credit(name);
  if (line instanceof HTMLAnchorElement) {
    line.href = url;
    line.target = "_blank";
    line.rel = "noopener noreferrer";
  }
  return line;
}

function describe(photo: Photo, index: number, tile: HTMLElement | undefined): SlideData {
  const previewWidth = Math.round(Math.min(photo.width, PREVIEW_PX, (PREVIEW_PX * photo.width) / photo.height));
  return {
    src: photo.preview_url,
    msrc: pictureOf(tile, photo.thumb_url),
    // Loads the original only when the user zooms in.
    srcset: `${photo.preview_url} ${previewWidth}w` + (photo.original_url ? `, ${photo.original_url} ${photo.width}w` : ""),
    width: photo.width,
    height: photo.height,
    alt: text.gallery.photo(index + 1),
  };
}
