/** What every screen is made of. */

import { text } from "#text";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import { reasonOf } from "./api";

/** A screen whose heading gets the focus when it appears, so that a screen reader says where one is. */
export function Screen({ heading, wide, children }: { heading: string; wide?: boolean; children: ComponentChildren }) {
  const title = useRef<HTMLHeadingElement>(null);
  // At once: a key pressed meanwhile must not find the focus moved.
  useLayoutEffect(() => {
    title.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, []);
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

/** What went wrong, in words, and what to do about it. */
export function Trouble({ fault, onRetry }: { fault: unknown; onRetry?: () => void }) {
  return (
    <div class="trouble" role="alert">
      <p>{text.reasons[reasonOf(fault)]}</p>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          {text.failure.retry}
        </button>
      )}
    </div>
  );
}

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
