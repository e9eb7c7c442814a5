/** The photos of an event: adding, viewing and curating them, with the mouse or the keyboard alone. */

import { text } from "#text";
import { useState } from "preact/hooks";

import { followDownload, root } from "../shared/api";
import { confirmInWords, Trouble, Waiting } from "../shared/elements";
import type { Snapshot, UploadQueue } from "../shared/upload/queue";
import { words } from "#words";
import { deletePhotos, dismissRequests, retryFailed, setVisibility, type Visibility } from "./actions";
import { useNames } from "./approval";
import type { Event } from "./events";
import { Grid } from "./grid";
import { FILTERS, type Filter, ORDERS, type Order, usePhotoList } from "./list";
import { FailedVersions } from "./newversions";
import { NextSteps } from "./nextsteps";
import { rightsOf } from "./rights";
import { useSelection } from "./selection";
import { UploadPanel } from "./uploads";

interface Props {
  event: Event;
  queue: UploadQueue;
  upload: Snapshot;
  /** Whether the event accepts photos. */
  isOpen: boolean;
  /** How many photos of guests wait for approval. */
  waiting: number;
  /** Changes with the photos. */
  version: string;
  onChange: () => Promise<void>;
}

export function Photos({ event, queue, upload, isOpen, waiting, version, onChange }: Props) {
  const [filter, setFilter] = useState<Filter>("all");
  const [order, setOrder] = useState<Order>("uploaded");
  const [fault, setFault] = useState<unknown>();
  const rights = rightsOf(event);
  const list = usePhotoList(event.id, filter, order, version);
  const selection = useSelection(list.photos.map(({ id }) => id));

  const contributors = list.photos.filter((photo) => photo.from_guest).map((photo) => photo.uploader_id);
  const nameOf = useNames(event.id, rights.administer ? contributors : []);

  const change = async (work: () => Promise<void>) => {
    setFault(undefined);
    try {
      await work();
      selection.clear();
    } catch (error) {
      setFault(error);
    }
    await Promise.all([list.reload(), onChange()]); // also after a fault, since some photos may have been changed
  };
  const show = (ids: readonly string[], visibility: Visibility) =>
    void change(() => setVisibility(event.id, ids, visibility));
  const remove = async (ids: readonly string[]) => {
    if (await confirmInWords(words.photos.deleteQuestion(ids.length), words.photos.confirmDelete)) {
      await change(() => deletePhotos(event.id, ids));
    }
  };
  const search = async () => {
    const { openSearch } = await import("./searchbyphoto");
    openSearch(event.id, () => void list.reload());
  };
  const keepVisible = (ids: readonly string[]) => void change(() => dismissRequests(event.id, ids));
  const chosen = [...selection.ids];
  const isEmpty = event.photos.total === 0 && filter === "all";
  const zip = `${root}/api/events/${event.id}/photos.zip`;
  return (
    <section class="photos" aria-label={words.photos.heading}>
      {isOpen && rights.add && <UploadPanel queue={queue} upload={upload} />}
      {isEmpty && rights.administer && <NextSteps eventId={event.id} />}
      <div class="toolbar" hidden={isEmpty}>
        <select aria-label={words.photos.filter} value={filter} onChange={(change) => (selection.clear(), setFilter(change.currentTarget.value as Filter))}>
          {FILTERS.map((name) => (
            <option key={name} value={name}>
              {words.photos.filters[name]}
            </option>
          ))}
        </select>
        <select aria-label={words.photos.order} value={order} onChange={(change) => setOrder(change.currentTarget.value as Order)}>
          {ORDERS.map((name) => (
            <option key={name} value={name}>
              {words.photos.orders[name]}
            </option>
          ))}
        </select>
        <span class="count" role="status">
          {list.isLoaded && words.events.photos(list.total)}
        </span>
        {rights.administer && filter === "failed" && list.total > 0 && (
          <button type="button" onClick={() => void change(() => retryFailed(event.id))}>
            {words.photos.retry}
          </button>
        )}
        {event.photos.indexed > 0 && (
          <a class="button" href={zip} onClick={(click) => followDownload(click, zip, setFault)}>
            {words.photos.downloadAll}
          </a>
        )}
        {rights.administer && waiting > 0 && filter !== "unapproved" && (
          <button type="button" class="link" onClick={() => (selection.clear(), setFilter("unapproved"))}>
            {words.photos.waiting(waiting)}
          </button>
        )}
        {rights.administer && event.photos.indexed > 0 && (
          <button type="button" class="link" onClick={() => void search()}>
            {words.removal.search}
          </button>
        )}
        {rights.hide && (
          <button type="button" class="link" onClick={() => selection.set(list.photos.map(({ id }) => id))}>
            {words.photos.selectAll}
          </button>
        )}
      </div>
      {fault || list.fault ? <Trouble fault={fault ?? list.fault} onRetry={() => (setFault(undefined), void list.reload())} /> : null}
      {!list.isLoaded && !list.fault && <Waiting>{text.page.loading}</Waiting>}
      {list.isLoaded && list.photos.length === 0 && !(isEmpty && rights.administer) && <p class="nothing">{filter === "all" ? words.state.empty : words.photos.none}</p>}
      <FailedVersions photos={list.photos} />
      <Grid eventId={event.id} list={list} selection={selection} rights={rights} nameOf={nameOf} deeds={{ show, keepVisible, remove: (ids) => void remove(ids) }} />
      {list.photos.length > 0 && rights.hide && (
        <p class="quiet keys">{rights.administer ? words.photos.keys : words.photos.coupleKeys}</p>
      )}
      {chosen.length > 0 && (
        <div class="toast actions" role="group" aria-label={words.photos.selected(chosen.length)}>
          <span role="status">{words.photos.selected(chosen.length)}</span>
          {rights.administer && filter === "asked" && (
            <button type="button" onClick={() => keepVisible(chosen)}>
              {words.photos.dismiss}
            </button>
          )}
          {rights.administer && filter === "unapproved" && (
            <button type="button" onClick={() => show(chosen, "matched")}>
              {words.photos.approve}
            </button>
          )}
          {filter !== "hidden" && (rights.administer || filter !== "unapproved") && (
            <button type="button" onClick={() => show(chosen, "hidden")}>
              {words.photos.hide}
            </button>
          )}
          {(filter === "hidden" || (rights.administer && filter === "everyone")) && (
            <button type="button" onClick={() => show(chosen, "matched")}>
              {words.photos.show[filter]}
            </button>
          )}
          {rights.administer && filter !== "everyone" && (
            <button type="button" onClick={() => show(chosen, "everyone")}>
              {words.photos.everyone}
            </button>
          )}
          {rights.administer && (
            <button type="button" class="danger" onClick={() => void remove(chosen)}>
              {words.photos.delete}
            </button>
          )}
          <button type="button" onClick={selection.clear}>
            {words.photos.clear}
          </button>
        </div>
      )}
    </section>
  );
}
