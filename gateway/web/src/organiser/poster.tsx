/** The poster: to print, and to show on a projector. */

import { useRef, useState } from "preact/hooks";

import { followDownload, root } from "../shared/api";
import { Trouble } from "../shared/elements";
import { words } from "#words";
import { CopyButton } from "./copy";
import type { Event } from "./events";

/** Addresses of this machine alone (RFC 6761, section 6.3; RFC 1122, section 3.2.1.3). */
const LOOPBACK = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/;

export function Poster({ event }: { event: Event }) {
  const picture = useRef<HTMLImageElement>(null);
  const url = `${location.origin}${root}/e/${event.event_code}`;
  // Another code or logo is another address, so that a replaced one shows at once.
  const logo = event.logo_url?.split("v=").pop() ?? "";
  const poster = (format: string) => `${root}/api/events/${event.id}/poster.${format}?v=${event.event_code}${logo}`;
  const file = (format: string) => `${poster(format)}&download=true`;
  const [fault, setFault] = useState<unknown>();
  return (
    <section class="poster">
      <div>
        <h2>{words.poster.heading}</h2>
        <p>{words.poster.intro}</p>
        {fault ? <Trouble fault={fault} /> : null}
        <a class="button primary" href={file("pdf")} onClick={(click) => followDownload(click, file("pdf"), setFault)}>
          {words.poster.pdf}
        </a>
        <a class="button" href={file("svg")} onClick={(click) => followDownload(click, file("svg"), setFault)}>
          {words.poster.svg}
        </a>
        {"requestFullscreen" in Element.prototype && (
          <button type="button" onClick={() => void picture.current?.requestFullscreen()}>
            {words.poster.projector}
          </button>
        )}
        <p class="quiet">{words.poster.address}</p>
        <p class="address">{url}</p>
        {LOOPBACK.test(location.hostname) && <p class="trouble">{words.begin.loopback(location.hostname)}</p>}
        <CopyButton value={url} label={words.poster.copy} />
      </div>
      <img ref={picture} src={poster("svg")} alt={words.poster.picture} width={420} height={594} />
    </section>
  );
}
