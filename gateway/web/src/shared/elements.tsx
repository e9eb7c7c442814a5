/** Elements shared by all screens. */

import { text } from "#text";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import { Failure, type Reason, reasonOf, root } from "./api";

/** A screen whose heading gets the focus when it appears, so that a screen reader announces it. */
export function Screen({ heading, wide, children }: { heading: string; wide?: boolean; children: ComponentChildren }) {
  const title = useRef<HTMLHeadingElement>(null);
  // Synchronously: a key pressed meanwhile must not find the focus moved.
  useLayoutEffect(() => {
    title.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, []);
  useLayoutEffect(() => void (document.title = heading), [heading]);
  return (
    <main class={wide ? "wide" : "card"}>
      <h1 tabIndex={-1} ref={title}>
        {heading}
      </h1>
      {children}
    </main>
  );
}

export function Waiting({ children }: { children: ComponentChildren }) {
  return (
    <p class="waiting" role="status">
      <span class="spinner" aria-hidden="true" />
      {children}
    </p>
  );
}

/** The user has to start over: the session has ended, or there is nothing more to see here. */
const OVER: readonly (Reason | "offline")[] = [
  "invalid_token",
  "invalid_refresh_token",
  "session_expired",
  "invalid_sign_in_link",
  "user_not_found",
  "event_not_found",
  "removed_from_event",
];
/** Retrying unchanged would fail again. */
const REJECTED: readonly (Reason | "offline")[] = [
  "event_closed",
  "caller_not_allowed",
  "organiser_only",
  "download_not_offered",
  "photo_not_found",
  "invalid_invitation",
  "too_many_event_photos",
  "too_many_guest_photos",
  "too_large",
  "unsupported_type",
  "empty_image",
  "unreadable_logo",
  "unreadable_photo",
  "no_face",
  "several_faces",
  "unclear_face",
  "empty_body",
];

interface TroubleProps {
  fault: unknown;
  onRetry?: () => void;
  /** Set on the start page itself. */
  atHome?: boolean;
}

/** An error message, and what to do about it. */
export function Trouble({ fault, onRetry, atHome }: TroubleProps) {
  const reason = reasonOf(fault);
  const start = location.pathname.startsWith(`${root}/organiser`) ? "/organiser" : "/";
  return (
    <div class="trouble" role="alert">
      <p>{sentenceOf(fault)}</p>
      {OVER.includes(reason) && !atHome && (
        <a class="button" href={`${root}${start}`}>
          {text.failure.start}
        </a>
      )}
      {onRetry && mayRepeat(reason) && (
        <button type="button" onClick={onRetry}>
          {text.failure.retry}
        </button>
      )}
    </div>
  );
}

/** Includes the time to wait if the server has sent it. */
export function sentenceOf(fault: unknown): string {
  const reason = reasonOf(fault);
  const waitS = fault instanceof Failure ? fault.waitS : undefined;
  return reason === "too_many_requests" && waitS ? text.failure.wait(waitS) : text.reasons[reason];
}

export function mayRepeat(reason: Reason | "offline"): boolean {
  return !OVER.includes(reason) && !REJECTED.includes(reason);
}

/** Longer than a double tap, whose second half would confirm. */
const READING_MS = 500;

/** Asks before something is lost. */
export function confirmInWords(question: string, yes: string): Promise<boolean> {
  const dialog = document.createElement("dialog");
  if (!dialog.showModal) return Promise.resolve(confirm(question)); // Safari before 15.4
  const words = document.createElement("p");
  words.id = "question";
  words.textContent = question;
  const buttons = [button(text.you.cancel, "quiet", false), button(yes, "danger", true)];
  dialog.append(words, ...buttons);
  dialog.setAttribute("aria-labelledby", words.id);
  document.body.append(dialog);
  dialog.showModal();
  const danger = buttons[1];
  if (danger) {
    danger.disabled = true;
    setTimeout(() => (danger.disabled = false), READING_MS);
  }

  function button(label: string, kind: string, answer: boolean): HTMLButtonElement {
    const element = document.createElement("button");
    element.textContent = label;
    element.className = kind;
    element.onclick = () => dialog.close(answer ? "yes" : "");
    return element;
  }
  return new Promise((resolve) => {
    dialog.onclose = () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    };
  });
}

export function showDay(seconds: number): string {
  return new Date(seconds * 1000).toLocaleDateString(text.locale, { dateStyle: "long" });
}

/** To the second, which distinguishes two photos. */
export function showTime(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString(text.locale, { dateStyle: "medium", timeStyle: "medium" });
}
