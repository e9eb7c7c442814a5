/** What an organiser does with several photos at once. */

import { api, ask, type Schemas } from "../shared/api";

/** As many as the server changes with one request. */
const BATCH = 200;

export type Visibility = Schemas["PhotosVisibility"]["visibility"];

export function setVisibility(eventId: string, ids: readonly string[], visibility: Visibility): Promise<void> {
  return inBatches(ids, (photo_ids) =>
    ask(api.POST("/api/events/{event_id}/photos/visibility", { ...at(eventId), body: { photo_ids, visibility } })),
  );
}

export function deletePhotos(eventId: string, ids: readonly string[]): Promise<void> {
  return inBatches(ids, (photo_ids) =>
    ask(api.POST("/api/events/{event_id}/photos/delete", { ...at(eventId), body: { photo_ids } })),
  );
}

export function dismissRequests(eventId: string, ids: readonly string[]): Promise<void> {
  return inBatches(ids, (photo_ids) =>
    ask(api.POST("/api/events/{event_id}/photos/dismiss-requests", { ...at(eventId), body: { photo_ids } })),
  );
}

export async function retryFailed(eventId: string): Promise<void> {
  await ask(api.POST("/api/events/{event_id}/photos/retry", at(eventId)));
}

function at(eventId: string) {
  return { params: { path: { event_id: eventId } } };
}

async function inBatches(ids: readonly string[], change: (batch: string[]) => Promise<unknown>): Promise<void> {
  for (let first = 0; first < ids.length; first += BATCH) await change(ids.slice(first, first + BATCH));
}
