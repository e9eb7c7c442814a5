import type { faces as english } from "./faces.en";

/** The faces of a photo, and why a guest is in it or not. */
export const faces: typeof english = {
  open: "Qui est dessus ?",
  heading: "Qui est sur cette photo ?",
  close: "Fermer",
  none: "Aucun visage n’a été trouvé sur cette photo.",
  small: (count: number) => (count === 1 ? "1 autre visage est trop petit pour être comparé." : `${count} autres visages sont trop petits pour être comparés.`),
  face: (number: number) => `Visage ${number}`,
  nobody: "Ne correspond à aucun invité",
  gone: "Une personne qui est partie",
  ask: "Pourquoi cet invité n’y est-il pas ?",
  choose: "Choisissez un invité",
  shown: (name: string) => `${name} voit cette photo.`,
  notShown: (name: string) => `${name} ne voit pas cette photo.`,
  answers: { clear: "C’est cet invité.", near_miss: "Peut-être cet invité.", no: "Ce n’est pas cet invité." },
  reasons: {
    other_photos: "D’autres photos de l’invité y ont mené.",
    refused: "L’invité a dit : ce n’est pas moi.",
    resembles_refused: "Il ressemble à un visage dont l’invité a dit : ce n’est pas moi.",
    nearer_guest: "Il ressemble davantage à un autre invité.",
    another_face: "Un autre visage de cette photo est l’invité.",
    too_small: "Le visage est trop petit pour en être sûr.",
    hard_to_see: "Le visage est tourné ou caché en partie.",
    being_matched: "La recherche est en cours : redemandez dans quelques secondes.",
    no_selfie: "Il n’y a pas de selfie de cet invité.",
    no_member: "Cet invité n’est plus dans l’événement.",
    hidden: "La photo est masquée.",
    unapproved: "La photo attend votre accord.",
    asked_to_hide: "L’invité a demandé de masquer cette photo.",
    held_back: "L’événement retient ses photos jusqu’à leur publication.",
  },
};
