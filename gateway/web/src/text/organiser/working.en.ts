/** Sentences about the first steps, the logo of an event, and what its organisers might look at. */

export const anomalies = {
  heading: "Things to look at",
  link: (count: number) => (count === 1 ? "1 thing to look at" : `${count} things to look at`),
  detail:
    "Often nothing is wrong: a family shares a phone, or someone has joined again. If you do not know them, ask, or remove an account above.",
  face: (count: number, names: string) => `${count} accounts show one face: ${names}.`,
  twoFaces: (name: string, photos: number) =>
    `The selfie of ${name} looks like two people in ${photos === 1 ? "one photo" : `each of ${photos} photos`}. It may be a picture made of two faces, or relatives who look alike.`,
  phone: (count: number, names: string) => `${count} guests joined with one phone: ${names}.`,
};

export const logo = {
  heading: "Logo",
  detail:
    "Guests see it below their photos, next to the photographer’s name, and it is on the poster. PNG, JPEG or WebP, at most 1 MB; it is shown on white.",
  choose: "Choose a picture",
  replace: "Choose another one",
  remove: "Remove the logo",
};

export const begin = {
  add: "Add photos here, now or while the event goes on.",
  hang: "Put up the poster: guests scan its code and take a selfie, also before there are photos.",
  find: "Guests see the photos that they are in as soon as these are read. You don’t need to do anything.",
  toPoster: "To the poster",
  loopback: (host: string) =>
    `You opened this page at ${host}, which phones cannot reach: it is this machine’s own address. For phones, open it at the address that they can reach, or start the server with PUBLIC_URL or TLS=1.`,
};

export const first = {
  heading: "Welcome to Minois",
  intro: "There is no organiser here yet. Become the first one: you create events and invite others.",
  code: "Code",
  codeDetail: "The server wrote it to its log when it started, in the line “No organiser exists”. Each start makes a new one.",
  submit: "Create the account",
};
