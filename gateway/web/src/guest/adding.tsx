/** "Add my photos": the button. What uploads them is loaded with the first tap on it. */

import { text } from "#text";
import type { ComponentType } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { Failure } from "../shared/api";
import { Trouble, Waiting } from "../shared/elements";
import type { Membership } from "../shared/session";

/** Old browsers do not say that nothing was chosen. */
const LONGEST_CHOICE_MS = 60_000;

export interface PanelProps {
  event: Membership;
  onClose: () => void;
}

export interface Adding {
  mayAdd: boolean;
  begin: () => void;
  end: () => void;
  add: (files: readonly File[]) => void;
  state: "idle" | "preparing" | "open";
  fault: unknown;
  close: () => void;
  Panel: ComponentType<PanelProps> | undefined;
}

export function useAdding(event: Membership): Adding {
  const [state, setState] = useState<Adding["state"]>("idle");
  const [fault, setFault] = useState<unknown>();
  const [Panel, setPanel] = useState<ComponentType<PanelProps>>();
  const opened = useRef(false);

  const begin = useCallback(() => {
    setFault(undefined);
    setState("preparing");
    void import("./uploading").catch(() => undefined); // tried again with the files
  }, []);
  const end = useCallback(() => setState(opened.current ? "open" : "idle"), []);
  useEffect(() => {
    if (state !== "preparing") return;
    const timer = setTimeout(end, LONGEST_CHOICE_MS);
    return () => clearTimeout(timer);
  }, [state, end]);
  const add = useCallback(
    async (files: readonly File[]) => {
      try {
        const { UploadPanel, queueOf } = await import("./uploading");
        queueOf(event.event_id).add(files);
        setPanel(() => UploadPanel);
        opened.current = true;
        setState("open");
      } catch {
        setFault(new Failure("offline"));
        setState("idle");
      }
    },
    [event.event_id],
  );
  const close = useCallback(() => {
    opened.current = false;
    setState("idle");
  }, []);
  const mayAdd = event.role === "guest" && event.guest_photos !== "off" && !event.closed && !event.waiting;
  return { mayAdd, begin, end, add: (files) => void add(files), state, fault, close, Panel };
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

/** How far they are, above everything else, so that nothing moves. */
export function AddingState({ adding, event }: { adding: Adding; event: Membership }) {
  const { Panel, state, fault, close } = adding;
  if (fault) {
    return (
      <div class="toast sending">
        <Trouble fault={fault} onRetry={close} />
      </div>
    );
  }
  if (state === "preparing") {
    return (
      <div class="toast">
        <Waiting>{text.adding.preparing}</Waiting>
      </div>
    );
  }
  return state === "open" && Panel ? <Panel event={event} onClose={close} /> : null;
}
