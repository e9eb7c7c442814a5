/** Invites organisers, photographers and the couple: a single-use link for each. */

import { useCallback, useEffect, useState } from "preact/hooks";

import { api, ask, type Schemas } from "../shared/api";
import { showDay, Trouble } from "../shared/elements";
import { words } from "#words";
import { CopyButton } from "./copy";
import type { Event } from "./events";

type Invited = Schemas["NewInvitation"]["role"];

const ROLES: readonly Invited[] = ["photographer", "couple", "organiser"];

export function Invitations({ event }: { event: Event }) {
  const [role, setRole] = useState<Invited>("photographer");
  const [open, setOpen] = useState<readonly Schemas["Invitation"][]>([]);
  const [created, setCreated] = useState<Schemas["CreatedInvitation"]>();
  const [fault, setFault] = useState<unknown>();
  const path = { event_id: event.id };

  const load = useCallback(async () => {
    const params = { path: { event_id: event.id } };
    const { invitations } = await ask(api.GET("/api/events/{event_id}/invitations", { params }));
    setOpen(invitations);
  }, [event.id]);
  // An accepted invitation changes the count.
  useEffect(() => void load().catch(setFault), [load, event.guests]);

  const attempt = (work: () => Promise<void>) => {
    setFault(undefined);
    work().catch(setFault);
  };
  const create = async () => {
    setCreated(await ask(api.POST("/api/events/{event_id}/invitations", { params: { path }, body: { role } })));
    await load();
  };
  const revoke = async (invitation_id: string) => {
    const params = { path: { ...path, invitation_id } };
    await ask(api.DELETE("/api/events/{event_id}/invitations/{invitation_id}", { params }));
    if (created?.id === invitation_id) setCreated(undefined);
    await load();
  };
  return (
    <section class="guests invitations">
      <h2>{words.invite.heading}</h2>
      {fault ? <Trouble fault={fault} onRetry={() => attempt(load)} /> : null}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          attempt(create);
        }}
      >
        <label for="role">{words.invite.role}</label>
        <select id="role" value={role} onChange={(event) => setRole(event.currentTarget.value as Invited)}>
          {ROLES.map((name) => (
            <option key={name} value={name}>
              {words.roles[name]}
            </option>
          ))}
        </select>
        <p class="quiet">{words.roleDetails[role]}</p>
        <button type="submit">{words.invite.create}</button>
      </form>
      {created && (
        <div class="sheet" role="status">
          <p>{words.invite.detail(words.roles[created.role])}</p>
          <img class="qr" src={created.qr_svg} alt={words.invite.picture} />
          <p class="address">{location.origin + created.path}</p>
          <CopyButton key={created.id} value={location.origin + created.path} label={words.guests.copy} />
        </div>
      )}
      {open.length > 0 && (
        <>
          <h3>{words.invite.open}</h3>
          <ul>
            {open.map((invitation) => (
              <li key={invitation.id}>
                <span class="who">
                  <strong>{words.roles[invitation.role]}</strong>
                  <small>{words.invite.by(invitation.created_by, showDay(invitation.expires_at))}</small>
                </span>
                <button type="button" class="danger" onClick={() => attempt(() => revoke(invitation.id))}>
                  {words.invite.revoke}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
