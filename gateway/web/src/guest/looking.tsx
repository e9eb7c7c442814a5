/** Chooses whose photos a guest sees in an event: their own, or those of a person they have added. */

import { useEffect, useState } from "preact/hooks";

import type { Me, Membership } from "../shared/session";
import { Member } from "./member";
import { type Person, usePeople } from "./people";

interface Props {
  me: Me;
  event: Membership;
  sendsMail: boolean;
  onEvents: () => Promise<void>;
}

export function Looking(props: Props) {
  const people = usePeople();
  const [chosen, choose] = useState<Person>();
  const { reload } = people;
  useEffect(() => void reload(), [reload]);
  // The current name; none if the person was deleted.
  const person = chosen && people.list.find(({ id }) => id === chosen.id);
  return <Member key={person?.id ?? ""} {...props} person={person} people={people} onChoose={choose} />;
}
