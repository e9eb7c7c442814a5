/** One photo at full size: swipe, zoom, save, "this is not me". Loaded with the first tap. */

import { text } from "#text";
import PhotoSwipe, { type SlideData } from "photoswipe";

import type { Photo } from "./photos";
import { asDownload, canShare, saveOne } from "./share";

const PREVIEW_PX = 1600;

export function openLightbox(
  photos: readonly Photo[],
  index: number,
  tile: HTMLElement,
  onRefused: (photo: Photo) => void,
): void {
  const pswp = new PhotoSwipe({
    dataSource: photos.map(describe),
    index,
    bgOpacity: 0.95,
    showHideAnimationType: "fade",
    closeTitle: text.lightbox.close,
    zoomTitle: text.lightbox.zoom,
    arrowPrevTitle: text.lightbox.previous,
    arrowNextTitle: text.lightbox.next,
    errorMsg: text.lightbox.error,
    returnFocus: false,
  });
  const current = () => photos[pswp.currIndex];
  pswp.on("initialLayout", () => pswp.element?.setAttribute("aria-label", text.lightbox.label));
  pswp.on("destroy", () => tile.focus());
  pswp.on("uiRegister", () => {
    pswp.ui?.registerElement({
      name: "save",
      order: 8,
      isButton: true,
      tagName: "a",
      title: text.lightbox.save,
      html: icon("M12 4v11m0 0 4-4m-4 4-4-4M5 19h14"),
      onInit: (element) => {
        const link = element as HTMLAnchorElement;
        pswp.on("change", () => (link.href = asDownload(current()?.original_url ?? "")));
      },
      onClick: (event) => {
        const photo = current();
        if (!photo || !canShare()) return;
        event.preventDefault();
        void saveOne(photo);
      },
    });
    pswp.ui?.registerElement({
      name: "not-me",
      order: 7,
      isButton: true,
      title: text.lightbox.notMe,
      html: `<span class="pswp__words">${text.lightbox.notMe}</span>`,
      onClick: () => {
        const photo = current();
        pswp.close();
        if (photo) onRefused(photo);
      },
    });
  });
  pswp.init();
}

function describe(photo: Photo, index: number): SlideData {
  const previewWidth = Math.round(Math.min(photo.width, PREVIEW_PX, (PREVIEW_PX * photo.width) / photo.height));
  return {
    src: photo.preview_url,
    msrc: photo.thumb_url,
    // The original only for those who zoom in.
    srcset: `${photo.preview_url} ${previewWidth}w, ${photo.original_url} ${photo.width}w`,
    width: photo.width,
    height: photo.height,
    alt: text.gallery.photo(index + 1),
  };
}

function icon(path: string): string {
  return `<svg class="pswp__icn" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><path d="${path}" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
}
