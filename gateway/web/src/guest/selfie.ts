/** A selfie being sent: the camera that one screen opens for the next, the upload, and its status. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { api, ask, type Schemas } from "../shared/api";
import type { OpenCamera } from "./camera";

export type SelfieStatus = Schemas["RematchStatus"];

const QUICK_MS = 400;
const CALM_MS = 1_500;
const QUICK_TRIES = 12;

let handedOver: OpenCamera | undefined;

/** Passes the camera to the screen that follows the tap. */
export function handOver(camera: OpenCamera): void {
  handedOver?.close();
  handedOver = camera;
}

export function takeOver(): OpenCamera | undefined {
  const camera = handedOver;
  handedOver = undefined;
  return camera;
}

/** A selfie of the guest or of a person; `isFurther`: used in addition to those in use instead of replacing them. */
export async function sendSelfie(image: Blob, requestId: string, person: string | undefined, isFurther: boolean): Promise<void> {
  const form = new FormData();
  form.append("file", image, "selfie.jpg");
  const header = { "idempotency-key": requestId };
  await ask(
    api.POST("/api/upload-selfie", {
      body: { file: "" }, // the document's type of a file
      bodySerializer: () => form,
      params: { header, query: { person, add: isFurther || undefined } },
    }),
  );
}

/** The status, polled while it is `running`; `look` polls now. `person`: none: the guest. */
export function useSelfieStatus(initial: SelfieStatus, person?: string): [SelfieStatus, () => Promise<void>] {
  const [status, setStatus] = useState(initial);
  const tries = useRef(0);
  const look = useCallback(async () => {
    setStatus(await ask(api.GET("/api/rematch-status", { params: { query: { person } } })));
  }, [person]);
  useEffect(() => {
    if (person) void look().catch(() => undefined); // that of the guest is known
  }, [person, look]);

  const isRunning = status.status === "running";
  useEffect(() => {
    tries.current = 0;
    if (!isRunning) return undefined;
    let timer: ReturnType<typeof setTimeout>;
    const wait = () => {
      timer = setTimeout(
        () => look().catch(() => undefined).then(wait), // an outage passes
        tries.current++ < QUICK_TRIES ? QUICK_MS : CALM_MS,
      );
    };
    wait();
    return () => clearTimeout(timer);
  }, [isRunning, look]);
  return [status, look];
}

/** Whether a selfie is compared with the photos: the newest, or an earlier one. */
export function isCompared(status: SelfieStatus): boolean {
  return status.status === "done" || status.status === "running" || status.has_earlier === true;
}
