/** The French ones. */

import type { Words } from "./en";

export const anomalies: Words["anomalies"] = {
  heading: "À regarder",
  link: (count) => (count === 1 ? "1 point à regarder" : `${count} points à regarder`),
  detail:
    "Souvent tout va bien : une famille partage un téléphone, ou quelqu’un est entré de nouveau. Si vous ne les connaissez pas, demandez, ou excluez un compte ci-dessus.",
  face: (count, names) => `${count} comptes montrent un même visage : ${names}.`,
  twoFaces: (name, photos) =>
    `Le selfie de ${name} ressemble à deux personnes ${photos === 1 ? "d’une même photo" : `dans chacune de ${photos} photos`}. C’est peut-être une image faite de deux visages, ou des proches qui se ressemblent.`,
  phone: (count, names) => `${count} invités sont entrés avec un même téléphone : ${names}.`,
};

export const logo: Words["logo"] = {
  heading: "Logo",
  detail:
    "Les invités le voient sous leurs photos, près du nom du photographe, et il figure sur l’affiche. PNG, JPEG ou WebP, 1 Mo au plus ; il s’affiche sur fond blanc.",
  choose: "Choisir une image",
  replace: "En choisir une autre",
  remove: "Retirer le logo",
};

export const begin: Words["begin"] = {
  add: "Ajoutez des photos ici, maintenant ou pendant l’événement.",
  hang: "Accrochez l’affiche : les invités scannent son code et prennent un selfie, même avant les photos.",
  find: "Les invités voient les photos où ils figurent dès qu’elles sont lues. Vous n’avez rien à faire.",
  toPoster: "Vers l’affiche",
  loopback: (host) =>
    `Vous avez ouvert cette page à l’adresse ${host}, qui ne mène les téléphones nulle part : c’est celle de cette seule machine. Pour eux, ouvrez-la à une adresse qu’ils peuvent atteindre, ou démarrez le serveur avec PUBLIC_URL ou TLS=1.`,
};

export const first: Words["first"] = {
  heading: "Bienvenue sur Minois",
  intro: "Il n’y a pas encore d’organisateur ici. Devenez le premier : vous créez des événements et invitez les autres.",
  code: "Code",
  codeDetail: "Le serveur l’a écrit dans son journal au démarrage, à la ligne « No organiser exists ». Chaque démarrage en crée un nouveau.",
  submit: "Créer le compte",
};
