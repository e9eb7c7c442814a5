"""Every call of the gateway to a service has a deadline."""

from collections.abc import Iterator
from typing import Any

import pytest

from gateway.backends import interceptors
from protos.matcher.v1 import photo_pb2 as pb
from tests.gateway.world import METHODS, SIGNED, World, running_world

LONGEST_S = 301.0
ID = "3f2b8c1e-0000-4000-8000-000000000001"
FORM = {"username": "ada", "email": "ada@example.org", "password": "correct horse"}
OF_SERVICES = {"ListMemberIds", "ListChanges", "ListEndedSessions", "Rematch", "WatchMatches", "WatchSelfies"}
OF_SERVICES.add("CountMatchesForNotices")
# Called only after responses that are not scripted here.
AFTERWARDS = {"CheckFirstOrganiser", "CreateDownloadToken"}
EXPECTED = {method.name for method in METHODS.values()} - OF_SERVICES - AFTERWARDS
BODY = {
    "event_id": ID,
    "consent_version": "1",
    **FORM,
    "token": "t",
    "user_data": FORM,
    "event_code": "C",
    "refresh_token": "r",
    "name": "n",
    "sha256": ["0" * 64],
    "photo_ids": [ID],
    "visibility": "hidden",
    "role": "photographer",
    "code": "C",
    "language": "en",
    "offset_s": 60,
    "old_password": "old horse",
    "new_password": "new horse",
    "faces": [{"photo_id": ID, "face_name": "1.0.0.80.80"}],
    "removal": "forget_faces",
}
UPLOAD = [("file", ("a.jpg", b"jpeg")), ("files", ("a.jpg", b"jpeg"))]


@pytest.fixture(scope="module")
def shared() -> Iterator[World]:
    with running_world() as world:
        yield world


@pytest.fixture
def world(shared: World) -> World:
    shared.reset()
    shared.answer(
        GetPhoto=[pb.GetPhotoResponse(header=pb.PhotoHeader())],
        AddPhotos=pb.AddPhotosResponse(photos=[pb.AddedPhoto(photo_id=ID, state=pb.PHOTO_STATE_PENDING)]),
    )
    return shared


PUBLIC = {
    "CheckEventCode",
    "CheckUserAvailability",
    "Register",
    "CreateGuest",
    "Login",
    "SignIn",
    "RefreshToken",
    "Logout",
    "Unsubscribe",
    "SendSignInLink",
    "CreateFirstOrganiser",
    "RegisterInvited",
    "LookUpInvitation",
    "ConfirmEmail",
    "SendPasswordReset",
    "ResetPassword",
}
IDENTIFIED = interceptors.identified


def without_end(details: Any) -> Any:
    """A broken twin of `identified`: calls have no deadline."""
    return IDENTIFIED(details)._replace(timeout=None)


def ask_for_everything(world: World) -> set[str]:
    """Makes each documented request; returns the called methods without a deadline of at most LONGEST_S."""
    document = world.client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            names = ("event", "photo", "user", "invitation", "camera", "person", "session")
            address = path.format(**{f"{name}_id": ID for name in names}, number=1, token="t")
            content = operation.get("requestBody", {}).get("content", {})
            sent: dict[str, Any] = {}
            if "application/json" in content:
                schema = content["application/json"]["schema"]
                form = schema.get("anyOf", [schema])[0]["$ref"].rpartition("/")[2]
                fields = document["components"]["schemas"][form]["properties"]
                sent = {"json": {name: value for name, value in BODY.items() if name in fields}}
            if any(one["name"] == "event_id" and one["in"] == "query" for one in operation.get("parameters", [])):
                sent["params"] = {"event_id": ID}
            sent |= {"files": UPLOAD} if "multipart/form-data" in content else {}
            world.client.request(method, address, headers=SIGNED, **sent)
    called = {call.method for call in world.services.calls}
    assert called == EXPECTED
    return {call.method for call in world.services.calls if call.timeout_s > LONGEST_S}


def test_every_call_to_a_service_has_a_deadline(world: World) -> None:
    assert ask_for_everything(world) == set()


def test_control_calls_without_a_deadline_are_detected(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interceptors, "identified", without_end)
    assert ask_for_everything(world) == EXPECTED


def test_every_call_carries_the_request_id_and_the_token_of_its_caller(world: World) -> None:
    ask_for_everything(world)
    for call in world.services.calls:
        assert "x-request-id" in call.metadata, call.method
        assert (call.metadata.get("authorization") == SIGNED["authorization"]) != (call.method in PUBLIC), call.method
