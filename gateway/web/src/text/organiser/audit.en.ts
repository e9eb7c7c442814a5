/** Sentences of the audit log. People who left the event have no names any more. */

export const audit = {
  heading: "Who did what",
  detail: "What organisers did in this event, and what this server noted, such as a guest’s new face. It is kept for some months, then deleted.",
  none: "Nothing is recorded yet.",
  more: "Show earlier activity",
  from: (network: string) => `from the network ${network}`,
  somebody: "Someone who is no longer here",
  aMember: "someone",
  system: "The system",
  roles: { organiser: "an organiser", couple: "the couple", photographer: "a photographer", guest: "a guest" } as Record<string, string>,
  acts: {
    role_changed: (who, whom, result) => `${who} made ${whom} ${result}`,
    guest_removed: (who, whom) => `${who} removed ${whom}`,
    guest_admitted: (who, whom) => `${who} let ${whom} in`,
    code_changed: (who) => `${who} replaced the event code`,
    invitation_made: (who, _, result) => `${who} made an invitation for ${result}`,
    sign_in_link_made: (who, whom) => `${who} made a sign-in link for ${whom}`,
    faces_viewed: (who) => `${who} looked at the faces of a photo`,
    face_searched: (who) => `${who} looked for a face of a photo, to remove a person`,
    face_searched_by_photo: (who) => `${who} looked for the face in a photo from outside the event, to remove a person`,
    faces_forgotten: (who, _, result) => (result === "1" ? `${who} had a face forgotten` : `${who} had ${result} faces forgotten`),
    faces_hidden: (who, _, result) => (result === "1" ? `${who} had a face forgotten and its photo hidden` : `${who} had ${result} faces forgotten and their photos hidden`),
    photos_deleted: (who, _, result) => (result === "1" ? `${who} deleted a photo` : `${who} deleted ${result} photos`),
    new_face: (who) => `${who} is looked for with a new face`,
  } as Record<string, (who: string, whom: string, result: string) => string>,
};
