/** The files of an upload, and the state of each. */

import type { Reason } from "../api";

export type FileReason = Reason | "offline" | "file_gone";

/** `new` files are hashed, `ready` ones are sent; `known` ones were already on the server. */
export type Place = "new" | "ready" | "sending" | "kept" | "known" | "failed";

export interface Item {
  readonly file: File;
  /** Read once, because some browsers access the file for each read of the property. */
  readonly bytes: number;
  /** Whether it replaces the photo of the same name. */
  readonly replaces: boolean;
  place: Place;
  reason?: FileReason;
  tries: number;
  /** With `replaces`: whether it replaced a photo, or is a new one because several have the name. */
  replacement?: "replaced" | "ambiguous";
}

export interface Totals {
  count: number;
  places: Record<Place, number>;
  failures: readonly Item[];
  replaced: number;
  ambiguous: number;
  bytes: number;
  /** Of completed files. */
  settledBytes: number;
}

const SETTLED: readonly Place[] = ["kept", "known", "failed"];

export class Items {
  private readonly all: Item[] = [];
  private readonly seen = new Set<string>();
  /** No file before this index is at the place. */
  private readonly first = { new: 0, ready: 0 };

  /** Skips files that the event already has. Files with `unique` names replace photos if replacing is chosen. */
  add(files: readonly File[], unique?: ReadonlySet<string>): void {
    for (const file of files) {
      const bytes = file.size;
      const key = `${file.webkitRelativePath || file.name}\n${bytes}\n${file.lastModified}`;
      if (this.seen.has(key)) continue;
      this.seen.add(key);
      const replaces = unique?.has(file.name) ?? false;
      const replacement = unique && !replaces ? "ambiguous" : undefined;
      this.all.push({ file, bytes, replaces, place: "new", tries: 0, replacement });
    }
  }

  move(item: Item, place: Place, reason?: FileReason): void {
    item.place = place;
    item.reason = reason;
    if (place === "new" || place === "ready") this.first[place] = 0;
  }

  /** The next files at a place: at least one, where there is any; all of them replace photos, or none. They stay there. */
  next(place: "new" | "ready", maxFiles: number, maxBytes: number): Item[] {
    const found: Item[] = [];
    let bytes = 0;
    for (let index = this.first[place]; index < this.all.length && found.length < maxFiles; index++) {
      const item = this.all[index];
      if (item?.place !== place) continue;
      if (found.length === 0) this.first[place] = index;
      if (found[0] && found[0].replaces !== item.replaces) continue;
      bytes += item.bytes;
      if (found.length > 0 && bytes > maxBytes) break;
      found.push(item);
    }
    return found;
  }

  sum(): Totals {
    const places: Record<Place, number> = { new: 0, ready: 0, sending: 0, kept: 0, known: 0, failed: 0 };
    const failures: Item[] = [];
    let bytes = 0;
    let settledBytes = 0;
    let replaced = 0;
    let ambiguous = 0;
    for (const item of this.all) {
      places[item.place] += 1;
      bytes += item.bytes;
      if (SETTLED.includes(item.place)) settledBytes += item.bytes;
      if (item.place === "failed") failures.push(item);
      if (item.place === "kept" && item.replacement === "replaced") replaced += 1;
      if (item.place === "kept" && item.replacement === "ambiguous") ambiguous += 1;
    }
    return { count: this.all.length, places, failures, replaced, ambiguous, bytes, settledBytes };
  }
}

/** Names that only one file has. Of several files with one name, as in several folders, the second would replace the first. */
export function findUniqueNames(files: readonly File[]): ReadonlySet<string> {
  const unique = new Set<string>();
  const seen = new Set<string>();
  for (const { name } of files) {
    if (seen.has(name)) unique.delete(name);
    else unique.add(name);
    seen.add(name);
  }
  return unique;
}
