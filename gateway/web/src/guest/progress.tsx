/** Describes the progress of a selfie in words. */

import { text } from "#text";
import { useEffect, useState } from "preact/hooks";

import { reasonOf } from "../shared/api";
import { Screen, Trouble, Waiting } from "../shared/elements";
import type { SelfieStatus } from "./selfie";

const SLOW_MS = 10_000;
/** Of the picture itself. */
const UNUSABLE = ["too_large", "unsupported_type", "empty_image", "empty_body"];

interface Props {
  /** None: the guest. */
  name?: string;
  status: SelfieStatus;
  /** Of the upload. */
  fault?: unknown;
  onRetry?: () => void;
  /** Takes or chooses another picture. */
  onAgain?: () => void;
  onBack?: () => void;
}

export function Progress({ name, status, fault, onRetry, onAgain, onBack }: Props) {
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), SLOW_MS);
    return () => clearTimeout(timer);
  }, []);
  const isSending = onRetry !== undefined;
  return (
    <Screen heading={name ? text.people.picture(name) : text.camera.heading}>
      {fault ? (
        <>
          <Trouble fault={fault} onRetry={onRetry} />
          {UNUSABLE.includes(reasonOf(fault)) && (
            <button type="button" class="primary" onClick={onAgain}>
              {text.progress.another}
            </button>
          )}
          <button type="button" class="quiet" onClick={onBack}>
            {text.camera.back}
          </button>
        </>
      ) : (
        <>
          <Waiting>{isSending && status.status !== "running" ? text.progress.sending : name ? text.people.searching(name) : text.progress.searching}</Waiting>
          {isSlow && <p class="quiet">{text.progress.slow}</p>}
        </>
      )}
    </Screen>
  );
}
