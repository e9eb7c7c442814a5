/** The client of the REST interface, typed by our OpenAPI document. */

import createClient from "openapi-fetch";

import type { components, paths } from "../../build/rest";

export type Schemas = components["schemas"];
export type Reason = Schemas["ProblemBody"]["reason"];
export type Rejection = NonNullable<Schemas["RematchStatus"]["reason"]>;

const RETRIES = 3;
const LONGEST_WAIT_S = 5;
const TOO_BUSY = [429, 503];
const OPEN = /\/api\/(refresh|session|sign-in)$/;
const LOGIN = /\/api\/(login|reset-password|confirm-email|me\/(password|email))$/;

/** The path prefix under which a proxy shows the gateway; the scripts lie in `ROOT/assets/`. */
export const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "");

/** Why a request failed. `reason` selects the message that the page shows; `fields`: the errors by field. */
export class Failure extends Error {
  constructor(
    readonly reason: Reason | "offline",
    readonly fields: Readonly<Record<string, string>> = {},
    /** Seconds after which to retry, if the server reports it. */
    readonly waitS?: number,
  ) {
    super(reason);
  }
}

export const api = createClient<paths>({ baseUrl: root, fetch: fetchPatiently });

/** The data of a response; throws Failure. */
export async function ask<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) {
    const { reason = "internal", errors } = (error ?? {}) as Partial<Schemas["ProblemBody"]>;
    const fields = Object.fromEntries((errors ?? []).map((fault) => [lastOf(fault.field), fault.reason]));
    throw new Failure(reason, fields, readWait(response));
  }
  return data as T;
}

/** Seconds, of `Retry-After`. */
function readWait(response: Response): number | undefined {
  const seconds = Number(response.headers.get("Retry-After") ?? NaN);
  return Number.isFinite(seconds) ? seconds : undefined;
}

/** Of a field such as `user_data.email`. */
function lastOf(field: string): string {
  return field.split(".").pop() ?? field;
}

export function reasonOf(fault: unknown): Reason | "offline" {
  return fault instanceof Failure ? fault.reason : "internal";
}

let renewal: Promise<boolean> | undefined;
let renewedAt = 0;

/** Exchanges the refresh cookie for new cookies; false if it is rejected. Concurrent calls share one exchange. */
export function renew(): Promise<boolean> {
  renewal ??= trade().finally(() => (renewal = undefined));
  return renewal;
}

async function trade(): Promise<boolean> {
  const { ok } = await fetchPatiently(new Request(`${root}/api/refresh`, { method: "POST" }));
  if (ok) renewedAt = Date.now();
  return ok;
}

export function renewedSince(time: number): boolean {
  return renewedAt >= time;
}

/** A UUID, also outside a secure context. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

/** Renews an expired session, and retries safe requests while the server is busy or the network is down. */
export async function fetchPatiently(request: Request): Promise<Response> {
  const isSession = OPEN.test(request.url);
  const mayRepeat = request.method !== "POST" || isSession || request.headers.has("Idempotency-Key");
  let mayRenew = !isSession && !LOGIN.test(request.url);
  for (let tries = 1; ; tries++) {
    const response = await fetch(request.clone()).catch(() => null);
    if (response?.status === 401 && mayRenew) {
      mayRenew = false;
      if (await renew()) continue;
    }
    const waitS = response ? Number(response.headers.get("Retry-After") ?? 1) : tries;
    const isPassing = !response || (TOO_BUSY.includes(response.status) && waitS <= LONGEST_WAIT_S);
    if (!isPassing || !mayRepeat || tries > RETRIES) {
      if (response) return response;
      throw new Failure("offline");
    }
    await new Promise((resolve) => setTimeout(resolve, waitS * 1000 * (0.75 + Math.random() / 2)));
  }
}

// Links to files that need a session are tested first, so that no user ends on a page of JSON. They are here and not in
// a separate file, which would be one more to load.

/** Throws Failure. Renews the session first, since a download may outlast it. */
export async function download(url: string): Promise<void> {
  await renew();
  await check(url);
  location.assign(url);
}

/** Ignores clicks that open another tab. */
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
  return new Failure(problem?.reason ?? "internal", {}, readWait(response));
}
