/** A guest in an event: the photos, the selfie on its way, and what is kept of them. */

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
import { usePhotos } from "./photos";
import { Progress } from "./progress";
import { type SelfieStatus, sendSelfie, takeOver, useSelfieStatus } from "./selfie";
import { Viewfinder } from "./viewfinder";
import { WaitingRoom } from "./waiting";
import { You } from "./you";

type View =
  | { name: "photos" }
  | { name: "consent" }
  | { name: "camera"; camera: OpenCamera }
  | { name: "sending"; image: Blob; requestId: string; fault?: unknown }
  | { name: "you" };

const PHOTOS: View = { name: "photos" };

/** A selfie of another event, in which this one searches nothing before its guest agrees. */
const NOT_SEARCHED: SelfieStatus = { status: "idle", matched: 0 };

interface Props {
  me: Me;
  event: Membership;
  sendsMail: boolean;
  /** Reads again in which events one is. */
  onEvents: () => Promise<void>;
}

export function Member({ me, event, sendsMail, onEvents }: Props) {
  const [view, show] = useView();
  const [status, look] = useSelfieStatus(me.selfie);
  const photos = usePhotos(event.event_id, !event.waiting);
  const [hasAgreed, setAgreed] = useState(event.consent_version !== "");
  const adding = useAdding(event);
  const { reload } = photos;
  const isWaiting = event.waiting || isHeldBack(event);

  useEffect(
    () =>
      followUpdates((change) => {
        void look().catch(() => undefined);
        void reload();
        // One who waits must not miss it; for the others the events are not worth a look each minute.
        if (isWaiting || change === "events" || change === "reload") void onEvents();
      }),
    [look, reload, onEvents, isWaiting],
  );
  const isBehind = useReloading(status, reload);

  const shown = event.searched || hasAgreed ? status : NOT_SEARCHED;
  const shoot = () => show(hasAgreed ? { name: "camera", camera: openCamera() } : { name: "consent" });
  const send = async (image: Blob, requestId = randomId()) => {
    show({ name: "sending", image, requestId });
    try {
      await sendSelfie(image, requestId);
      await look();
      show(PHOTOS);
    } catch (fault) {
      show({ name: "sending", image, requestId, fault });
    }
  };

  switch (view.name) {
    case "consent":
      return <ConsentScreen event={event} onAgreed={(camera) => (setAgreed(true), show({ name: "camera", camera }))} />;
    case "camera":
      return <Viewfinder camera={view.camera} onPicture={(image) => void send(image)} onBack={() => history.back()} />;
    case "sending":
      return (
        <Progress
          status={status}
          fault={view.fault}
          onRetry={() => void send(view.image, view.requestId)}
          onAgain={shoot}
          onBack={() => show(PHOTOS)}
        />
      );
    case "you":
      return (
        <You
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
      if ((shown.status === "running" || isBehind) && photos.list.length === 0) return <Progress status={shown} />;
      return (
        <Gallery
          event={event}
          status={shown}
          photos={photos}
          adding={adding}
          onSelfie={shoot}
          onYou={() => show({ name: "you" })}
        />
      );
  }
}

/** Loads the photos again when a selfie is done; whether what is shown is still older than that. */
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
    const camera = openCamera(); // in the tap itself: browsers ask for it
    try {
      const body = { event_id: event.event_id, consent_version: CONSENT_VERSION };
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
