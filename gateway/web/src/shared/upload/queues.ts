/** One upload queue for each event. They continue while other screens are open. */

import { api, ask } from "../api";
import { type IsSignedIn, UploadQueue } from "./queue";

export class UploadQueues {
  private readonly queues = new Map<string, UploadQueue>();

  constructor(
    private readonly isSignedIn: IsSignedIn,
    private readonly senders?: number,
  ) {}

  of(eventId: string): UploadQueue {
    let queue = this.queues.get(eventId);
    if (!queue) {
      queue = new UploadQueue(eventId, (hashes) => findKnown(eventId, hashes), this.isSignedIn, this.senders);
      this.queues.set(eventId, queue);
    }
    return queue;
  }

  /** Whether leaving the page would end an upload. */
  get isBusy(): boolean {
    return [...this.queues.values()].some((queue) => ["running", "offline"].includes(queue.read().state));
  }
}

async function findKnown(eventId: string, sha256: readonly string[]): Promise<ReadonlySet<string>> {
  const params = { path: { event_id: eventId } };
  const { photos } = await ask(api.POST("/api/events/{event_id}/photos/known", { params, body: { sha256: [...sha256] } }));
  return new Set(photos.map((photo) => photo.sha256));
}
