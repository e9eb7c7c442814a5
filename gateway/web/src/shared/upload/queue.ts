/** The upload queue of one event: checks which files the server has, sends the rest, and retries temporary failures.
 *
 * Nothing is stored in the browser. After a reload the same files are added again, and those that arrived are skipped. */

import { Failure, type Reason, reasonOf } from "../api";
import { hashFile } from "./hash";
import { type FileReason, findUniqueNames, type Item, Items } from "./items";
import { Pace } from "./pace";
import { EVENT_WIDE, PASSING } from "./reasons";
import { type Answer, type Problem, sendPhotos } from "./send";

export type FindKnown = (hashes: readonly string[]) => Promise<ReadonlySet<string>>;
/** Also renews the session: a server that finds it expired may close a connection in the middle of a request. */
export type IsSignedIn = () => Promise<boolean>;

export interface Snapshot {
  /** `offline` continues by itself; `stopped` has a `fault` that concerns every file. */
  state: "empty" | "running" | "paused" | "offline" | "stopped" | "done";
  fault?: Reason | "offline";
  count: number;
  kept: number;
  known: number;
  failures: readonly Item[];
  /** Photos replaced by files of the same name, and files added because several photos have the name. */
  replaced: number;
  ambiguous: number;
  /** 0 to 1, by bytes. */
  progress: number;
  bytesPerS: number;
  leftS?: number;
}

const DEFAULT_SENDERS = 4;
const REQUEST_BYTES = 10_000_000;
const REQUEST_FILES = 50;
const HASHED_TOGETHER = 50;
const TRIES = 4;
const NOTICE_MS = 200;
const ADDED_TOGETHER = 50;
const LONGEST_WAIT_S = 15;

export class UploadQueue {
  private readonly items = new Items();
  private readonly pace = new Pace();
  private readonly sentBytes = new Map<readonly Item[], number>();
  private readonly listeners = new Set<() => void>();
  private wakers: (() => void)[] = [];
  /** Files that were added and are not among the items yet. */
  private arriving = 0;
  private isPaused = false;
  private isOffline = false;
  private fault?: Reason | "offline";
  private notice?: ReturnType<typeof setTimeout>;
  private snapshot = this.summarise();

  constructor(
    private readonly eventId: string,
    private readonly findKnown: FindKnown,
    private readonly isSignedIn: IsSignedIn,
    senders = DEFAULT_SENDERS,
  ) {
    void this.prepare();
    for (let sender = 0; sender < senders; sender++) void this.send();
  }

  /** `replace`: the photos of the same names. */
  add(files: readonly File[], replace = false): void {
    this.arriving += files.length;
    this.resume();
    void this.take(files, replace ? findUniqueNames(files) : undefined);
  }

  /** Requests in progress are completed. */
  pause(): void {
    this.isPaused = true;
    this.notify();
  }

  resume(): void {
    this.isPaused = false;
    this.fault = undefined;
    this.wake();
  }

  retry(failures: readonly Item[]): void {
    for (const item of failures) {
      item.tries = 0;
      this.items.move(item, "new");
    }
    this.resume();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The same object until something changes. */
  read(): Snapshot {
    return this.snapshot;
  }

  /** A few at a time, for the page answers no key while a browser looks at files. */
  private async take(files: readonly File[], unique?: ReadonlySet<string>): Promise<void> {
    for (let first = 0; first < files.length; first += ADDED_TOGETHER) {
      const some = files.slice(first, first + ADDED_TOGETHER);
      this.items.add(some, unique);
      this.arriving -= some.length;
      this.wake();
      await wait(0);
    }
  }

  /** Hashes files ahead of the senders. */
  private async prepare(): Promise<never> {
    for (;;) {
      const items = this.isHeld() ? [] : this.items.next("new", HASHED_TOGETHER, Infinity);
      if (items.length === 0) {
        await this.sleep();
        continue;
      }
      const hashes = new Map<Item, string>();
      for (const item of items) {
        try {
          const hash = await hashFile(item.file);
          if (hash) hashes.set(item, hash);
        } catch {
          this.items.move(item, "failed", "file_gone");
        }
      }
      const known = await this.ask([...hashes.values()]);
      for (const item of items) {
        if (item.place === "new") this.items.move(item, known.has(hashes.get(item) ?? "") ? "known" : "ready");
      }
      this.wake();
    }
  }

  private async ask(hashes: readonly string[]): Promise<ReadonlySet<string>> {
    while (hashes.length > 0) {
      try {
        return await this.findKnown(hashes);
      } catch (error) {
        await this.recover(reasonOf(error));
      }
    }
    return new Set();
  }

  private async send(): Promise<never> {
    for (;;) {
      const items = this.isHeld() ? [] : this.items.next("ready", REQUEST_FILES, REQUEST_BYTES);
      if (items.length === 0) {
        await this.sleep();
        continue;
      }
      for (const item of items) this.items.move(item, "sending");
      const files = items.map(({ file }) => file);
      const answer = await sendPhotos(this.eventId, files, items[0]?.replaces ?? false, (bytes) => {
        this.pace.add(bytes - (this.sentBytes.get(items) ?? 0));
        this.sentBytes.set(items, bytes);
        this.notify();
      });
      this.sentBytes.delete(items);
      const obstacle = this.settle(items, answer);
      this.wake();
      if (obstacle) await this.recover(obstacle, answer.kind === "passing" ? answer.waitS : 0);
    }
  }

  /** Puts each file where it belongs; returns the fault that prevents sending the rest. */
  private settle(items: readonly Item[], answer: Answer): Reason | "offline" | null {
    if (answer.kind === "answered") {
      let obstacle: Reason | null = null;
      items.forEach((item, index) => {
        const photo = answer.photos[index];
        const reason = (photo?.reason ?? "internal") as Reason;
        if (photo && photo.status !== "refused") {
          item.replacement = photo.replacement ?? item.replacement;
          this.items.move(item, photo.existing ? "known" : "kept");
        } else if (EVENT_WIDE.has(reason) && !PASSING.has(reason)) {
          this.items.move(item, "ready");
          obstacle = reason;
        } else this.refuse(item, reason);
      });
      return obstacle;
    }
    if (answer.kind === "refused") return this.settleRefused(items, answer.problem);
    for (const item of items) this.items.move(item, "ready");
    return answer.kind === "lost" ? "offline" : "overloaded";
  }

  private settleRefused(items: readonly Item[], problem: Problem): Reason | null {
    if (EVENT_WIDE.has(problem.reason)) {
      for (const item of items) this.items.move(item, "ready");
      return problem.reason;
    }
    items.forEach((item, index) => this.refuse(item, (problem.errors?.[index]?.reason ?? problem.reason) as Reason));
    return null;
  }

  private refuse(item: Item, reason: FileReason): void {
    item.tries += 1;
    if (PASSING.has(reason) && item.tries < TRIES) this.items.move(item, "ready");
    else this.items.move(item, "failed", reason);
  }

  /** Returns when another attempt makes sense. */
  private async recover(reason: Reason | "offline", waitS = 2): Promise<void> {
    if (reason === "offline") return this.awaitConnection();
    if (!EVENT_WIDE.has(reason)) return wait(Math.min(waitS, LONGEST_WAIT_S));
    this.fault = reason;
    this.notify();
    await this.sleep();
  }

  private async awaitConnection(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        const isSignedIn = await this.isSignedIn();
        this.isOffline = false;
        if (!isSignedIn) this.fault = "invalid_token";
        return this.wake();
      } catch (error) {
        this.isOffline = error instanceof Failure && error.reason === "offline";
        this.notify();
        await Promise.race([wait(Math.min(2 ** tries, LONGEST_WAIT_S)), new Promise(awaitOnline)]);
      }
    }
  }

  private isHeld(): boolean {
    return this.isPaused || this.fault !== undefined;
  }

  private sleep(): Promise<void> {
    return new Promise((resolve) => this.wakers.push(resolve));
  }

  private wake(): void {
    const wakers = this.wakers;
    this.wakers = [];
    for (const waker of wakers) waker();
    this.notify();
  }

  /** A few times a second at most, however many files change. */
  private notify(): void {
    this.notice ??= setTimeout(() => {
      this.notice = undefined;
      this.snapshot = this.summarise();
      for (const listener of this.listeners) listener();
    }, NOTICE_MS);
  }

  private summarise(): Snapshot {
    const { count: taken, places, failures, replaced, ambiguous, bytes, settledBytes } = this.items.sum();
    const count = taken + this.arriving;
    const done = [...this.sentBytes.values()].reduce((sum, sent) => sum + sent, settledBytes);
    const isUnfinished = this.arriving + places.new + places.ready + places.sending > 0;
    const bytesPerS = this.pace.bytesPerS();
    return {
      state: count === 0 ? "empty" : isUnfinished ? this.stateOfWork() : "done",
      fault: this.fault,
      count,
      kept: places.kept,
      known: places.known,
      failures,
      replaced,
      ambiguous,
      progress: bytes > 0 ? Math.min(done / bytes, 1) : 0,
      bytesPerS,
      leftS: isUnfinished && bytesPerS > 0 ? Math.max(bytes - done, 0) / bytesPerS : undefined,
    };
  }

  private stateOfWork(): Snapshot["state"] {
    if (this.fault) return "stopped";
    if (this.isPaused) return "paused";
    return this.isOffline ? "offline" : "running";
  }
}

function wait(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

function awaitOnline(resolve: (event: Event) => void): void {
  addEventListener("online", resolve, { once: true });
}
