/** The end of what is loaded. */

import { text } from "#text";
import { useEffect, useRef } from "preact/hooks";

import { Waiting } from "./elements";

/** Asks for more shortly before one sees it. */
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
