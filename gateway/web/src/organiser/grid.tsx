/** The grid of photos. One tile at a time is reached with Tab; the arrow keys move between tiles. */

import { useRef, useState } from "preact/hooks";

import { More } from "../shared/more";
import { words } from "#words";
import { type Deeds, findDeed } from "./keys";
import type { Photo, PhotoList } from "./list";
import type { Rights } from "./rights";
import type { Selection } from "./selection";

interface Props {
  eventId: string;
  list: PhotoList;
  selection: Selection;
  /** Of the member with this id. */
  nameOf: (userId: string | null) => string;
  rights: Rights;
  deeds: Deeds;
}

export function Grid({ eventId, list, selection, rights, nameOf, deeds }: Props) {
  const { photos } = list;
  const [current, setCurrent] = useState(0);
  const grid = useRef<HTMLUListElement>(null);
  const tileOf = (index: number) => grid.current?.children[index]?.querySelector("a");

  const open = async (index: number, tile: HTMLElement) => {
    const { openViewer } = await import("./viewer");
    openViewer(photos, index, tile, nameOf, rights.administer ? eventId : undefined);
  };
  const focus = (index: number) => {
    setCurrent(index);
    tileOf(index)?.focus();
  };
  const press = (event: KeyboardEvent) => {
    const photo = photos[current];
    if (!photo || event.metaKey || event.altKey) return;
    const step = stepOf(event.key, grid.current, current);
    if (step !== null) {
      const next = Math.min(Math.max(current + step, 0), photos.length - 1);
      focus(next);
      const reached = photos[next];
      if (event.shiftKey && reached && rights.hide) selection.extend(reached.id);
    } else if (!rights.hide || (event.ctrlKey && event.key !== "a")) return;
    else if (event.key === " ") selection.toggle(photo.id);
    else if (event.key === "a" && event.ctrlKey) selection.set(photos.map(({ id }) => id));
    else if (event.key === "Escape") selection.clear();
    else if (!decide(event.key, photo)) return;
    event.preventDefault();
  };
  /** Applies a key to the selected photos, or else the current one; false if the key has no meaning. */
  const decide = (key: string, photo: Photo) => {
    const deed = findDeed(key, rights);
    const isTarget = ({ id }: Photo) => (selection.ids.size > 0 ? selection.ids.has(id) : id === photo.id);
    const targets = photos.filter((other) => isTarget(other) && deed?.fits(other));
    if (deed && targets.length > 0) deed.run(deeds, targets.map(({ id }) => id));
    return deed !== undefined;
  };
  return (
    <>
      <ul class="grid organiser" aria-label={words.photos.list} ref={grid} onKeyDown={press}>
        {photos.map((photo, index) => (
          <Tile
            key={photo.id}
            photo={photo}
            contributor={photo.from_guest ? nameOf(photo.uploader_id) : ""}
            isCurrent={index === Math.min(current, photos.length - 1)}
            isSelected={selection.ids.has(photo.id)}
            isSelectable={rights.hide}
            onFocus={() => setCurrent(index)}
            onSelect={(isRange) => (isRange ? selection.extend(photo.id) : selection.toggle(photo.id))}
            onOpen={(tile) => void open(index, tile)}
          />
        ))}
      </ul>
      {list.hasMore && <More key={photos.length} onVisible={list.loadMore} />}
    </>
  );
}

/** How many photos an arrow key moves on; null for other keys. */
function stepOf(key: string, grid: HTMLElement | null, current: number): number | null {
  if (key === "ArrowRight") return 1;
  if (key === "ArrowLeft") return -1;
  if (key === "Home") return -Infinity;
  if (key === "End") return Infinity;
  if (!grid || (key !== "ArrowDown" && key !== "ArrowUp")) return null;
  const tiles = [...grid.children] as HTMLElement[];
  const direction = key === "ArrowDown" ? 1 : -1;
  const from = tiles[current];
  if (!from) return 0;
  const centre = from.offsetLeft + from.offsetWidth / 2;
  let best = 0;
  let row: number | undefined;
  for (let index = current + direction; index >= 0 && index < tiles.length; index += direction) {
    const tile = tiles[index] as HTMLElement;
    if (tile.offsetTop === from.offsetTop) continue;
    row ??= tile.offsetTop;
    if (tile.offsetTop !== row) break;
    const distance = (step: number) => {
      const other = tiles[current + step] as HTMLElement;
      return Math.abs(other.offsetLeft + other.offsetWidth / 2 - centre);
    };
    if (best === 0 || distance(index - current) < distance(best)) best = index - current;
  }
  return best;
}

interface TileProps {
  photo: Photo;
  /** The name of the guest who added it; empty if no guest did. */
  contributor: string;
  isCurrent: boolean;
  isSelected: boolean;
  isSelectable: boolean;
  onFocus: () => void;
  onSelect: (isRange: boolean) => void;
  onOpen: (tile: HTMLElement) => void;
}

function Tile({ photo, contributor, isCurrent, isSelected, isSelectable, onFocus, onSelect, onOpen }: TileProps) {
  const ratio = photo.width && photo.height ? photo.width / photo.height : 1;
  const name = contributor ? `${photo.filename}, ${words.photos.from(contributor)}` : photo.filename;
  const label = words.photos.tile(name, photo.faces);
  return (
    <li style={{ "--ratio": ratio }} class={isSelected ? "selected" : undefined} data-visibility={photo.visibility}>
      <a
        href={photo.preview_url ?? undefined}
        role={photo.preview_url ? undefined : "button"}
        tabIndex={isCurrent ? 0 : -1}
        aria-label={label}
        onFocus={onFocus}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey) return;
          event.preventDefault();
          if (event.shiftKey && isSelectable) onSelect(true);
          else if (photo.preview_url) onOpen(event.currentTarget);
        }}
      >
        {photo.thumb_url ? (
          <img src={photo.thumb_url} alt="" loading="lazy" decoding="async" />
        ) : (
          <span class="unread">
            <span>{photo.filename}</span>
            <span>{photo.status === "failed" ? (words.photoReasons[photo.reason ?? ""] ?? words.photoReasons.unreadable) : words.photos.pending}</span>
          </span>
        )}
        <Badges photo={photo} contributor={contributor} />
      </a>
      {isSelectable && (
        <input
          type="checkbox"
          tabIndex={-1}
          checked={isSelected}
          aria-label={words.photos.select(photo.filename)}
          onClick={(event) => onSelect(event.shiftKey)}
        />
      )}
    </li>
  );
}

function Badges({ photo, contributor }: { photo: Photo; contributor: string }) {
  const badges = [];
  if (contributor) badges.push(words.photos.from(contributor));
  if (photo.visibility === "unapproved") badges.push(words.photos.filters.unapproved);
  if (photo.visibility === "hidden") badges.push(words.photos.isHidden);
  if (photo.visibility === "everyone") badges.push(words.photos.filters.everyone);
  if (photo.new_version) badges.push(words.photos.newVersions[photo.new_version]);
  if (photo.hide_requests > 0) badges.push(words.photos.askedToHide(photo.hide_requests));
  return badges.length > 0 ? <span class="badges">{badges.join(" · ")}</span> : null;
}
