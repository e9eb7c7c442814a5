/** Phrases sur un compte : où il est connecté, son mot de passe et son adresse e-mail. */

import type { Text } from "./en";

export const account: Text["account"] = {
  heading: "Votre compte",
  devices: "Vos appareils connectés",
  device: "Navigateur inconnu",
  current: "cet appareil",
  used: (when) => `dernière utilisation ${when}`,
  end: "Déconnecter",
  endOne: (device) => `Déconnecter ${device}`,
  endOthers: "Déconnecter tous les autres appareils",
  endOthersQuestion: "Déconnecter partout sauf ici ? Sans mot de passe, vous ne retrouvez vos photos sur un autre appareil que par un lien de connexion ou un nouveau selfie.",
  confirmEnd: "Oui, déconnecter",
  ended: "Appareil déconnecté.",
  password: "Changer le mot de passe",
  oldPassword: "Mot de passe actuel",
  newPassword: "Nouveau mot de passe",
  newPasswordDetail: "Au moins 8 caractères. Tous les autres appareils sont déconnectés.",
  savePassword: "Enregistrer le mot de passe",
  savedPassword: "Votre mot de passe a été changé.",
  email: "Changer l’adresse e-mail",
  emailNow: (email) => `Votre adresse est ${email}.`,
  newEmail: "Nouvelle adresse e-mail",
  saveEmail: "Enregistrer l’adresse",
  savedEmail: "Votre compte a maintenant cette adresse.",
  sentEmail: "Nous avons envoyé un lien à la nouvelle adresse. Ouvrez-le pour terminer le changement.",
};
