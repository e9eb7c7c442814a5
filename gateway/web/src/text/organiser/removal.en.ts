/** The removal of a person who is no guest. */
export const removal = {
  open: "Remove this person…",
  heading: "Remove a person who is no guest",
  found: (count: number) =>
    count === 1 ? "No other photo shows a face like this one." : `${count} photos show a face like this one. Choose those that show the person: some may show someone else.`,
  more: (count: number) => `The ${count} nearest are listed. Search again afterwards to see the rest.`,
  taken: (names: string) => `Matched to ${names}, who would lose the photo.`,
  hidden: "Hidden already.",
  search: "Remove a person who is no guest…",
  upload: "Upload a photo of the person",
  uploadDetail: "Choose a photo that shows the face of the person alone, clearly and from the front. It is used for this search only and is not kept. The search is recorded.",
  searching: "Looking for the face…",
  foundLike: (count: number) =>
    count === 0 ? "No photo shows a face like this one." : `${count === 1 ? "1 photo shows" : `${count} photos show`} a face like this one. Choose those that show the person: some may show someone else.`,
  close: "Close",
  what: "What to do",
  removals: {
    forget_faces: "Forget the faces: they no longer lead anyone to these photos. The photos stay.",
    hide_photos: "Forget the faces and hide the photos from all guests.",
  },
  later: "This cannot be undone. Photos that are added later, or new versions that are cropped in another way, may show the person again: look for them then.",
  confirm: (count: number) => (count === 1 ? "Remove from 1 photo" : `Remove from ${count} photos`),
  done: (count: number) => (count === 1 ? "The face in 1 photo is forgotten." : `The faces in ${count} photos are forgotten.`),
  back: "Back to the photo",
};
