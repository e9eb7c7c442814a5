/** A guest in an event: the photos, the selfie being sent, and the guest's data. */

import { text } from "#text";
import { useCallback, useEffect, useState } from "preact/hooks";

import { api, ask, randomId } from "../shared/api";
import { Screen, Trouble } from "../shared/elements";
import type { Me, Membership } from "../shared/session";
import { followUpdates } from "../shared/updates";
import { useAdding } from "./adding";
import { type OpenCamera, openCamera } from "./camera";
import { Consent, CONSENT_VERSION } from "./consent";
import { Gallery } from "./gallery";
import { isHeldBack } from "./offer";
import { MAX_SELFIES, type People, type Person } from "./people";
import { AddPerson, PersonScreen } from "./person";
import { usePhotos } from "./photos";
import { Progress } from "./progress";
import { handOver, type SelfieStatus, sendSelfie, takeOver, useSelfieStatus } from "./selfie";
import { Viewfinder } from "./viewfinder";
import { WaitingRoom } from "./waiting";
import { You } from "./you";

type View =
  | { name: "photos" }
  | { name: "consent" }
  | { name: "camera"; camera: OpenCamera; isFurther?: boolean }
  | { name: "sending"; image: Blob; requestId: string; isFurther: boolean; fault?: unknown }
  | { name: "add" }
  | { name: "person" }
  | { name: "you" };

const PHOTOS: View = { name: "photos" };

/** The guest has a selfie from another event; this event does not search for it before the guest agrees. */
const NOT_SEARCHED: SelfieStatus = { status: "idle", matched: 0 };

interface Props {
  me: Me;
  event: Membership;
  sendsMail: boolean;
  /** The person whose photos are shown; none: the guest. */
  person?: Person;
  people: People;
  onChoose: (person: Person | undefined) => void;
  /** Reads the memberships again. */
  onEvents: () => Promise<void>;
}

export function Member({ me, event, sendsMail, person, people, onChoose, onEvents }: Props) {
  const personId = person?.id;
  const [view, show] = useView();
  const [status, look] = useSelfieStatus(person ? NOT_SEARCHED : me.selfie, personId);
  const photos = usePhotos(event.event_id, !event.waiting, personId);
  const { reload: reloadPeople } = people;
  const [hasAgreed, setAgreed] = useState(event.consent_version !== "");
  const adding = useAdding(event);
  const { reload } = photos;
  const isWaiting = event.waiting || isHeldBack(event);

  useEffect(
    () =>
      followUpdates(async (change) => {
        const isReread = personId !== undefined || change === "selfie" || change === "reload";
        const known = isReread ? await reloadPeople() : undefined;
        if (personId && known && !known.some(({ id }) => id === personId)) return; // deleted, and no longer shown
        void look().catch(() => undefined);
        void reload();
        // A waiting guest must not miss the admission; for others, reading the events every minute is not worthwhile.
        if (isWaiting || change === "events" || change === "reload") void onEvents();
      }),
    [look, reload, onEvents, isWaiting, personId, reloadPeople],
  );
  const isBehind = useReloading(status, reload);
  useEffect(() => void reloadPeople(), [status.status, reloadPeople]); // how many selfies are in use

  const shown = event.searched || hasAgreed ? status : NOT_SEARCHED;
  const heading = person ? text.people.picture(person.name) : text.camera.heading;
  const take = (isFurther: boolean) =>
    person || hasAgreed
      ? show({ name: "camera", camera: openCamera(person && "environment"), isFurther })
      : show({ name: "consent" });
  const shoot = () => take(false);
  const send = async (image: Blob, isFurther: boolean, requestId = randomId()) => {
    show({ name: "sending", image, requestId, isFurther });
    try {
      await sendSelfie(image, requestId, person?.id, isFurther);
      await look();
      show(PHOTOS);
    } catch (fault) {
      show({ name: "sending", image, requestId, isFurther, fault });
    }
  };
  const showYou = () => show({ name: person ? "person" : "you" });
  const mayAdd = people.free > 0 && !event.closed && (event.searched || hasAgreed);
  const addPerson = mayAdd ? () => show({ name: "add" }) : undefined;
  const mayGoFurther = !event.closed && status.status === "done" && countSelfies(people, person) < MAX_SELFIES;

  switch (view.name) {
    case "consent":
      return <ConsentScreen event={event} onAgreed={(camera) => (setAgreed(true), show({ name: "camera", camera }))} />;
    case "camera":
      return (
        <Viewfinder
          camera={view.camera}
          heading={heading}
          onPicture={(image) => void send(image, view.isFurther ?? false)}
          onBack={() => history.back()}
        />
      );
    case "add":
      return (
        <AddPerson
          onAdded={(added, camera) => {
            handOver(camera);
            void people.reload().then(() => onChoose(added));
          }}
          onBack={() => history.back()}
        />
      );
    case "person":
      return person ? (
        <PersonScreen
          person={person}
          status={status}
          onSelfie={event.closed ? undefined : shoot}
          onRenamed={people.reload}
          onDeleted={() => (onChoose(undefined), people.reload())}
          onBack={() => history.back()}
        />
      ) : null;
    case "sending":
      return (
        <Progress
          name={person?.name}
          status={status}
          fault={view.fault}
          onRetry={() => void send(view.image, view.isFurther, view.requestId)}
          onAgain={() => take(view.isFurther)}
          onBack={() => show(PHOTOS)}
        />
      );
    case "you":
      return (
        <You
          me={me}
          event={event}
          status={status}
          onSelfie={shoot}
          onDeleted={look}
          onBack={() => history.back()}
          sendsMail={sendsMail}
          onEvents={onEvents}
        />
      );
    case "photos":
      if (event.waiting) {
        return <WaitingRoom event={event} status={shown} onSelfie={shoot} onYou={() => show({ name: "you" })} />;
      }
      if ((shown.status === "running" || isBehind) && photos.list.length === 0) return <Progress name={person?.name} status={shown} />;
      return (
        <Gallery
          event={event}
          status={shown}
          photos={photos}
          adding={adding}
          person={person}
          people={people}
          onChoose={onChoose}
          onAddPerson={addPerson}
          onFurther={mayGoFurther ? () => take(true) : undefined}
          onSelfie={shoot}
          onYou={showYou}
        />
      );
  }
}

/** The selfies in use. */
function countSelfies(people: People, person: Person | undefined): number {
  const shown = person ?? people.list[0];
  return people.list.find(({ id }) => id === shown?.id)?.selfies ?? MAX_SELFIES;
}

/** Reloads the photos when a selfie is done; returns whether the shown ones are older than that. */
function useReloading(status: SelfieStatus, reload: () => Promise<void>): boolean {
  const key = `${status.status} ${status.started_at}`;
  const [loaded, setLoaded] = useState(key);
  const isRunning = status.status === "running";
  useEffect(() => {
    if (loaded !== key && !isRunning) void reload().then(() => setLoaded(key));
  }, [loaded, key, isRunning, reload]);
  return loaded !== key && status.status === "done";
}

/** The view, with the browser's Back leading to the photos. */
function useView(): [View, (view: View) => void] {
  const [view, setView] = useState<View>(() => {
    const camera = takeOver();
    return camera ? { name: "camera", camera } : PHOTOS;
  });
  useEffect(() => {
    if (view.name !== "photos") history.pushState(null, "");
    const back = () => setView(PHOTOS);
    addEventListener("popstate", back);
    return () => removeEventListener("popstate", back);
  }, []);
  const show = useCallback((next: View) => {
    setView((old) => {
      if (old.name === "photos" && next.name !== "photos") history.pushState(null, "");
      return next;
    });
  }, []);
  return [view, show];
}

function ConsentScreen({ event, onAgreed }: { event: Membership; onAgreed: (camera: OpenCamera) => void }) {
  const [agreed, setAgreed] = useState(false);
  const [reminded, setReminded] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const agree = async () => {
    if (!agreed) return setReminded(true);
    const camera = openCamera(); // while handling the tap, as browsers require
    try {
      const body = { event_id: event.event_id, consent_version: CONSENT_VERSION, consent_language: text.locale };
      await ask(api.POST("/api/me/consents", { body }));
      onAgreed(camera);
    } catch (error) {
      camera.close();
      setFault(error);
    }
  };
  return (
    <Screen heading={text.camera.heading}>
      <Consent eventName={event.name} agreed={agreed} reminded={reminded} onChange={setAgreed} />
      {fault ? <Trouble fault={fault} /> : null}
      <button type="button" class="primary" onClick={() => void agree()}>
        {text.welcome.takeSelfie}
      </button>
      <button type="button" class="quiet" onClick={() => history.back()}>
        {text.camera.back}
      </button>
    </Screen>
  );
}
