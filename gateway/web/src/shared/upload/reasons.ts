/** Whether a rejection concerns the file, the event, or is temporary. */

/** Of a single file; worth sending again. */
export const PASSING: ReadonlySet<string> = new Set([
  "blobs_unavailable",
  "database_unavailable",
  "deadline_exceeded",
  "incomplete",
  "internal",
  "invalid_token",
  "overloaded",
  "request_timeout",
  "service_unavailable",
  "too_many_files",
  "too_many_requests",
  "too_many_streams",
]);

/** Applies to every other file as well. */
export const EVENT_WIDE: ReadonlySet<string> = new Set([
  "caller_not_allowed",
  "event_closed",
  "event_not_found",
  "invalid_token",
  "not_found",
  "organiser_only",
  "too_many_event_photos",
  "too_many_guest_photos",
  "user_not_found",
]);
