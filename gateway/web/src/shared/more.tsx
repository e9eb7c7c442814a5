/** The end of the loaded part of a list. */

import { text } from "#text";
import { useEffect, useRef } from "preact/hooks";

import { Waiting } from "./elements";

/** Requests more shortly before it becomes visible. */
export function More({ onVisible }: { onVisible: () => Promise<void> }) {
  const mark = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && void onVisible(), {
      rootMargin: "1500px",
    });
    if (mark.current) observer.observe(mark.current);
    return () => observer.disconnect();
  }, [onVisible]);
  return (
    <div ref={mark}>
      <Waiting>{text.page.loading}</Waiting>
    </div>
  );
}
