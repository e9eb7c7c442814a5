/** The button "Add my photos". The upload code is loaded with the first tap on it. */

import { text } from "#text";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { Failure } from "../shared/api";
import { isSignedIn, type Membership } from "../shared/session";
import { sortFiles } from "../shared/upload/files";
import type { UploadQueue } from "../shared/upload/queue";
import type { UploadQueues } from "../shared/upload/queues";

/** A phone has one radio, so parallel requests would not be faster. */
const SENDERS = 2;
/** Old browsers do not report that nothing was chosen. */
const LONGEST_CHOICE_MS = 60_000;

export interface Adding {
  mayAdd: boolean;
  state: "idle" | "preparing" | "open";
  queue: UploadQueue | undefined;
  /** Files of the last choice that are not pictures. */
  skipped: number;
  fault: unknown;
  begin: () => void;
  end: () => void;
  add: (files: readonly File[]) => void;
  close: () => void;
}

export function useAdding(event: Membership): Adding {
  const [state, setState] = useState<Adding["state"]>("idle");
  const [queue, setQueue] = useState<UploadQueue>();
  const [skipped, setSkipped] = useState(0);
  const [fault, setFault] = useState<unknown>();
  const queues = useRef<UploadQueues | undefined>(undefined);
  const isOpen = useRef(false);

  useEffect(() => {
    const warn = (leaving: BeforeUnloadEvent) => queues.current?.isBusy && leaving.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, []);
  const load = useCallback(async () => {
    const { UploadQueues } = await import("../shared/upload/queues");
    return (queues.current ??= new UploadQueues(isSignedIn, SENDERS));
  }, []);
  const begin = useCallback(() => {
    setFault(undefined);
    setState("preparing");
    load().catch(() => undefined); // retried with the files
  }, [load]);
  const end = useCallback(() => setState(isOpen.current ? "open" : "idle"), []);
  useEffect(() => {
    if (state !== "preparing") return;
    const timer = setTimeout(end, LONGEST_CHOICE_MS);
    return () => clearTimeout(timer);
  }, [state, end]);
  const add = useCallback(
    async (files: readonly File[]) => {
      try {
        const found = sortFiles(files);
        const opened = (await load()).of(event.event_id);
        opened.add(found.pictures);
        setSkipped(found.skipped.length);
        setQueue(opened);
        isOpen.current = true;
      } catch {
        setFault(new Failure("offline"));
      }
      end();
    },
    [event.event_id, load, end],
  );
  const close = useCallback(() => {
    isOpen.current = false;
    setFault(undefined);
    setState("idle");
  }, []);
  const mayAdd = event.role === "guest" && event.guest_photos !== "off" && !event.closed && !event.waiting;
  return { mayAdd, state, queue, skipped, fault, begin, end, add: (files) => void add(files), close };
}

export function AddButton({ adding }: { adding: Adding }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const element = input.current;
    element?.addEventListener("cancel", adding.end);
    return () => element?.removeEventListener("cancel", adding.end);
  }, [adding.end, adding.mayAdd]);
  if (!adding.mayAdd) return null;
  return (
    <label class="button">
      {text.adding.add}
      <input
        ref={input}
        type="file"
        accept="image/*,.heic,.heif,.avif"
        multiple
        onClick={adding.begin}
        onChange={(event) => {
          adding.add([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = ""; // the same photos can be chosen again
        }}
      />
    </label>
  );
}
