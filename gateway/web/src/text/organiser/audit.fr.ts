/** Phrases sur qui a fait quoi dans un événement. */

import type { Words } from "./en";

export const audit: Words["audit"] = {
  heading: "Qui a fait quoi",
  detail: "Ce que les organisateurs ont fait dans cet événement, et ce que ce serveur a noté, comme le nouveau visage d’un invité. C’est conservé quelques mois, puis supprimé.",
  none: "Rien n’est encore noté.",
  more: "Afficher les précédents",
  from: (network) => `depuis le réseau ${network}`,
  somebody: "Quelqu’un qui n’est plus ici",
  aMember: "quelqu’un",
  system: "Le système",
  roles: { organiser: "organisateur", couple: "couple", photographer: "photographe", guest: "invité" },
  acts: {
    role_changed: (who, whom, result) => `${who} a donné le rôle « ${result} » à ${whom}`,
    guest_removed: (who, whom) => `${who} a exclu ${whom}`,
    guest_admitted: (who, whom) => `${who} a admis ${whom}`,
    code_changed: (who) => `${who} a remplacé le code de l’événement`,
    invitation_made: (who, _, result) => `${who} a créé une invitation (${result})`,
    sign_in_link_made: (who, whom) => `${who} a créé un lien de connexion pour ${whom}`,
    faces_viewed: (who) => `${who} a regardé les visages d’une photo`,
    face_searched: (who) => `${who} a recherché un visage d’une photo, pour retirer une personne`,
    face_searched_by_photo: (who) => `${who} a recherché le visage d’une photo extérieure à l’événement, pour retirer une personne`,
    faces_forgotten: (who, _, result) => (result === "1" ? `${who} a fait oublier un visage` : `${who} a fait oublier ${result} visages`),
    faces_hidden: (who, _, result) => (result === "1" ? `${who} a fait oublier un visage et masquer sa photo` : `${who} a fait oublier ${result} visages et masquer leurs photos`),
    photos_deleted: (who, _, result) => (result === "1" ? `${who} a supprimé une photo` : `${who} a supprimé ${result} photos`),
    new_face: (who) => `${who} est recherché avec un nouveau visage`,
  },
};
