/** The role of a member, which an organiser may change. */

import { api, ask } from "../shared/api";
import { confirmInWords } from "../shared/elements";
import { words } from "#words";
import type { Guest } from "./guestlist";
import type { Role } from "./rights";

interface Props {
  eventId: string;
  guest: Guest;
  name: string;
  /** Whether the member is the signed-in user. */
  isOwn: boolean;
  onChange: (work: () => Promise<unknown>) => void;
}

const ROLES: readonly Role[] = ["guest", "photographer", "couple", "organiser"];

export function MemberRole({ eventId, guest, name, isOwn, onChange }: Props) {
  const choose = async (role: Role) => {
    const isAllowed = !isOwn || (await confirmInWords(words.guests.ownRoleQuestion, words.guests.confirmOwnRole));
    if (!isAllowed) return;
    const path = { event_id: eventId, user_id: guest.user_id };
    onChange(() => ask(api.PATCH("/api/events/{event_id}/guests/{user_id}", { params: { path }, body: { role } })));
  };
  return (
    <select
      aria-label={words.guests.role(name)}
      value={guest.role}
      onChange={({ currentTarget }) => {
        const role = ROLES.find((known) => known === currentTarget.value);
        // It shows the member's current role until the server confirms another one.
        currentTarget.value = guest.role;
        if (role) void choose(role);
      }}
    >
      {ROLES.map((role) => (
        <option key={role} value={role} disabled={role === "organiser" && !guest.username}>
          {words.roles[role]}
        </option>
      ))}
    </select>
  );
}
