/** Links to files that need a session: tried first, so that nobody ends on a page of JSON. */

import { Failure, fetchPatiently, type Reason, renew } from "./api";

/** Throws Failure. With a fresh session, since a download may take longer than one lasts. */
export async function download(url: string): Promise<void> {
  await renew().catch(() => false);
  await check(url);
  location.assign(url);
}

/** Leaves clicks alone that open another tab. */
export function followDownload(event: MouseEvent, url: string, onFault: (fault: unknown) => void): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  download(url).catch(onFault);
}

async function check(url: string): Promise<void> {
  const { ok } = await fetchPatiently(new Request(url, { method: "HEAD" }));
  if (ok) return;
  const response = await fetchPatiently(new Request(url)); // only its body has the reason
  if (!response.ok) throw await toFailure(response);
  await response.body?.cancel();
}

export async function toFailure(response: Response): Promise<Failure> {
  const problem = (await response.json().catch(() => undefined)) as { reason?: Reason } | undefined;
  return new Failure(problem?.reason ?? "internal");
}
