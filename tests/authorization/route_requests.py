"""The body, files and query that each route needs in addition to the ids in its path."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from tests.auth.scene import PASSWORD
from tests.authorization.party import LOGO
from tests.matcher.person_script import PERSON
from tests.matcher.scripted_photos import photo_of
from tests.selfie.world import image_of

Ids = Mapping[str, str]
Make = Callable[[Ids], dict[str, Any]]


def new_account() -> dict[str, str]:
    name = f"new{uuid4().hex[:16]}"
    return {"username": name, "email": f"{name}@example.org", "password": PASSWORD}


def body(**fields: Any) -> Make:
    """A JSON body of these fields; a callable value is called with the ids."""
    return lambda ids: {"json": {name: value(ids) if callable(value) else value for name, value in fields.items()}}


def query(**names: str) -> Make:
    """Query parameters, each with the id of the given name."""
    return lambda ids: {"params": {parameter: ids[name] for parameter, name in names.items()}}


def photo_files(_: Ids) -> dict[str, Any]:
    return {"files": {"files": ("a.jpg", photo_of([1], str(uuid4())), "image/jpeg")}}


def by_code(ids: Ids) -> str:
    return ids["event_code"]


def by_event(ids: Ids) -> str:
    return ids["event_id"]


def photos(ids: Ids) -> list[str]:
    return [ids["photo_id"]]


def faces(ids: Ids) -> list[dict[str, str]]:
    """The face that `read_script` finds."""
    return [{"photo_id": ids["photo_id"], "face_name": "0.0.0.80.80"}]


def account(_: Ids) -> dict[str, str]:
    return new_account()


def invitation(ids: Ids) -> str:
    return ids["invitation"]


REQUESTS: dict[str, Make] = {
    "POST /api/check-event-code": body(event_code=by_code),
    "POST /api/check-user-availability": body(event_code=by_code, username="someone", email="someone@example.org"),
    "POST /api/register-with-event-code": body(event_code=by_code, user_data=account),
    "POST /api/guest-sessions": body(event_code=by_code),
    "POST /api/login": body(username=lambda ids: ids["username"], password=PASSWORD),
    "POST /api/refresh": body(refresh_token=lambda ids: ids["refresh_token"]),
    "POST /api/logout": body(refresh_token=lambda ids: ids["refresh_token"]),
    "POST /api/join-event": body(event_code=by_code),
    "POST /api/sign-in": body(token=lambda ids: ids["sign_in"]),
    "POST /api/me/consents": body(event_id=by_event, consent_version="1"),
    "POST /api/me/password": body(old_password=PASSWORD, new_password=PASSWORD),
    "POST /api/me/password: without the old one": body(old_password="not the old one", new_password=PASSWORD),
    "POST /api/me/email": body(password=PASSWORD, email=lambda _: new_account()["email"]),
    "POST /api/me/email: without the password": body(password="another one", email="someone@example.org"),
    "POST /api/confirm-email": body(token=lambda ids: ids["email_link"]),
    "POST /api/password-resets": body(email="someone@example.org"),
    "POST /api/reset-password": body(token=lambda ids: ids["reset"], password=PASSWORD),
    "POST /api/me/credentials": lambda _: {"json": new_account()},
    "POST /api/upload-selfie": lambda _: {"files": {"file": ("a.jpg", image_of(str(uuid4())), "image/jpeg")}},
    "POST /api/people": body(name="Grandpa", consent_version="1"),
    "PATCH /api/people/{person_id}": body(name="Mia"),
    "GET /api/my-photos": query(event_id="event_id"),
    "GET /api/my-photos: of a person": query(person="person_id"),
    "GET /api/my-photos.zip": query(event_id="event_id"),
    "GET /api/my-photos.zip: of a person": query(event_id="event_id", person="person_id"),
    "GET /api/my-uploads": query(event_id="event_id"),
    "GET /api/my-selfie: of a person": query(person="person_id"),
    "DELETE /api/my-selfie: of a person": query(person="person_id"),
    "POST /api/upload-selfie: of a person": lambda ids: {
        "files": {"file": ("a.jpg", image_of(str(uuid4())), "image/jpeg")},
        "params": {"person": ids["person_id"]},
    },
    "GET /api/rematch-status: of a person": query(person="person_id"),
    "GET /api/rematch-events: of a person": query(person="person_id"),
    "POST /api/rematch: of a person": query(person="person_id"),
    "POST /api/photos/{photo_id}/not-me: of a person": query(person="person_id"),
    "DELETE /api/photos/{photo_id}/not-me: of a person": query(person="person_id"),
    "POST /api/events/{event_id}/photos": photo_files,
    "POST /api/events/{event_id}/photos/known": body(sha256=["0" * 64]),
    "POST /api/events/{event_id}/photos/visibility": body(photo_ids=photos, visibility="everyone"),
    "POST /api/events/{event_id}/photos/visibility: hide": body(photo_ids=photos, visibility="hidden"),
    "POST /api/events/{event_id}/photos/dismiss-requests": body(photo_ids=photos),
    "POST /api/events/{event_id}/photos/delete": body(photo_ids=photos),
    "GET /api/photos/{photo_id}/faces: of a guest": query(guest_id="user_id"),
    "POST /api/events/{event_id}/faces/search": lambda _: {"files": {"file": ("a.jpg", PERSON, "image/jpeg")}},
    "POST /api/events/{event_id}/faces/removal": body(faces=faces, removal="forget_faces"),
    "PUT /api/events/{event_id}/cameras/{camera_id}": body(offset_s=60),
    "POST /api/events": body(name="Another party"),
    "PATCH /api/events/{event_id}": body(name="Renamed"),
    "PATCH /api/events/{event_id}/guests/{user_id}": body(role="guest"),
    "PUT /api/events/{event_id}/logo": lambda _: {"content": LOGO},
    "PUT /api/me/notices": body(event_id=by_event, email="someone@example.org"),
    "DELETE /api/me/notices": query(event_id="event_id"),
    "POST /api/sign-in-links": body(email="someone@example.org"),
    "POST /api/events/{event_id}/invitations": body(role="photographer"),
    "POST /api/invitations/look": body(token=invitation),
    "POST /api/invitations/accept": body(token=invitation),
    "POST /api/invitations/register": body(token=invitation, user_data=account),
    "POST /api/first-organiser": body(code="AAAA-AAAA", user_data=account),
}
