"""Uploads of photos: each file has its own result."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx2
import pytest

from gateway.errors.from_grpc import REJECTED_FILES
from gateway.photos.upload import CHUNK_BYTES
from kit.errors import TooManyStreams
from matcher_service.domain import EventClosed, EventNotFound, OrganiserOnly
from protos.matcher.v1 import photo_pb2 as pb
from protos.selfie.v1 import selfie_pb2
from tests.gateway.world import LIMITS, SIGNED, World, problem, running_world

EVENT = "3f2b8c1e-0000-4000-8000-000000000001"
SELFIE = "/api/upload-selfie"
PHOTOS = f"/api/events/{EVENT}/photos"
JPEG = b"\xff\xd8\xff\xe0" + b"jpeg"


@pytest.fixture(scope="module")
def shared() -> Iterator[World]:
    with running_world() as world:
        yield world


@pytest.fixture
def world(shared: World) -> World:
    shared.reset()
    shared.answer(UploadSelfie=selfie_pb2.UploadSelfieResponse(selfie_id="s"), AddPhotos=add)
    return shared


def add(messages: list[pb.AddPhotosRequest]) -> pb.AddPhotosResponse:
    """Answers as a matcher that accepts every JPEG."""
    data = b"".join(message.chunk for message in messages)
    name = messages[0].header.filename
    if not data.startswith(JPEG):
        photo = pb.AddedPhoto(filename=name, state=pb.PHOTO_STATE_REFUSED, reason="UNSUPPORTED_TYPE")
    else:
        photo = pb.AddedPhoto(filename=name, state=pb.PHOTO_STATE_PENDING, photo_id=f"id of {name}")
    return pb.AddPhotosResponse(photos=[photo])


def send(world: World, path: str, *files: tuple[str, Any], **headers: str) -> Any:
    return world.client.post(path, files=files, headers={**SIGNED, **headers})


def results(answer: httpx2.Response) -> list[tuple[str, str, str | None]]:
    """Name, status and reason of each file of an accepted upload."""
    assert answer.status_code == 202, answer.text
    return [(photo["filename"], photo["status"], photo.get("reason")) for photo in answer.json()["photos"]]


def test_each_photo_is_a_separate_call_with_its_own_result(world: World) -> None:
    large = JPEG + bytes(CHUNK_BYTES * 3 // 2 - len(JPEG))
    files = {"a.jpg": JPEG, "empty.jpg": b"", "film.mp4": b"ftypisom", "a.gif": b"GIF89a", "c.jpg": large}
    answer = send(world, PHOTOS, *(("files", item) for item in files.items()))
    assert answer.status_code == 202
    unsupported = {"status": "refused", "reason": "unsupported_type", "message": REJECTED_FILES["unsupported_type"]}
    assert answer.json()["photos"] == [
        {"id": "id of a.jpg", "filename": "a.jpg", "status": "pending", "existing": False},
        {
            "filename": "empty.jpg",
            "status": "refused",
            "reason": "empty_image",
            "message": REJECTED_FILES["empty_image"],
        },
        {"filename": "film.mp4", **unsupported},
        {"filename": "a.gif", **unsupported},
        {"id": "id of c.jpg", "filename": "c.jpg", "status": "pending", "existing": False},
    ]
    calls = {call.request[0].header.filename: call.request for call in world.services.calls[1:]}
    assert set(calls) == set(files) - {"empty.jpg"}
    assert {call[0].header.event_id for call in calls.values()} == {EVENT}
    assert [len(message.chunk) for message in calls["c.jpg"][1:]] == [CHUNK_BYTES, CHUNK_BYTES // 2]
    assert b"".join(message.chunk for message in calls["c.jpg"]) == large


def test_an_existing_photo_is_reported_as_existing(world: World) -> None:
    known = pb.AddedPhoto(photo_id="p", state=pb.PHOTO_STATE_INDEXED, existing=True)
    world.answer(AddPhotos=pb.AddPhotosResponse(photos=[known]))
    [photo] = send(world, PHOTOS, ("files", ("a", JPEG))).json()["photos"]
    assert photo == {"id": "p", "filename": "a", "status": "indexed", "existing": True}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", (422, "empty_image")),
        (JPEG + bytes(2_000_000), (413, "too_large")),
        (b"GIF89a", (415, "unsupported_type")),
    ],
)
@pytest.mark.parametrize("count", [1, 3])
def test_a_request_without_an_accepted_photo_is_rejected(
    data: bytes, expected: tuple[int, str], count: int, small: World
) -> None:
    answer = send(small, PHOTOS, *[("files", ("a", data))] * count)
    assert problem(answer) == expected
    assert [error["reason"] for error in answer.json().get("errors", [])] == (
        [expected[1]] * count if count > 1 else []
    )


@pytest.fixture(scope="module")
def small_limits() -> Iterator[World]:
    with running_world(max_photo_bytes=1_000_000) as world:
        yield world


@pytest.fixture
def small(small_limits: World) -> World:
    small_limits.reset()
    small_limits.answer(AddPhotos=add)
    return small_limits


def test_too_large_photos_do_not_affect_the_others(small: World) -> None:
    good, bad = JPEG + bytes(900_000), JPEG + bytes(1_400_000)
    files = [("files", (f"{number}.jpg", bad if number % 2 else good)) for number in range(6)]
    answer = send(small, PHOTOS, *files)
    assert results(answer) == [
        (f"{n}.jpg", *(("refused", "too_large") if n % 2 else ("pending", None))) for n in range(6)
    ]
    assert answer.json()["photos"][1]["message"] == "The file is larger than 1 MB."
    assert len(small.services.calls) == 1 + 3  # the service never sees the others


def test_only_a_limited_number_of_oversized_bytes_is_skipped(small: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.photos.routes.SKIPPED_FILES", 2)
    film = ("files", ("film", bytes(4_000_000)))
    answer = send(small, PHOTOS, ("files", ("a", JPEG)), film, ("files", ("b", JPEG)))
    assert results(answer) == [("a", "pending", None), ("film", "refused", "too_large"), ("", "refused", "too_large")]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [(EventNotFound(), (404, "event_not_found")), (OrganiserOnly(), (403, "organiser_only"))],
)
def test_an_upload_without_permission_is_rejected_before_the_photos_are_read(
    world: World, fault: Any, expected: tuple[int, str]
) -> None:
    world.answer(CheckUpload=fault)
    assert problem(send(world, PHOTOS, ("files", ("a", b"x" * 100_000)))) == expected
    assert "AddPhotos" not in [call.method for call in world.services.calls]


def test_the_permission_is_checked_for_the_event_in_the_path(world: World) -> None:
    assert send(world, PHOTOS, ("files", ("a", JPEG))).status_code == 202
    assert world.services.sent("CheckUpload").event_id == world.services.sent("AddPhotos")[0].header.event_id


def test_an_existing_photo_of_another_user_is_reported_without_its_id(world: World) -> None:
    known = pb.AddedPhoto(state=pb.PHOTO_STATE_PENDING, existing=True)
    world.answer(AddPhotos=pb.AddPhotosResponse(photos=[known]))
    (shown,) = send(world, PHOTOS, ("files", ("a", JPEG))).json()["photos"]
    assert shown == {"filename": "a", "status": "pending", "existing": True}


def test_a_photo_of_a_full_event_gets_its_reason(world: World) -> None:
    refused = pb.AddedPhoto(state=pb.PHOTO_STATE_REFUSED, reason="TOO_MANY_EVENT_PHOTOS")
    world.answer(AddPhotos=pb.AddPhotosResponse(photos=[refused]))
    assert problem(send(world, PHOTOS, ("files", ("a", JPEG)))) == (409, "too_many_event_photos")


def test_a_guest_above_the_daily_limit_gets_its_reason(world: World) -> None:
    refused = pb.AddedPhoto(state=pb.PHOTO_STATE_REFUSED, reason="TOO_MANY_GUEST_PHOTOS")
    world.answer(AddPhotos=pb.AddPhotosResponse(photos=[refused]))
    assert problem(send(world, PHOTOS, ("files", ("a", JPEG)))) == (403, "too_many_guest_photos")


def test_a_closed_event_stops_the_upload(world: World) -> None:
    world.answer(AddPhotos=EventClosed())
    files = [("files", (str(number), b"x" * 300_000)) for number in range(10)]
    assert problem(send(world, PHOTOS, *files)) == (409, "event_closed")
    assert len(world.services.calls) < 8  # the remaining files are not forwarded


def test_an_unavailable_service_for_one_photo_does_not_affect_the_others(world: World) -> None:
    def answer(messages: list[pb.AddPhotosRequest]) -> Any:
        return grpc.StatusCode.UNAVAILABLE if messages[0].header.filename == "b" else add(messages)

    world.answer(AddPhotos=answer)
    files = [("files", (name, JPEG)) for name in "abc"]
    assert results(send(world, PHOTOS, *files)) == [
        ("a", "pending", None),
        ("b", "refused", "service_unavailable"),
        ("c", "pending", None),
    ]
    world.answer(AddPhotos=grpc.StatusCode.UNAVAILABLE)
    assert problem(send(world, PHOTOS, *files)) == (503, "service_unavailable")


def test_a_photo_is_retried_while_the_service_is_busy(world: World) -> None:
    busy = iter([TooManyStreams(), TooManyStreams()])
    world.answer(AddPhotos=lambda messages: next(busy, None) or add(messages))
    assert results(send(world, PHOTOS, ("files", ("a", JPEG)))) == [("a", "pending", None)]


def test_photos_beyond_the_hundredth_are_rejected_with_a_reason(world: World) -> None:
    files = [("files", (f"{number}.jpg", JPEG)) for number in range(103)]
    answer = send(world, PHOTOS, *files)
    assert [status for _, status, _ in results(answer)] == ["pending"] * 100 + ["refused"] * 3
    assert answer.json()["photos"][100] == {
        "filename": "100.jpg",
        "status": "refused",
        "reason": "too_many_files",
        "message": "At most 100 files are accepted in one request.",
    }
    assert len(world.services.calls) == 101


@pytest.mark.parametrize("name", ["files", "file", "files[]", "photos", "photo"])
def test_photos_are_accepted_under_common_field_names(world: World, name: str) -> None:
    assert results(send(world, PHOTOS, (name, ("a.jpg", JPEG)))) == [("a.jpg", "pending", None)]


def test_a_file_in_another_field_is_reported(world: World) -> None:
    answer = send(world, PHOTOS, ("files", ("a", JPEG)), ("attachment", ("b", JPEG)))
    assert results(answer) == [("a", "pending", None), ("b", "refused", "unexpected_field")]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\a.jpg", "a.jpg"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("x" * 4000, "x" * 200),
        ("föto 😀.jpg", "föto 😀.jpg"),
    ],
)
def test_a_file_name_is_sanitised(world: World, sent: str, shown: str) -> None:
    assert send(world, PHOTOS, ("files", (sent, JPEG))).json()["photos"][0]["filename"] == shown


def nameless_files() -> set[str]:
    """The open files of this process without a name; some belong to pytest."""
    opened = [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return {path for path in opened if path.endswith("(deleted)")}


def test_no_spooled_file_outlives_its_request(world: World) -> None:
    before, large = nameless_files(), bytes(2_000_000)
    send(world, PHOTOS, ("files", ("a", large)))
    send(world, SELFIE, ("file", ("a", bytes(LIMITS.max_selfie_bytes + 200_000))))
    send(world, PHOTOS, ("files", ("a", JPEG)), ("files", ("b", large)), ("other", ("c", large)))
    world.client.post(
        SELFIE,
        content=b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + large,
        headers={**SIGNED, "content-type": "multipart/form-data; boundary=b"},
    )
    assert nameless_files() == before


def test_only_files_in_other_fields_are_rejected_with_the_expected_field(world: World) -> None:
    answer = send(world, PHOTOS, ("attachment", ("b", JPEG)))
    assert problem(answer) == (422, "unexpected_field")
    assert "`files`" in answer.json()["detail"]


def test_an_upload_replaces_photos_of_the_same_names_but_not_its_own_files(world: World) -> None:
    def answer(messages: list[pb.AddPhotosRequest]) -> pb.AddPhotosResponse:
        header = messages[0].header
        kind = {"a": pb.REPLACEMENT_REPLACED, "b": pb.REPLACEMENT_AMBIGUOUS}.get(header.filename)
        photo = pb.AddedPhoto(photo_id="p", state=pb.PHOTO_STATE_INDEXED, replacement=kind if header.replace else None)
        return pb.AddPhotosResponse(photos=[photo])

    world.answer(AddPhotos=answer)
    files = [("files", (name, JPEG)) for name in ("a", "b", "c", "a")]
    shown = send(world, f"{PHOTOS}?replace=true", *files).json()["photos"]
    assert [photo.get("replacement") for photo in shown] == ["replaced", "ambiguous", None, None]
    assert [photo.get("replacement") for photo in send(world, PHOTOS, *files).json()["photos"]] == [None] * 4
