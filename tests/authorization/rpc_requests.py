"""The fields of each RPC that needs more than the ids of an event, a photo, a member, a camera or an invitation."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.auth.scene import PASSWORD
from tests.authorization.party import LOGO
from tests.authorization.route_requests import Ids, faces, new_account
from tests.matcher.person_script import PERSON
from tests.matcher.scripted_photos import photo_of
from tests.selfie.world import image_of

# Makes the fields of a message, or a list of them for a client stream.
Make = Callable[[Ids], Any]


def fields(**values: Any) -> Make:
    return lambda ids: {name: value(ids) if callable(value) else value for name, value in values.items()}


def ids_of(*names: str, **renamed: str) -> Make:
    """Fields that are ids: each has the id of its own name, or of the given name."""
    pairs = {**{name: name for name in names}, **renamed}
    return lambda ids: {field: ids[name] for field, name in pairs.items()}


def photos(ids: Ids) -> list[str]:
    return [ids["photo_id"]]


def users(ids: Ids) -> list[str]:
    return [ids["user_id"]]


def add_photos(ids: Ids) -> list[dict[str, Any]]:
    header = {"event_id": ids["event_id"], "filename": "a.jpg"}
    return [{"header": header}, {"chunk": photo_of([1], str(uuid4()))}]


def rematch(ids: Ids) -> list[dict[str, Any]]:
    names = {"rematch_id": "r", "user_id": ids["user_id"], "event_id": ids["event_id"]}
    return [{**names, "revision": 1, "encoding": [0.0] * 128}]


def selfie(_: Ids) -> dict[str, Any]:
    return {"image": image_of(str(uuid4()))}


REQUESTS: dict[str, Make] = {
    "CheckEventCode": ids_of("event_code"),
    "CheckUserAvailability": lambda ids: {**ids_of("event_code")(ids), "username": "someone", "email": "s@example.org"},
    "Register": lambda ids: {**ids_of("event_code")(ids), **new_account()},
    "CreateGuest": ids_of("event_code"),
    "SetCredentials": lambda _: new_account(),
    "ChangePassword": fields(old_password=PASSWORD, new_password=PASSWORD),
    "ChangePassword: without the old one": fields(old_password="not the old one", new_password=PASSWORD),
    "ChangeEmail": lambda _: {"password": PASSWORD, "email": new_account()["email"], "language": "en"},
    "ChangeEmail: without the password": fields(password="another one", email="someone@example.org", language="en"),
    "ConfirmEmail": ids_of(token="email_link"),
    "SendPasswordReset": fields(email="someone@example.org", language="en"),
    "ResetPassword": lambda ids: {**ids_of(token="reset")(ids), "password": PASSWORD},
    "ListEndedSessions": fields(),
    "ListActs": ids_of("event_id"),
    "ListSelfieActs": ids_of("event_id"),
    "ListPhotoActs": ids_of("event_id"),
    "GetSelfie: by its id": ids_of("selfie_id"),
    "CreateSignInLink": fields(),
    "CreateSignInLink: for a guest": ids_of("event_id", "user_id"),
    "SignIn": ids_of(token="sign_in"),
    "Login": lambda ids: {**ids_of("username")(ids), "password": PASSWORD},
    "RefreshToken": ids_of("refresh_token"),
    "Logout": ids_of("refresh_token"),
    "JoinEvent": ids_of("event_code"),
    "RecordConsent": lambda ids: {**ids_of("event_id")(ids), "consent_version": "1"},
    "LeaveEvent": ids_of("event_id"),
    "LeaveEvent: of another user": ids_of("event_id", "user_id"),
    "SetRole": lambda ids: {**ids_of("event_id", "user_id")(ids), "role": "ROLE_GUEST"},
    "CreateEvent": fields(name="Another party"),
    "UpdateEvent": lambda ids: {**ids_of("event_id")(ids), "name": {"value": "Renamed"}},
    "CreateInvitation": lambda ids: {**ids_of("event_id")(ids), "role": "ROLE_PHOTOGRAPHER"},
    "LookUpInvitation": ids_of(token="invitation"),
    "AcceptInvitation": ids_of(token="invitation"),
    "RegisterInvited": lambda ids: {**ids_of(token="invitation")(ids), **new_account()},
    "CreateFirstOrganiser": lambda _: {"code": "AAAA-AAAA", **new_account()},
    "SetNotice": lambda ids: {**ids_of("event_id")(ids), "email": "someone@example.org", "language": "en"},
    "SendSignInLink": fields(email="someone@example.org", language="en"),
    "Unsubscribe": fields(token="unknown"),
    "ListChanges": fields(newest=True),
    "UploadSelfie": selfie,
    "UploadSelfie: of a person": lambda ids: {**selfie(ids), **ids_of("person_id")(ids)},
    "GetSelfie": fields(),
    "GetSelfie: of a person": ids_of("person_id"),
    "DeleteSelfie": fields(),
    "DeleteSelfie: of a person": ids_of("person_id"),
    "GetRematchState": fields(),
    "GetRematchState: of a person": ids_of("person_id"),
    "StartRematch": fields(),
    "StartRematch: of a person": ids_of("person_id"),
    "CreatePerson": fields(name="Grandpa", consent_version="1"),
    "RenamePerson": lambda ids: {**ids_of("person_id")(ids), "name": "Mia"},
    "DeletePerson": ids_of("person_id"),
    "ListSelfieStates": lambda ids: {**ids_of("event_id")(ids), "user_ids": users(ids)},
    "Rematch": rematch,
    "ListMatches: of a person": ids_of("event_id", "person_id"),
    "ListMatches: of another account": ids_of("event_id", person_id="user_id"),
    "RefuseMatch: of a person": ids_of("photo_id", "person_id"),
    "RestoreMatch: of a person": ids_of("photo_id", "person_id"),
    "CountMatches": lambda ids: {**ids_of("event_id")(ids), "user_ids": users(ids)},
    "CountMatchesForNotices": lambda ids: {**ids_of("event_id")(ids), "user_ids": users(ids)},
    "ListFaces: of a guest": ids_of("photo_id", person_id="user_id"),
    "SearchFaces": lambda ids: {**ids_of("event_id")(ids), "image": PERSON},
    "RemoveFaces": lambda ids: {
        **ids_of("event_id")(ids),
        "faces": faces(ids),
        "removal": "REMOVAL_FORGET_FACES",
    },
    "AddPhotos": add_photos,
    "GetPhoto": lambda ids: {**ids_of("photo_id")(ids), "variant": "VARIANT_THUMB"},
    "ListPhotos": ids_of("event_id"),
    "DeletePhotos": lambda ids: {**ids_of("event_id")(ids), "photo_ids": photos(ids)},
    "SetVisibility": lambda ids: {
        **ids_of("event_id")(ids),
        "photo_ids": photos(ids),
        "visibility": "VISIBILITY_EVERYONE",
    },
    "SetVisibility: hide": lambda ids: {
        **ids_of("event_id")(ids),
        "photo_ids": photos(ids),
        "visibility": "VISIBILITY_HIDDEN",
    },
    "DismissHideRequests": lambda ids: {**ids_of("event_id")(ids), "photo_ids": photos(ids)},
    "FindKnownPhotos": lambda ids: {**ids_of("event_id")(ids), "sha256": [bytes(32)]},
    "GetIndexState": lambda ids: {"event_ids": [ids["event_id"]]},
    "SetLogo": lambda ids: {**ids_of("event_id")(ids), "image": LOGO},
}
