/** The actions of keys on photos. Each skips photos for which the page has no button of its kind. */

import type { Visibility } from "./actions";
import type { Photo } from "./list";
import type { Rights } from "./rights";

export interface Deeds {
  show: (ids: readonly string[], visibility: Visibility) => void;
  remove: (ids: readonly string[]) => void;
  /** Keeps them visible, although guests ask to hide them. */
  keepVisible: (ids: readonly string[]) => void;
}

interface Deed {
  right: "hide" | "administer";
  fits: (photo: Photo) => boolean;
  run: (deeds: Deeds, ids: readonly string[]) => void;
}

const is = (visibility: Visibility | "unapproved") => (photo: Photo) => photo.visibility === visibility;
const isAny = () => true;
const REMOVE: Deed = { right: "administer", fits: isAny, run: ({ remove }, ids) => remove(ids) };

const DEEDS: Readonly<Record<string, Deed>> = {
  a: { right: "administer", fits: is("unapproved"), run: ({ show }, ids) => show(ids, "matched") },
  h: { right: "hide", fits: isAny, run: ({ show }, ids) => show(ids, "hidden") },
  s: { right: "hide", fits: is("hidden"), run: ({ show }, ids) => show(ids, "matched") },
  e: { right: "administer", fits: isAny, run: ({ show }, ids) => show(ids, "everyone") },
  o: { right: "administer", fits: is("everyone"), run: ({ show }, ids) => show(ids, "matched") },
  k: { right: "administer", fits: (photo) => photo.hide_requests > 0, run: ({ keepVisible }, ids) => keepVisible(ids) },
  Delete: REMOVE,
  Backspace: REMOVE,
};

export function findDeed(key: string, rights: Rights): Deed | undefined {
  const deed = DEEDS[key];
  return deed && rights[deed.right] ? deed : undefined;
}
