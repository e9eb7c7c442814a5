"""Bulk changes of photos by organisers, and hide requests of guests, over REST."""

from typing import Any

import pytest

from matcher_service.domain import EventNotFound, OrganiserOnly, PhotoNotFound
from protos.matcher.v1 import matcher_pb2
from protos.matcher.v1 import photo_pb2 as pb
from tests.gateway.world import SIGNED, World, problem

PHOTO = "3f2b8c1e-0000-4000-8000-00000000000b"
EVENT = "3f2b8c1e-0000-4000-8000-000000000001"
PHOTOS = f"/api/events/{EVENT}/photos"
HASHES = [f"{number:064X}" for number in range(1000)]
CALLS: list[tuple[str, str, Any]] = [
    ("known", "FindKnownPhotos", {"sha256": HASHES}),
    ("visibility", "SetVisibility", {"photo_ids": [PHOTO], "visibility": "hidden"}),
    ("dismiss-requests", "DismissHideRequests", {"photo_ids": [PHOTO] * 200}),
    ("delete", "DeletePhotos", {"photo_ids": [PHOTO]}),
    ("retry", "RetryPhotos", None),
]


@pytest.mark.parametrize(("path", "rpc", "body"), CALLS)
def test_curation_needs_a_session_of_an_organiser(world: World, path: str, rpc: str, body: Any) -> None:
    assert problem(world.client.post(f"{PHOTOS}/{path}", json=body)) == (401, "invalid_token")
    assert not world.services.calls
    for fault, expected in ((OrganiserOnly(), (403, "organiser_only")), (EventNotFound(), (404, "event_not_found"))):
        world.answer(**{rpc: fault})
        assert problem(world.client.post(f"{PHOTOS}/{path}", json=body, headers=SIGNED)) == expected


@pytest.mark.parametrize(("path", "rpc", "body"), CALLS[1:4])
def test_curation_requests_are_passed_on(world: World, path: str, rpc: str, body: Any) -> None:
    answer = world.client.post(f"{PHOTOS}/{path}", json=body, headers=SIGNED)
    assert (answer.status_code, answer.content) == (204, b"")
    sent = world.services.sent(rpc)
    assert (sent.event_id, list(sent.photo_ids)) == (EVENT, body["photo_ids"])
    if path == "visibility":
        assert sent.visibility == pb.VISIBILITY_HIDDEN


def test_known_files_are_listed(world: World) -> None:
    known = pb.KnownPhoto(place=10, photo_id=PHOTO, state=pb.PHOTO_STATE_FAILED)
    world.answer(FindKnownPhotos=pb.FindKnownPhotosResponse(photos=[known]))
    answer = world.client.post(f"{PHOTOS}/known", json={"sha256": HASHES}, headers=SIGNED)
    assert answer.json() == {"photos": [{"sha256": HASHES[10], "id": PHOTO, "status": "failed"}]}
    assert list(world.services.sent("FindKnownPhotos").sha256) == [bytes.fromhex(sha256) for sha256 in HASHES]


def test_all_failed_photos_are_retried(world: World) -> None:
    world.answer(RetryPhotos=pb.RetryPhotosResponse(retried_count=3))
    answer = world.client.post(f"{PHOTOS}/retry", headers=SIGNED)
    assert (answer.status_code, answer.json()) == (202, {"count": 3})


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("known", {"sha256": [*HASHES, HASHES[0]]}),
        ("known", {"sha256": ["ab"]}),
        ("known", {"sha256": ["g" * 64]}),
        ("known", {}),
        ("visibility", {"photo_ids": [PHOTO], "visibility": "all"}),
        ("visibility", {"photo_ids": [PHOTO] * 201, "visibility": "hidden"}),
        ("delete", {"photo_ids": ["nothing"]}),
        ("delete", {"photo_ids": [PHOTO], "force": True}),
    ],
)
def test_an_invalid_form_calls_no_service(world: World, path: str, body: Any) -> None:
    assert problem(world.client.post(f"{PHOTOS}/{path}", json=body, headers=SIGNED)) == (422, "invalid_form")
    assert not world.services.calls


def test_organisers_can_filter_photos(world: World) -> None:
    photo = pb.Photo(
        photo_id=PHOTO, state=pb.PHOTO_STATE_INDEXED, visibility=pb.VISIBILITY_EVERYONE, uploader_id=EVENT,
        hide_request_count=2, colour=0x0A0B0C,
    )  # fmt: skip
    world.answer(ListPhotos=pb.ListPhotosResponse(photos=[photo], total_count=7))
    query = "visibility=everyone&faces=none&hide_requested=true"
    answer = world.client.get(f"{PHOTOS}?{query}", headers=SIGNED).json()
    (shown,) = answer["photos"]
    assert (answer["total"], shown["visibility"], shown["uploader_id"]) == (7, "everyone", EVENT)
    assert (shown["hide_requests"], shown["colour"]) == (2, "#0a0b0c")
    sent = world.services.sent("ListPhotos")
    assert (sent.visibility, sent.faces, sent.hide_requested) == (pb.VISIBILITY_EVERYONE, pb.FACE_FILTER_NONE, True)
    for wrong in ("visibility=all", "faces=some", "hide_requested=perhaps"):
        assert problem(world.client.get(f"{PHOTOS}?{wrong}", headers=SIGNED)) == (400, "invalid_argument")


def test_a_photo_only_for_everyone_is_marked_as_not_showing_the_guest(world: World) -> None:
    match = matcher_pb2.Match(photo_id=PHOTO, event_id=EVENT, only_for_everyone=True, colour=0)
    world.answer(ListMatches=matcher_pb2.ListMatchesResponse(matches=[match], total_count=1))
    (photo,) = world.client.get("/api/my-photos", headers=SIGNED).json()["photos"]
    assert (photo["shows_me"], photo["colour"]) == (False, "#000000")


def test_a_guest_can_ask_to_hide_a_photo_and_undo_it(world: World) -> None:
    for method, rpc in (("POST", "AskToHide"), ("DELETE", "UndoAskToHide")):
        path = f"/api/photos/{PHOTO}/hide-request"
        assert problem(world.client.request(method, path)) == (401, "invalid_token")
        answer = world.client.request(method, path, headers=SIGNED)
        assert (answer.status_code, answer.content) == (204, b"")
        assert world.services.sent(rpc).photo_id == PHOTO
        world.answer(**{rpc: PhotoNotFound()})
        assert problem(world.client.request(method, path, headers=SIGNED)) == (404, "photo_not_found")
