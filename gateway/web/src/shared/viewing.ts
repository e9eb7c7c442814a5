/** The viewer of photos at full size, for guests and organisers. */

import { text } from "#text";
import PhotoSwipe, { type PhotoSwipeOptions, type SlideData } from "photoswipe";

const SPINNER_MS = 300;

let current: PhotoSwipe | undefined;

/** Undefined: one is open already. The browser's Back closes it. */
export function makeViewer(slides: SlideData[], index: number, tile: HTMLElement): PhotoSwipe | undefined {
  if (current) return undefined;
  const options: PhotoSwipeOptions = {
    dataSource: slides,
    index,
    bgOpacity: 1,
    showHideAnimationType: "none", // while it opens, PhotoSwipe cannot be closed; see `.pswp` for what one sees
    preloaderDelay: SPINNER_MS,
    closeTitle: text.lightbox.close,
    zoomTitle: text.lightbox.zoom,
    arrowPrevTitle: text.lightbox.previous,
    arrowNextTitle: text.lightbox.next,
    errorMsg: text.lightbox.error,
    returnFocus: false,
  };
  const viewer = new PhotoSwipe(options);
  current = viewer;
  viewer.addFilter("placeholderSrc", (_, content) => content.data.msrc ?? false); // of every photo, not of the first alone
  viewer.on("initialLayout", () => viewer.element?.setAttribute("aria-label", text.lightbox.label));
  const close = () => viewer.close();
  history.pushState({ viewing: true }, "");
  addEventListener("popstate", close);
  viewer.on("destroy", () => {
    current = undefined;
    removeEventListener("popstate", close);
    if ((history.state as { viewing?: boolean } | null)?.viewing) history.back();
    tile.focus();
  });
  return viewer;
}

/** What the tile shows already, else its small picture. */
export function pictureOf(tile: HTMLElement | undefined, small: string): string {
  const image = tile?.querySelector("img");
  return image?.complete && image.naturalWidth ? image.currentSrc : small;
}
