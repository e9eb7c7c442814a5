"""Lists of photos, and pictures, over REST."""

import uuid
from typing import Any

import httpx2
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from kit.errors import InvalidPage, TooManyStreams
from matcher_service.domain import EventNotFound, PhotoNotFailed, PhotoNotFound, PhotoNotReady
from protos.matcher.v1 import matcher_pb2
from protos.matcher.v1 import photo_pb2 as pb
from tests.gateway.world import SIGNED, World, problem, running_world

PHOTO = "3f2b8c1e-0000-4000-8000-00000000000b"
EVENT = "3f2b8c1e-0000-4000-8000-000000000001"
NAMES = ("thumb", "medium", "preview", "original")
URLS = {f"{name}_url": f"/api/photos/{PHOTO}/{name}?v={name}-1" for name in NAMES}
VERSIONS: Any = {f"{name}_version": f"{name}-1" for name in NAMES}


def picture(*chunks: bytes) -> list[pb.GetPhotoResponse]:
    header = pb.PhotoHeader(content_type="image/jpeg", size_bytes=sum(map(len, chunks)))
    return [pb.GetPhotoResponse(header=header), *(pb.GetPhotoResponse(chunk=chunk) for chunk in chunks)]


def test_my_photos_are_listed_in_pages(world: World) -> None:
    match = matcher_pb2.Match(
        photo_id=PHOTO, event_id=EVENT, width=4, height=3, take_time=Timestamp(seconds=7), **VERSIONS
    )
    world.answer(ListMatches=matcher_pb2.ListMatchesResponse(matches=[match], next_page_token="n", total_count=9))
    answer = world.client.get(f"/api/my-photos?event_id={EVENT}&limit=1&cursor=c", headers=SIGNED)
    photo = {
        "id": PHOTO,
        "event_id": EVENT,
        "width": 4,
        "height": 3,
        "taken_at": 7,
        "shows_me": True,
        "colour": None,
        **URLS,
        "download_url": URLS["original_url"],
    }
    assert answer.json() == {"photos": [photo], "next_cursor": "n", "total": 9, "logo_url": None}
    sent = world.services.sent("ListMatches")
    assert (sent.event_id, sent.page_size, sent.page_token) == (EVENT, 1, "c")


def test_the_last_page_has_no_cursor(world: World) -> None:
    assert world.client.get("/api/my-photos", headers=SIGNED).json() == {
        "photos": [],
        "next_cursor": None,
        "total": 0,
        "logo_url": None,
    }
    assert world.services.sent("ListMatches").page_size == 50


@pytest.mark.parametrize(
    ("fault", "expected"), [(InvalidPage(), (400, "invalid_page")), (EventNotFound(), (404, "event_not_found"))]
)
def test_faults_of_a_list_are_passed_on(world: World, fault: Any, expected: tuple[int, str]) -> None:
    world.answer(ListMatches=fault)
    assert problem(world.client.get("/api/my-photos?cursor=x", headers=SIGNED)) == expected


def test_event_photos_have_every_field_for_organisers(world: World) -> None:
    ready = pb.Photo(
        photo_id=PHOTO, filename="a.jpg", state=pb.PHOTO_STATE_INDEXED, width=4, height=3, face_count=2,
        size_bytes=9, create_time=Timestamp(seconds=8), **VERSIONS,
    )  # fmt: skip
    failed = pb.Photo(photo_id="f", filename="b", state=pb.PHOTO_STATE_FAILED, reason="unreadable")
    world.answer(ListPhotos=pb.ListPhotosResponse(photos=[ready, failed]))
    first, second = world.client.get(f"/api/events/{EVENT}/photos", headers=SIGNED).json()["photos"]
    assert first == {
        "id": PHOTO,
        "filename": "a.jpg",
        "status": "indexed",
        "reason": None,
        "width": 4,
        "height": 3,
        "faces": 2,
        "size_bytes": 9,
        "taken_at": None,
        "uploaded_at": 8,
        "uploader_id": None,
        "from_guest": False,
        "visibility": "matched",
        "hide_requests": 0,
        "new_version": None,
        "new_version_reason": None,
        "colour": None,
        **URLS,
    }
    assert (second["status"], second["reason"], second["thumb_url"]) == ("failed", "unreadable", None)


def test_members_can_list_their_uploads(world: World) -> None:
    waiting = pb.Photo(
        photo_id=PHOTO, filename="a.jpg", state=pb.PHOTO_STATE_INDEXED, width=4, height=3, face_count=2,
        create_time=Timestamp(seconds=8), visibility=pb.VISIBILITY_UNAPPROVED, from_guest=True, **VERSIONS,
    )  # fmt: skip
    world.answer(ListUploads=pb.ListUploadsResponse(photos=[waiting], next_page_token="n", total_count=5))
    answer = world.client.get(f"/api/my-uploads?event_id={EVENT}&limit=1&cursor=c", headers=SIGNED).json()
    (shown,) = answer.pop("photos")
    assert answer == {"next_cursor": "n", "total": 5}
    assert shown == {
        "id": PHOTO,
        "filename": "a.jpg",
        "status": "indexed",
        "reason": None,
        "width": 4,
        "height": 3,
        "uploaded_at": 8,
        "visibility": "unapproved",
        "colour": None,
        **URLS,
    }
    sent = world.services.sent("ListUploads")
    assert (sent.event_id, sent.page_size, sent.page_token) == (EVENT, 1, "c")


def test_organisers_can_list_guest_photos(world: World) -> None:
    world.answer(ListPhotos=pb.ListPhotosResponse(photos=[pb.Photo(photo_id=PHOTO, uploader_id="u", from_guest=True)]))
    answer = world.client.get(f"/api/events/{EVENT}/photos?from_guests=true", headers=SIGNED).json()
    assert [(photo["uploader_id"], photo["from_guest"]) for photo in answer["photos"]] == [("u", True)]
    assert world.services.sent("ListPhotos").from_guests


ORDERS = [
    ("", 1, False),
    ("&order=uploaded&direction=desc", 1, False),
    ("&order=taken", 2, False),
    ("&order=taken&direction=asc", 2, True),
    ("&direction=asc", 1, True),
]


@pytest.mark.parametrize(("query", "order", "ascending"), ORDERS)
def test_lists_pass_on_the_order(world: World, query: str, order: int, ascending: bool) -> None:
    assert world.client.get(f"/api/my-photos?limit=5{query}", headers=SIGNED).status_code == 200
    assert world.client.get(f"/api/events/{EVENT}/photos?limit=5{query}", headers=SIGNED).status_code == 200
    for method in ("ListMatches", "ListPhotos"):
        sent = world.services.sent(method)
        assert (sent.order, sent.ascending, sent.page_size) == (order, ascending, 5)
    assert world.services.sent("ListPhotos").state == pb.PHOTO_STATE_UNSPECIFIED


@pytest.mark.parametrize(
    ("status", "state"),
    [("pending", pb.PHOTO_STATE_PENDING), ("indexed", pb.PHOTO_STATE_INDEXED), ("failed", pb.PHOTO_STATE_FAILED)],
)
def test_organisers_can_filter_by_status(world: World, status: str, state: int) -> None:
    assert world.client.get(f"/api/events/{EVENT}/photos?status={status}", headers=SIGNED).status_code == 200
    assert world.services.sent("ListPhotos").state == state


@pytest.mark.parametrize(
    "query", ["my-photos?order=name", "my-photos?direction=up", f"events/{EVENT}/photos?status=refused"]
)
def test_an_unknown_order_or_status_is_rejected(world: World, query: str) -> None:
    assert problem(world.client.get(f"/api/{query}", headers=SIGNED)) == (400, "invalid_argument")
    assert not world.services.calls


def test_guests_cannot_filter_by_status(world: World) -> None:
    assert problem(world.client.get("/api/my-photos?status=failed", headers=SIGNED)) == (400, "unknown_parameter")


def test_a_failed_photo_can_be_retried(world: World) -> None:
    answer = world.client.post(f"/api/photos/{PHOTO}/retry", headers=SIGNED)
    assert (answer.status_code, answer.json()) == (202, {"id": PHOTO, "status": "pending"})
    assert world.services.sent("RetryPhoto").photo_id == PHOTO
    for fault, expected in (
        (PhotoNotFailed(), (409, "photo_not_failed")),
        (PhotoNotFound(), (404, "photo_not_found")),
    ):
        world.answer(RetryPhoto=fault)
        assert problem(world.client.post(f"/api/photos/{PHOTO}/retry", headers=SIGNED)) == expected


def test_a_photo_can_be_deleted(world: World) -> None:
    assert world.client.delete(f"/api/photos/{PHOTO}", headers=SIGNED).status_code == 204
    assert world.services.sent("DeletePhoto").photo_id == PHOTO


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("thumb", pb.VARIANT_THUMB),
        ("medium", pb.VARIANT_MEDIUM),
        ("preview", pb.VARIANT_PREVIEW),
        ("original", pb.VARIANT_ORIGINAL),
    ],
)
@pytest.mark.parametrize("chunks", [[b"jp", b"eg"], [uuid.uuid4().bytes * 16_000] * 5], ids=["small", "large"])
def test_a_picture_is_served(world: World, name: str, variant: pb.Variant, chunks: list[bytes]) -> None:
    world.answer(GetPhoto=picture(*chunks))
    answer = world.client.get(f"/api/photos/{PHOTO}/{name}", headers=SIGNED)
    assert (answer.status_code, answer.content) == (200, b"".join(chunks))
    assert world.services.sent("GetPhoto").variant == variant
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["content-disposition"] == f'inline; filename="photo-{PHOTO[:8]}.jpg"'
    assert answer.headers["cache-control"].startswith("private, max-age=")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_matching_etag_returns_not_modified(world: World) -> None:
    world.answer(GetPhoto=picture(b"jpeg"))
    path = f"/api/photos/{PHOTO}/thumb"
    tag = world.client.get(path, headers=SIGNED).headers["etag"]
    again = world.client.get(path, headers={**SIGNED, "if-none-match": f"W/{tag}"})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert world.client.get(path.replace("thumb", "preview"), headers={**SIGNED, "if-none-match": tag}).is_success


@pytest.mark.parametrize(
    ("fault", "expected"),
    [(PhotoNotFound(), (404, "photo_not_found")), (PhotoNotReady(), (409, "photo_not_ready"))],
)
def test_an_etag_does_not_bypass_permissions(world: World, fault: Any, expected: tuple[int, str]) -> None:
    world.answer(GetPhoto=fault)
    headers = {**SIGNED, "if-none-match": f'"{PHOTO}-thumb"'}
    assert problem(world.client.get(f"/api/photos/{PHOTO}/thumb", headers=headers)) == expected


def test_a_picture_waits_for_a_free_stream(world: World) -> None:
    busy = iter([TooManyStreams(), TooManyStreams(), picture(b"jpeg")])
    world.answer(GetPhoto=lambda _: next(busy))
    assert world.client.get(f"/api/photos/{PHOTO}/thumb", headers=SIGNED).content == b"jpeg"


def test_waiting_for_a_free_stream_times_out() -> None:
    with running_world(call_s=0.2) as world:
        world.answer(GetPhoto=TooManyStreams())
        assert problem(world.client.get(f"/api/photos/{PHOTO}/thumb", headers=SIGNED)) == (429, "too_many_streams")


def test_a_truncated_picture_is_never_returned_as_complete(world: World) -> None:
    chunk = bytes(200_000)
    world.answer(GetPhoto=picture(*[chunk] * 8)[:-1])
    with pytest.raises(httpx2.RemoteProtocolError):
        world.client.get(f"/api/photos/{PHOTO}/original", headers=SIGNED)
    world.answer(GetPhoto=picture(b"jp", b"eg")[:-1])
    assert problem(world.client.get(f"/api/photos/{PHOTO}/thumb", headers=SIGNED)) == (500, "internal")


def test_a_guest_can_refuse_a_photo_and_undo_it(world: World) -> None:
    for method, rpc in (("POST", "RefuseMatch"), ("DELETE", "RestoreMatch")):
        answer = world.client.request(method, f"/api/photos/{PHOTO}/not-me", headers=SIGNED)
        assert (answer.status_code, answer.content) == (204, b"")
        assert world.services.sent(rpc).photo_id == PHOTO
        world.answer(**{rpc: PhotoNotFound()})
        refused = world.client.request(method, f"/api/photos/{PHOTO}/not-me", headers=SIGNED)
        assert problem(refused) == (404, "photo_not_found")
