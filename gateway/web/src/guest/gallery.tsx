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
import type { People, Person } from "./people";
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
  /** The person whose photos are shown; none: the guest. */
  person?: Person;
  people: People;
  onChoose: (person: Person | undefined) => void;
  /** Missing if no person may be added. */
  onAddPerson?: () => void;
  /** Takes a further selfie, used in addition to the existing ones; none: no more are allowed. */
  onFurther?: () => void;
  onSelfie: () => void;
  onYou: () => void;
}

/** With fewer photos than this, the page suggests another selfie. */
const FEW = 5;

export function Gallery(props: Props) {
  const { event, status, photos, adding, person, people, onAddPerson, onFurther, onSelfie, onYou } = props;
  const [removed, setRemoved] = useState<{ photo: Photo; removal: Removal }>();
  const [fault, setFault] = useState<unknown>();
  const retry = useRef(() => undefined as void);
  const [isOpening, setOpening] = useState(false);
  const opening = useRef(false);
  const { reload } = photos;
  const list = people.isLoaded ? photos.list : []; // otherwise the names above would move them
  const isLoaded = photos.isLoaded && people.isLoaded;
  const personId = person?.id;
  const credit = event.credit ?? null;
  const notMe = person ? text.people.notThem(person.name) : text.lightbox.notMe;
  const count = person ? text.people.heading(person.name, photos.total) : text.gallery.heading(photos.total);

  const change = useCallback(
    async (photo: Photo, removal: Removal, isRemoved: boolean) => {
      const path = removal === "not-me" ? "/api/photos/{photo_id}/not-me" : "/api/photos/{photo_id}/hide-request";
      const query = removal === "not-me" ? { person: personId } : {};
      const params = { params: { path: { photo_id: photo.id }, query } };
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
    [reload, personId],
  );
  const open = useCallback(
    async (index: number, tile: HTMLElement) => {
      if (opening.current) return;
      opening.current = true;
      setOpening(true);
      try {
        const { openLightbox } = await import("./lightbox");
        openLightbox(list, index, tile, (photo, removal) => void change(photo, removal, true), credit, notMe);
      } catch {
        retry.current = () => void open(index, tile);
        setFault(new Failure("offline"));
      } finally {
        opening.current = false;
        setOpening(false);
      }
    },
    [list, change, credit, notMe],
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
      {people.list.length > 1 && <Switcher {...props} />}
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
              {list.every((photo) => photo.shows_me) ? count : text.gallery.count(photos.total)}
            </p>
            <Sorting order={photos.order} onChange={photos.setOrder} />
            {list.some((photo) => photo.download_url) && <SaveAll eventId={event.event_id} order={photos.order} person={personId} onFault={explain} />}
            <AddButton adding={adding} />
          </div>
          {status.status === "idle" && !event.closed && (
            <p class="quiet">{person ? text.people.noPicture(person.name) : text.gallery.noSelfieDetail}</p>
          )}
          <Grid photos={list} onOpen={open} />
          {photos.hasMore && <More key={list.length} onVisible={photos.loadMore} />}
        </>
      ) : (
        isLoaded &&
        (isHeldBack(event) ? (
          <HeldBack event={event} status={status} onSelfie={onSelfie} />
        ) : (
          <Nothing {...props} />
        ))
      )}
      {(isLoaded || photos.fault) && ( // not earlier: the photos would move it
        <footer>
          {list.length > 0 && list.length < FEW && onFurther && (
            <>
              <p class="note">{text.people.few}</p>
              <button type="button" onClick={onFurther}>
                {text.people.further}
              </button>
            </>
          )}
          {list.length > 0 && !event.closed && (
            <button type="button" onClick={onSelfie}>
              {labelSelfie(person, status.status !== "idle")}
            </button>
          )}
          {onAddPerson && (
            <button type="button" onClick={onAddPerson}>
              {text.people.add}
            </button>
          )}
          <button type="button" onClick={onYou}>
            {person ? text.people.data(person.name) : text.gallery.you}
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

function labelSelfie(person: Person | undefined, isAnother: boolean): string {
  if (person) return isAnother ? text.people.newPicture : text.people.takePicture;
  return isAnother ? text.gallery.newSelfie : text.welcome.takeSelfie;
}

function Switcher({ people, person, onChoose }: Props) {
  const [me] = people.list;
  return (
    <nav class="people" aria-label={text.people.switch}>
      {people.list.map((one) => (
        <button
          type="button"
          key={one.id}
          aria-current={one.id === (person ?? me)?.id}
          onClick={() => onChoose(one === me ? undefined : one)}
        >
          {one.name || text.people.me}
        </button>
      ))}
    </nav>
  );
}

function Nothing({ event, status, adding, person, onFurther, onSelfie }: Props) {
  const hasSelfie = isCompared(status);
  const none = person ? text.people.none(person.name) : text.gallery.none;
  const noSelfie = person ? text.people.noPicture(person.name) : text.gallery.noSelfieDetail;
  return (
    <section class="nothing">
      <h2>{hasSelfie || person ? none : text.gallery.noSelfie}</h2>
      <p>{event.closed ? text.gallery.closed : hasSelfie ? text.gallery.noneDetail : noSelfie}</p>
      {hasSelfie && !event.closed && <p class="quiet">{text.gallery.noneAdvice}</p>}
      {!event.closed && status.status !== "validation_failed" && (
        <button type="button" class="primary" onClick={onSelfie}>
          {labelSelfie(person, hasSelfie)}
        </button>
      )}
      {hasSelfie && onFurther && (
        <button type="button" onClick={onFurther}>
          {text.people.further}
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

/** The height of rows, for choosing the picture size: 108 pixels, stretched to the width of the screen. */
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
