import type { removal as english } from "./removal.en";

/** The removal of a person who is no guest. */
export const removal: typeof english = {
  open: "Retirer cette personne…",
  heading: "Retirer une personne qui n’est pas invitée",
  found: (count: number) =>
    count === 1 ? "Aucune autre photo ne montre un visage comme celui-ci." : `${count} photos montrent un visage comme celui-ci. Choisissez celles où c’est bien la personne : d’autres peuvent montrer quelqu’un d’autre.`,
  more: (count: number) => `Les ${count} visages les plus proches sont affichés. Recherchez ensuite les autres.`,
  taken: (names: string) => `Attribué à ${names}, qui perdrait la photo.`,
  hidden: "Déjà masquée.",
  search: "Retirer une personne qui n’est pas invitée…",
  upload: "Envoyer une photo de la personne",
  uploadDetail: "Choisissez une photo où l’on voit seulement le visage de la personne, nettement et de face. Elle ne sert qu’à cette recherche et n’est pas conservée. La recherche est notée.",
  searching: "Recherche du visage…",
  foundLike: (count: number) =>
    count === 0 ? "Aucune photo ne montre un visage comme celui-ci." : `${count === 1 ? "1 photo montre" : `${count} photos montrent`} un visage comme celui-ci. Choisissez celles où c’est bien la personne : d’autres peuvent montrer quelqu’un d’autre.`,
  close: "Fermer",
  what: "Que faire",
  removals: {
    forget_faces: "Oublier les visages : ils ne mènent plus personne à ces photos. Les photos restent.",
    hide_photos: "Oublier les visages et masquer les photos à tous les invités.",
  },
  later: "C’est irréversible. Les photos ajoutées plus tard, ou de nouvelles versions recadrées, peuvent montrer à nouveau la personne : recherchez-la alors.",
  confirm: (count: number) => (count === 1 ? "Retirer de 1 photo" : `Retirer de ${count} photos`),
  done: (count: number) => (count === 1 ? "Le visage de 1 photo est oublié." : `Les visages de ${count} photos sont oubliés.`),
  back: "Revenir à la photo",
};
