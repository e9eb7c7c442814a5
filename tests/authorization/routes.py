"""The permissions of each route of the gateway. A new route needs a row here.

`anyone`: open to every caller with the code, the password or the link. `own`: on the caller's account. `event`: on
an event; other members get a permission fault, and outsiders get not found. `photo`: on a photo; callers without
permission get not found. Invalid tokens and tokens of services get 401.
"""

from collections import defaultdict
from dataclasses import replace

from tests.authorization.callers import (
    ACCOUNTS,
    COUPLE,
    ERASED,
    GUEST,
    MEMBERS,
    ORGANISERS,
    PHOTOGRAPHER,
    REMOVED,
    WAITING,
)
from tests.authorization.route_requests import REQUESTS
from tests.authorization.rows import ABSENT, FOREIGN, MIXED, Row, anyone

UNSIGNED = "401 invalid_token"
NO_EVENT, NO_PHOTO, NO_PERSON, NO_USER = (
    "404 event_not_found",
    "404 photo_not_found",
    "404 person_not_found",
    "404 user_not_found",
)
ORGANISER_ONLY = "403 organiser_only"
WRONG_PASSWORD, NEEDS_PASSWORD = "401 invalid_credentials", "409 credentials_required"

OTHER_PERSON = dict.fromkeys((ERASED, FOREIGN, ABSENT, MIXED), NO_PERSON)

LIVING = ACCOUNTS - {ERASED}
STAFF = ORGANISERS | {COUPLE, PHOTOGRAPHER}  # roles that work on an event
LOOKERS = ORGANISERS | {COUPLE}  # roles that see all photos
ADDERS = ORGANISERS | {PHOTOGRAPHER}
WITHOUT_PASSWORD = {GUEST, WAITING, REMOVED, "guest_elsewhere"}
WITH_PASSWORD = LIVING - WITHOUT_PASSWORD
NO_CALLER: frozenset[str] = frozenset()
REFUSED_PASSWORD = {**dict.fromkeys(WITHOUT_PASSWORD, NEEDS_PASSWORD), ERASED: NO_USER}
MAY_CREATE_EVENTS = {"organiser", "organiser_elsewhere"}
BODIES = {"json", "files", "content"}
SEEN = LOOKERS | {GUEST}  # callers who see a photo that shows the guest


def _row(row: Row) -> Row:
    """The gateway reads no body from an erased user once it has read the list of ended sessions. The services do not
    follow that list here, so requests without a body reach their own checks."""
    sent = REQUESTS[row.name](defaultdict(str)) if row.name in REQUESTS else {}
    if BODIES & sent.keys():
        return replace(row, may=row.may - {ERASED}, but={**row.but, ERASED: UNSIGNED})
    return row


def own(name: str, ok: str, *uses: str, may: frozenset[str] = LIVING, outside: str = NO_USER, **but: str) -> Row:
    return _row(Row(name, may, ok, outside, outside, but, uses=frozenset(uses)))


def event(name: str, may: frozenset[str], ok: str, *uses: str, **but: str) -> Row:
    return _row(Row(name, may, ok, ORGANISER_ONLY, NO_EVENT, but, uses=frozenset(uses)))


def run(name: str, may: frozenset[str], ok: str, *uses: str, **but: str) -> Row:
    """As `event`, but auth_service knows waiting guests and returns a permission fault to them."""
    return event(name, may, ok, *uses, **{WAITING: ORGANISER_ONLY, **but})


def photo(name: str, may: frozenset[str], ok: str, *uses: str, of: str = "photo_id", **but: str) -> Row:
    return _row(Row(name, may, ok, NO_PHOTO, NO_PHOTO, but, of, frozenset(uses)))


def pictures(variant: str) -> list[Row]:
    """The photo that shows the guest, one without known people, one for everyone, a hidden one, the photographer's."""
    route = "GET /api/photos/{photo_id}/" + variant
    return [
        photo(route, SEEN, "200"),
        photo(route, LOOKERS, "200", of="others_photo_id"),
        photo(route, MEMBERS, "200", of="everyones_photo_id"),
        photo(route, LOOKERS, "200", of="hidden_photo_id"),
        photo(route, LOOKERS | {PHOTOGRAPHER}, "200", of="own_photo_id"),
    ]


ROWS = [
    # Open to anyone: by a code, a password, a link or an invitation, or only about the server.
    anyone("GET /healthz", "200"),
    anyone("GET /readyz", "200"),
    anyone("GET /api/session", "200"),
    anyone("POST /api/check-event-code", "200"),
    anyone("POST /api/check-user-availability", "200"),
    anyone("POST /api/register-with-event-code", "201"),
    anyone("POST /api/guest-sessions", "201"),
    anyone("POST /api/login", "200"),
    anyone("POST /api/refresh", "200", "refresh_token"),
    anyone("DELETE /api/refresh", "204"),
    anyone("POST /api/logout", "204", "refresh_token"),
    anyone("POST /api/sign-in", "200", "sign_in"),
    anyone("POST /api/sign-in-links", "202"),
    anyone("POST /api/unsubscribe/{token}", "204"),
    anyone("POST /api/confirm-email", "204", "email_link"),
    anyone("POST /api/password-resets", "202"),
    anyone("POST /api/reset-password", "200", "reset"),
    anyone("POST /api/invitations/look", "200"),
    anyone("POST /api/invitations/register", "201", "invitation"),
    anyone("POST /api/first-organiser", "409 organiser_exists"),
    # The caller's account.
    own("GET /api/me", "200"),
    own("DELETE /api/me", "204", "caller", may=ACCOUNTS),
    own("POST /api/me/sign-in-links", "201"),
    own(
        "POST /api/me/credentials",
        "204",
        "caller",
        may=LIVING & WITHOUT_PASSWORD,
        outside="409 credentials_set",
        erased=NO_USER,
    ),
    own("POST /api/me/password", "204", may=WITH_PASSWORD, outside=NEEDS_PASSWORD, erased=NO_USER),
    own("POST /api/me/password: without the old one", "204", may=NO_CALLER, outside=WRONG_PASSWORD, **REFUSED_PASSWORD),
    own("POST /api/me/email", "200", may=WITH_PASSWORD, outside=NEEDS_PASSWORD, erased=NO_USER),
    own("POST /api/me/email: without the password", "200", may=NO_CALLER, outside=WRONG_PASSWORD, **REFUSED_PASSWORD),
    own("GET /api/me/sessions", "200", may=ACCOUNTS),
    own("DELETE /api/me/sessions", "204", may=ACCOUNTS),
    own("DELETE /api/me/sessions/{session_id}", "204", may=ACCOUNTS, outside="204"),  # a foreign session does not end
    own("GET /api/me/export", "200"),
    own("GET /api/updates", "200", erased=UNSIGNED),
    own("GET /api/events", "200", may=ACCOUNTS),
    own("POST /api/events", "201", may=ACCOUNTS & MAY_CREATE_EVENTS, outside=ORGANISER_ONLY, erased=NO_USER),
    own("POST /api/join-event", "200", "newcomer", removed="403 removed_from_event"),
    own("POST /api/invitations/accept", "200", "invitation", "caller"),
    # The caller's selfies and people.
    own("POST /api/upload-selfie", "202", "selfie"),
    own("POST /api/upload-selfie: of a person", "202", "person", outside=NO_PERSON),
    own("GET /api/my-selfie", "200", erased="404 no_active_selfie"),
    own("GET /api/my-selfie: of a person", "404 no_active_selfie", outside=NO_PERSON),
    own("DELETE /api/my-selfie", "204", "selfie", may=ACCOUNTS),
    own("DELETE /api/my-selfie: of a person", "204", outside=NO_PERSON),
    own("GET /api/rematch-status", "200", may=ACCOUNTS),
    own("GET /api/rematch-status: of a person", "200", outside=NO_PERSON),
    own("GET /api/rematch-events", "200", may=ACCOUNTS),
    own("GET /api/rematch-events: of a person", "200", outside=NO_PERSON),
    own("POST /api/rematch", "202", erased="409 no_active_selfie"),
    own("POST /api/rematch: of a person", "409 no_active_selfie", outside=NO_PERSON),
    own("GET /api/people", "200", may=ACCOUNTS),
    own("POST /api/people", "201"),
    own("PATCH /api/people/{person_id}", "204", outside=NO_PERSON),
    own("DELETE /api/people/{person_id}", "204", "person", foreign="204", absent="204"),
    # The caller's photos in an event.
    own("GET /api/my-photos", "200", may=MEMBERS, outside=NO_EVENT),
    own("GET /api/my-photos: of a person", "200", outside=NO_PERSON),
    own("GET /api/my-photos.zip", "200", may=MEMBERS, outside=NO_EVENT),
    own(
        "GET /api/my-photos.zip: of a person",
        "200",
        may=MEMBERS,
        outside=NO_EVENT,
        **OTHER_PERSON,
    ),
    own("GET /api/my-uploads", "200", may=MEMBERS, outside=NO_EVENT),
    own("POST /api/me/consents", "204", may=MEMBERS | {WAITING}, outside=NO_EVENT, erased=NO_USER),
    own("DELETE /api/me/consents", "204", "caller"),
    own("PUT /api/me/notices", "204", may=MEMBERS | {WAITING}, outside=NO_EVENT),
    own("DELETE /api/me/notices", "204", may=ACCOUNTS, outside="204"),
    # Events.
    run("GET /api/events/{event_id}", STAFF, "200"),
    run("PATCH /api/events/{event_id}", ORGANISERS, "200"),
    run("DELETE /api/events/{event_id}", ORGANISERS, "204", "party"),
    run("GET /api/events/{event_id}/updates", STAFF, "200", erased=UNSIGNED),
    run("GET /api/events/{event_id}/poster.pdf", STAFF, "200"),
    run("GET /api/events/{event_id}/poster.svg", STAFF, "200"),
    event("GET /api/events/{event_id}/logo", MEMBERS, "200"),
    event("PUT /api/events/{event_id}/logo", ORGANISERS, "200"),
    event("DELETE /api/events/{event_id}/logo", ORGANISERS, "204", "logo"),
    # The members of an event.
    run("GET /api/events/{event_id}/guests", ORGANISERS, "200"),
    run(
        "DELETE /api/events/{event_id}/guests/{user_id}",
        ORGANISERS,
        "204",
        "user_id",
        mixed="204",
    ),
    run("PATCH /api/events/{event_id}/guests/{user_id}", ORGANISERS, "204", mixed=NO_USER),
    run("GET /api/events/{event_id}/removed", ORGANISERS, "200"),
    run("POST /api/events/{event_id}/guests/{user_id}/admit", ORGANISERS, "204", mixed=NO_USER),
    run(
        "POST /api/events/{event_id}/guests/{user_id}/sign-in-links",
        ORGANISERS,
        "201",
        mixed=NO_USER,
    ),
    run("GET /api/events/{event_id}/audit", ORGANISERS, "200"),
    run("GET /api/events/{event_id}/anomalies", ORGANISERS, "200"),
    run("POST /api/events/{event_id}/invitations", ORGANISERS, "201"),
    run("GET /api/events/{event_id}/invitations", ORGANISERS, "200"),
    run(
        "DELETE /api/events/{event_id}/invitations/{invitation_id}",
        ORGANISERS,
        "204",
        "invitation_id",
        mixed="204",
    ),
    # The photos of an event.
    event("GET /api/events/{event_id}/photos", STAFF, "200"),
    event("POST /api/events/{event_id}/photos", ADDERS, "202"),
    event("POST /api/events/{event_id}/photos/known", ADDERS, "200"),
    event("POST /api/events/{event_id}/photos/visibility", ORGANISERS, "204", "photo_id", mixed="204"),
    event("POST /api/events/{event_id}/photos/visibility: hide", LOOKERS, "204", "photo_id", mixed="204"),
    event("POST /api/events/{event_id}/photos/dismiss-requests", ORGANISERS, "204", mixed="204"),
    event("POST /api/events/{event_id}/photos/delete", ORGANISERS, "204", "photo_id", mixed="204"),
    event("POST /api/events/{event_id}/photos/retry", ORGANISERS, "202", "failed_photo_id"),
    run("GET /api/events/{event_id}/photos.zip", STAFF, "200"),
    event("GET /api/events/{event_id}/cameras", ORGANISERS, "200"),
    event("PUT /api/events/{event_id}/cameras/{camera_id}", ORGANISERS, "204", mixed="404 camera_not_found"),
    # A photo.
    *pictures("thumb"),
    *pictures("medium")[:1],
    *pictures("preview")[:1],
    *pictures("original"),
    photo("DELETE /api/photos/{photo_id}", ORGANISERS, "204", "photo_id", couple=ORGANISER_ONLY, guest=ORGANISER_ONLY),
    photo("POST /api/photos/{photo_id}/retry", ORGANISERS, "202", "failed_photo_id", of="failed_photo_id"),
    photo("POST /api/photos/{photo_id}/not-me", frozenset({GUEST}), "204", "caller"),
    photo("POST /api/photos/{photo_id}/not-me: of a person", frozenset(), "204"),
    photo("DELETE /api/photos/{photo_id}/not-me", frozenset({GUEST}), "204"),
    photo("DELETE /api/photos/{photo_id}/not-me: of a person", frozenset(), "204"),
    photo("POST /api/photos/{photo_id}/hide-request", frozenset({GUEST}), "204", "caller"),
    photo("DELETE /api/photos/{photo_id}/hide-request", frozenset({GUEST}), "204"),
    photo("GET /api/photos/{photo_id}/faces", ORGANISERS, "200"),
    photo("GET /api/photos/{photo_id}/faces: of a guest", ORGANISERS, "200"),
    photo("GET /api/photos/{photo_id}/faces/{number}", ORGANISERS, "200"),
    photo("GET /api/photos/{photo_id}/faces/{number}/similar", ORGANISERS, "200"),
    event("POST /api/events/{event_id}/faces/search", ORGANISERS, "200"),
    event("POST /api/events/{event_id}/faces/removal", ORGANISERS, "200", "photo_id", mixed="409 face_changed"),
]
