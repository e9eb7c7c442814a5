/** One request of an upload. XMLHttpRequest, since `fetch` does not report how much was sent. */

import { renew, root, type Schemas } from "../api";

export type AddedPhoto = Schemas["AddedPhoto"];
export type Problem = Schemas["ProblemBody"];

/** `answered`: the service has decided about each file; `passing`: worth repeating after `waitS`; `lost`: no connection. */
export type Answer =
  | { kind: "answered"; photos: readonly AddedPhoto[] }
  | { kind: "rejected"; problem: Problem }
  | { kind: "passing"; waitS: number }
  | { kind: "lost" };

const PASSING = [408, 429, 500, 502, 503, 504];
const STALLED_MS = 60_000;

/** `replace`: the photos of the same names. `onSent`: bytes of the request sent so far. Repeats with a renewed session where the old one has expired. */
export async function sendPhotos(
  eventId: string,
  files: readonly File[],
  replace: boolean,
  onSent: (bytes: number) => void,
): Promise<Answer> {
  const address = `${root}/api/events/${eventId}/photos${replace ? "?replace=true" : ""}`;
  const answer = await post(address, files, onSent);
  if (answer.kind !== "rejected" || answer.problem.status !== 401) return answer;
  try {
    return (await renew()) ? await post(address, files, onSent) : answer;
  } catch {
    return { kind: "lost" };
  }
}

function post(address: string, files: readonly File[], onSent: (bytes: number) => void): Promise<Answer> {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  const request = new XMLHttpRequest();
  request.open("POST", address);
  request.responseType = "json";
  return new Promise((resolve) => {
    let watch = setTimeout(() => request.abort(), STALLED_MS);
    request.upload.onprogress = ({ loaded }) => {
      clearTimeout(watch);
      watch = setTimeout(() => request.abort(), STALLED_MS);
      onSent(loaded);
    };
    request.onloadend = () => {
      clearTimeout(watch);
      resolve(read(request));
    };
    request.send(form);
  });
}

function read(request: XMLHttpRequest): Answer {
  if (request.status === 0) return { kind: "lost" };
  if (PASSING.includes(request.status)) {
    return { kind: "passing", waitS: Number(request.getResponseHeader("Retry-After")) || 2 };
  }
  const body: unknown = request.response;
  if (request.status === 202) return { kind: "answered", photos: (body as Schemas["AddedPhotos"]).photos };
  return { kind: "rejected", problem: body as Problem };
}
