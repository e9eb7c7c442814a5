/** A link that signs a guest without a password in again. */

import { useState } from "preact/hooks";

import { api, ask, type Schemas } from "../shared/api";
import { Trouble } from "../shared/elements";
import { words } from "#words";
import { CopyButton } from "./copy";

interface Props {
  eventId: string;
  userId: string;
  /** Whether it is the suggested next step. */
  isNext?: boolean;
}

export function GuestLink({ eventId, userId, isNext }: Props) {
  const [link, setLink] = useState<Schemas["SignInLink"]>();
  const [fault, setFault] = useState<unknown>();
  const create = () => {
    setFault(undefined);
    const params = { path: { event_id: eventId, user_id: userId } };
    ask(api.POST("/api/events/{event_id}/guests/{user_id}/sign-in-links", { params })).then(setLink, setFault);
  };
  return (
    <>
      <button type="button" class={isNext ? "primary" : undefined} onClick={create}>
        {words.guests.link}
      </button>
      {fault ? <Trouble fault={fault} onRetry={create} /> : null}
      {link && (
        <div class="sheet">
          <p>{words.guests.linkDetail}</p>
          <img class="qr" src={link.qr_svg} alt={words.guests.link} />
          <p class="address">{location.origin + link.path}</p>
          <CopyButton value={location.origin + link.path} label={words.guests.copy} />
        </div>
      )}
    </>
  );
}
