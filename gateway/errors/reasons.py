"""Why a request failed: every reason that a client may see, and its HTTP status."""

from collections.abc import Mapping

# Those of the protos, which a test compares, and the gateway's own.
REASONS: Mapping[str, int] = {
    "bad_request": 400,
    "incomplete": 400,
    "invalid_argument": 400,
    "invalid_page": 400,
    "unknown_parameter": 400,
    "malformed_json": 400,
    "malformed_multipart": 400,
    "empty_body": 400,
    "too_many_files": 400,
    "invalid_token": 401,
    "invalid_credentials": 401,
    "invalid_refresh_token": 401,
    "invalid_sign_in_link": 401,
    "organiser_only": 403,
    "removed_from_event": 403,
    "too_many_guest_photos": 403,
    "invalid_setup_code": 403,
    "caller_not_allowed": 403,
    "download_not_offered": 403,
    "not_found": 404,
    "event_not_found": 404,
    "photo_not_found": 404,
    "camera_not_found": 404,
    "logo_not_found": 404,
    "user_not_found": 404,
    "invalid_event_code": 404,
    "invalid_invitation": 404,
    "mail_not_offered": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "failed_precondition": 409,
    "event_closed": 409,
    "no_active_selfie": 409,
    "photo_not_ready": 409,
    "photo_not_failed": 409,
    "organiser_cannot_leave": 409,
    "request_in_progress": 409,
    "credentials_set": 409,
    "guest_of_others": 409,
    "credentials_required": 409,
    "too_many_invitations": 409,
    "last_organiser": 409,
    "organiser_exists": 409,
    "too_large": 413,
    "unsupported_media_type": 415,
    "unsupported_type": 415,
    "range_not_satisfiable": 416,
    "invalid_form": 422,
    "empty_image": 422,
    "unexpected_field": 422,
    "unreadable_logo": 422,
    "idempotency_key_reused": 422,
    "too_many_requests": 429,
    "too_many_streams": 429,
    "queue_full": 429,
    "internal": 500,
    "pages_missing": 503,
    "overloaded": 503,
    "blobs_unavailable": 503,
    "database_unavailable": 503,
    "service_unavailable": 503,
    "deadline_exceeded": 504,
}

# A reason of two rpcs that fail differently: the status of the call decides.
OF_TWO_STATUSES = ("no_active_selfie",)


def status_of(reason: str, otherwise: int) -> int:
    """`otherwise`: of a reason that a newer service sends."""
    return otherwise if reason in OF_TWO_STATUSES else REASONS.get(reason, otherwise)
