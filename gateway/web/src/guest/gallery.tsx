/** The photos that a guest is in, and those for everyone. */

import { text } from "#text";
import { useCallback, useRef, useState } from "preact/hooks";

import { api, ask, Failure } from "../shared/api";
import { Screen, Trouble, Waiting } from "../shared/elements";
import { More } from "../shared/more";
import { organiserAddress, worksOn } from "../shared/roles";
import type { Membership } from "../shared/session";
import { AddButton, type Adding } from "./adding";
import type { Removal } from "./lightbox";
import { HeldBack, isHeldBack, PhotoNotes } from "./offer";
import type { Order, Photo, Photos } from "./photos";
import { SaveAll } from "./save";
import { SelfieNotice } from "./selfienotice";
import { isCompared, type SelfieStatus } from "./selfie";
import { Uploading } from "./uploading";

interface Props {
  event: Membership;
  status: SelfieStatus;
  photos: Photos;
  adding: Adding;
  onSelfie: () => void;
  onYou: () => void;
}

export function Gallery({ event, status, photos, adding, onSelfie, onYou }: Props) {
  const [removed, setRemoved] = useState<{ photo: Photo; removal: Removal }>();
  const [fault, setFault] = useState<unknown>();
  const retry = useRef(() => undefined as void);
  const [isOpening, setOpening] = useState(false);
  const opening = useRef(false);
  const { list, reload } = photos;
  const credit = event.credit ?? null;

  const change = useCallback(
    async (photo: Photo, removal: Removal, isRemoved: boolean) => {
      const path = removal === "not-me" ? "/api/photos/{photo_id}/not-me" : "/api/photos/{photo_id}/hide-request";
      const params = { params: { path: { photo_id: photo.id } } };
      setFault(undefined);
      try {
        await ask(isRemoved ? api.POST(path, params) : api.DELETE(path, params));
        setRemoved(isRemoved ? { photo, removal } : undefined);
        await reload();
      } catch (error) {
        retry.current = () => void change(photo, removal, isRemoved);
        setFault(error);
      }
    },
    [reload],
  );
  const open = useCallback(
    async (index: number, tile: HTMLElement) => {
      if (opening.current) return;
      opening.current = true;
      setOpening(true);
      try {
        const { openLightbox } = await import("./lightbox");
        openLightbox(list, index, tile, (photo, removal) => void change(photo, removal, true), credit);
      } catch {
        retry.current = () => void open(index, tile);
        setFault(new Failure("offline"));
      } finally {
        opening.current = false;
        setOpening(false);
      }
    },
    [list, change, credit],
  );

  const explain = (problem: unknown) => {
    retry.current = () => setFault(undefined);
    setFault(problem);
  };

  return (
    <Screen heading={event.name} wide>
      {worksOn(event) && (
        <p class="ways">
          <a class="button" href={organiserAddress(event.event_id)}>
            {event.role === "photographer" ? text.working.addPhotos : text.working.allPhotos}
          </a>
        </p>
      )}
      <SelfieNotice status={status} onSelfie={event.closed ? undefined : onSelfie} />
      {fault ? (
        <Trouble fault={fault} onRetry={() => retry.current()} />
      ) : photos.fault ? (
        <Trouble fault={photos.fault} onRetry={() => void reload()} />
      ) : null}
      {list.length > 0 ? (
        <>
          <div class="toolbar">
            <p class="count" role="status">
              {list.every((photo) => photo.shows_me) ? text.gallery.heading(photos.total) : text.gallery.count(photos.total)}
            </p>
            <Sorting order={photos.order} onChange={photos.setOrder} />
            {list.some((photo) => photo.download_url) && <SaveAll eventId={event.event_id} order={photos.order} onFault={explain} />}
            <AddButton adding={adding} />
          </div>
          {status.status === "idle" && !event.closed && <p class="quiet">{text.gallery.noSelfieDetail}</p>}
          <Grid photos={list} onOpen={open} />
          {photos.hasMore && <More key={list.length} onVisible={photos.loadMore} />}
        </>
      ) : (
        photos.isLoaded &&
        (isHeldBack(event) ? (
          <HeldBack event={event} status={status} onSelfie={onSelfie} />
        ) : (
          <Nothing event={event} status={status} adding={adding} onSelfie={onSelfie} />
        ))
      )}
      {(photos.isLoaded || photos.fault) && ( // not before: the photos would push it away
        <footer>
          {list.length > 0 && !event.closed && (
            <button type="button" onClick={onSelfie}>
              {status.status === "idle" ? text.welcome.takeSelfie : text.gallery.newSelfie}
            </button>
          )}
          <button type="button" onClick={onYou}>
            {text.gallery.you}
          </button>
          {list.length > 0 && <PhotoNotes event={event} photos={list} logoUrl={photos.logoUrl} />}
        </footer>
      )}
      {isOpening && (
        <div class="toast">
          <Waiting>{text.page.loading}</Waiting>
        </div>
      )}
      <Uploading adding={adding} event={event} />
      {removed && (
        <div class="toast" role="status">
          <span>{describeRemoval(removed.removal, list.some((photo) => photo.id === removed.photo.id))}</span>
          <button type="button" onClick={() => void change(removed.photo, removed.removal, false)}>
            {text.lightbox.undo}
          </button>
        </div>
      )}
    </Screen>
  );
}

function describeRemoval(removal: Removal, isListed: boolean): string {
  if (removal === "hide-request") return text.lightbox.askedToHide;
  return isListed ? text.lightbox.forEveryone : text.lightbox.hidden;
}

type NothingProps = Pick<Props, "event" | "status" | "adding" | "onSelfie">;

function Nothing({ event, status, adding, onSelfie }: NothingProps) {
  const hasSelfie = isCompared(status);
  return (
    <section class="nothing">
      <h2>{hasSelfie ? text.gallery.none : text.gallery.noSelfie}</h2>
      <p>{event.closed ? text.gallery.closed : hasSelfie ? text.gallery.noneDetail : text.gallery.noSelfieDetail}</p>
      {hasSelfie && !event.closed && <p class="quiet">{text.gallery.noneAdvice}</p>}
      {!event.closed && status.status !== "validation_failed" && (
        <button type="button" class="primary" onClick={onSelfie}>
          {hasSelfie ? text.gallery.newSelfie : text.welcome.takeSelfie}
        </button>
      )}
      <AddButton adding={adding} />
    </section>
  );
}

function Sorting({ order, onChange }: { order: Order; onChange: (order: Order) => void }) {
  return (
    <select
      aria-label={text.gallery.sort}
      value={order}
      onChange={(event) => onChange(event.currentTarget.value as Order)}
    >
      <option value="uploaded">{text.gallery.newest}</option>
      <option value="taken">{text.gallery.byTime}</option>
    </select>
  );
}

/** What rows are high, for the choice of the picture: 108 pixels, and stretched to the width of the screen. */
const ROW_PX = 150;

function Grid({ photos, onOpen }: { photos: readonly Photo[]; onOpen: (index: number, tile: HTMLElement) => void }) {
  return (
    <ul class="grid" aria-label={text.gallery.photos}>
      {photos.map((photo, index) => (
        <Tile key={photo.id} photo={photo} index={index} onOpen={onOpen} />
      ))}
    </ul>
  );
}

function Tile({ photo, index, onOpen }: { photo: Photo; index: number; onOpen: (index: number, tile: HTMLElement) => void }) {
  const ratio = photo.width / photo.height;
  const widthOf = (edge: number) => Math.round(Math.min(edge, edge * ratio));
  return (
    <li style={{ "--ratio": ratio, backgroundColor: photo.colour ?? undefined }}>
      <a
        href={photo.preview_url}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          onOpen(index, event.currentTarget);
        }}
      >
        <img
          src={photo.thumb_url}
          srcSet={`${photo.thumb_url} ${widthOf(480)}w, ${photo.medium_url} ${widthOf(960)}w`}
          sizes={`${Math.round(ratio * ROW_PX)}px`}
          alt={text.gallery.photo(index + 1)}
          loading={index < 6 ? "eager" : "lazy"}
          decoding="async"
        />
      </a>
    </li>
  );
}
