/** What a refusal says about the file, about the event, or only about the moment. */

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

/** Every other file would be refused as well. */
export const EVENT_WIDE: ReadonlySet<string> = new Set([
  "caller_not_allowed",
  "event_closed",
  "event_not_found",
  "invalid_token",
  "not_found",
  "organiser_only",
  "too_many_guest_photos",
  "user_not_found",
]);
