/** Saves photos to a phone's album: on Apple's touch devices that can share files, through the share sheet,
 * since a download would land elsewhere. */

import { fetchPatiently, toFailure } from "../shared/api";
import type { Photo } from "./photos";

export function canShare(): boolean {
  const isApple = /iP(hone|ad|od)/.test(navigator.userAgent) || (/Mac/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
  const probe = new File([""], "probe.jpg", { type: "image/jpeg" });
  return isApple && Boolean(navigator.canShare?.({ files: [probe] }));
}

export function asDownload(url: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}download=1`;
}

export async function fetchFile(photo: Photo): Promise<File> {
  const response = await fetchPatiently(new Request(photo.download_url ?? ""));
  if (!response.ok) throw await toFailure(response);
  const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? `${photo.id}.jpg`;
  const blob = await response.blob();
  return new File([blob], name, { type: blob.type });
}

/** False if the guest closed the sheet, or the tap was too long ago. */
export async function share(files: File[]): Promise<boolean> {
  return navigator.share({ files }).then(
    () => true,
    () => false,
  );
}

const fetched = new WeakMap<Photo, File>();

/** Keeps the file for a second tap, in case fetching it took longer than a tap permits sharing. */
export async function saveOne(photo: Photo): Promise<void> {
  const file = fetched.get(photo) ?? (await fetchFile(photo));
  fetched.set(photo, file);
  await share([file]);
}
