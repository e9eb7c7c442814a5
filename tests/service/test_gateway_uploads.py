"""Selfies and photos on their way in: bounded in bytes and in time, and streamed on."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.limits import MAX_PHOTO_BYTES, MAX_SELFIE_BYTES
from gateway.uploads import CHUNK_BYTES
from kit.errors import Fault
from matcher_service.domain import EventClosed, EventNotFound, OrganiserOnly
from protos.matcher.v1 import photo_pb2 as pb
from protos.selfie.v1 import selfie_pb2
from selfie_service.domain import IdempotencyKeyReused, RequestInProgress, UnsupportedType
from tests.service.gateway_world import SIGNED, World, problem, running_world

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
    """What a matcher that takes everything but empty files answers."""
    photos: list[pb.AddedPhoto] = []
    for message in messages:
        if message.WhichOneof("part") == "header":
            name = message.header.filename
            photos.append(pb.AddedPhoto(filename=name, state=pb.PHOTO_STATE_REFUSED, reason="EMPTY_IMAGE"))
        elif message.chunk:
            photos[-1].MergeFrom(pb.AddedPhoto(photo_id=f"p{len(photos)}", state=pb.PHOTO_STATE_PENDING))
            photos[-1].ClearField("reason")
    return pb.AddPhotosResponse(photos=photos)


def send(world: World, path: str, *files: tuple[str, Any], **headers: str) -> Any:
    return world.client.post(path, files=files, headers={**SIGNED, **headers})


def test_a_selfie_is_accepted(world: World) -> None:
    answer = send(world, SELFIE, ("file", ("me.jpg", JPEG)))
    assert (answer.status_code, answer.json()["status"], answer.json()["selfie_id"]) == (202, "processing", "s")
    assert world.services.sent("UploadSelfie").image == JPEG


def test_a_large_selfie_arrives_whole(world: World) -> None:
    image = JPEG + uuid.uuid4().bytes * ((MAX_SELFIE_BYTES - len(JPEG)) // 16)
    assert send(world, SELFIE, ("file", ("me.jpg", image))).status_code == 202
    assert world.services.sent("UploadSelfie").image == image


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (RequestInProgress(), (409, "request_in_progress")),
        (IdempotencyKeyReused(), (422, "idempotency_key_reused")),
    ],
)
def test_a_key_that_cannot_be_taken_is_told(world: World, fault: Fault, expected: tuple[int, str]) -> None:
    world.answer(UploadSelfie=fault)
    answer = send(world, SELFIE, ("file", ("me.jpg", JPEG)), **{"idempotency-key": "my upload"})
    assert problem(answer) == expected


@pytest.mark.parametrize("key", ["3f2b8c1e-0000-4000-8000-00000000000a", "my upload", "x" * 255])
def test_the_same_key_is_the_same_request(world: World, key: str) -> None:
    for _ in range(2):
        send(world, SELFIE, ("file", ("me.jpg", JPEG)), **{"idempotency-key": key})
    first, second = (call.request.request_id for call in world.services.calls)
    assert first == second == str(uuid.UUID(first))
    assert (first == key) == (len(key) == 36)


def test_without_a_key_each_upload_is_its_own(world: World) -> None:
    for _ in range(2):
        send(world, SELFIE, ("file", ("me.jpg", JPEG)))
    assert len({call.request.request_id for call in world.services.calls}) == 2


def test_a_key_is_bounded(world: World) -> None:
    answer = send(world, SELFIE, ("file", ("me.jpg", JPEG)), **{"idempotency-key": "x" * 256})
    assert problem(answer) == (400, "invalid_argument")


def test_what_the_service_refuses_is_told(world: World) -> None:
    world.answer(UploadSelfie=UnsupportedType())
    assert problem(send(world, SELFIE, ("file", ("a.svg", b"<svg>")))) == (415, "unsupported_type")


def test_a_selfie_that_is_too_large_never_reaches_the_service(world: World) -> None:
    image = bytes(MAX_SELFIE_BYTES + 200_000)
    assert problem(send(world, SELFIE, ("file", ("me.jpg", image)))) == (413, "too_large")
    assert not world.services.calls


FORM = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        (FORM, b"", (400, "empty_body")),
        ("application/json", b"", (400, "empty_body")),
        ("application/json", b"{}", (422, "invalid_form")),
        ("multipart/form-data", b"--b", (400, "malformed_multipart")),
        (f"multipart/form-data; boundary={'b' * 20_000}", b"--b", (400, "malformed_multipart")),
        (FORM, b"nonsense", (400, "malformed_multipart")),
        (FORM, PART + b"cut off", (400, "malformed_multipart")),
        (FORM, b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b--\r\n', (422, "invalid_form")),
        (FORM, (PART + b"x\r\n") * 2 + b"--b--\r\n", (400, "too_many_files")),
        (FORM, b"--b\r\nX: y\r\n\r\n\r\n" * 1001 + b"--b--\r\n", (400, "malformed_multipart")),
        (FORM, b"--b\r\nX: " + b"y" * 60_000, (400, "malformed_multipart")),
        (FORM, b"--b\r\n" + b"X: y\r\n" * 5_000, (400, "malformed_multipart")),
    ],
    ids=range(12),
)
def test_a_broken_form_is_told(world: World, content_type: str, body: bytes, expected: tuple[int, str]) -> None:
    answer = world.client.post(SELFIE, content=body, headers={**SIGNED, "content-type": content_type})
    assert problem(answer) == expected
    assert not world.services.calls


HEAD = b"POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Type: %s\r\n"


def test_too_much_announced_is_refused_before_it_comes(world: World) -> None:
    head = HEAD % (SELFIE.encode(), FORM.encode()) + b"Expect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n"
    answer = world.send_raw(head)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer.lower()


def test_of_a_body_that_is_longer_than_announced_nothing_more_is_read(world: World) -> None:
    head = HEAD % (SELFIE.encode(), FORM.encode()) + b"Content-Length: 10\r\n\r\n"
    answer = world.send_raw(head, PART, bytes(4_000_000))
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")  # a reset connection may cost the client the answer
    assert not world.services.calls
    assert world.client.get("/healthz").is_success


def test_an_endless_body_ends_at_the_limit(world: World) -> None:
    chunk = b"%x\r\n%s\r\n" % (1 << 20, bytes(1 << 20))
    head = HEAD % (SELFIE.encode(), FORM.encode()) + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = world.send_raw(head, b"%x\r\n%s\r\n" % (len(PART), PART), *[chunk] * 12)
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_body_that_stands_still_is_given_up() -> None:
    with running_world(body_s=0.2) as world:
        head = HEAD % (SELFIE.encode(), FORM.encode()) + b"Content-Length: 1000\r\n\r\n"
        answer = world.send_raw(head, PART)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"request_timeout" in answer


def test_without_a_token_nothing_is_read(world: World) -> None:
    answer = world.client.post(SELFIE, files={"file": JPEG})
    assert problem(answer) == (401, "invalid_token")


def test_photos_are_streamed_in_one_call(world: World) -> None:
    large = uuid.uuid4().bytes * (CHUNK_BYTES // 16 * 3 // 2)
    answer = send(world, PHOTOS, ("files", ("a.jpg", JPEG)), ("files", ("b.jpg", b"")), ("files", ("c.jpg", large)))
    assert answer.status_code == 202
    assert answer.json() == {
        "photos": [
            {"id": "p1", "filename": "a.jpg", "status": "pending"},
            {"filename": "b.jpg", "status": "refused", "reason": "empty_image"},
            {"id": "p3", "filename": "c.jpg", "status": "pending"},
        ]
    }
    messages = world.services.sent("AddPhotos")
    assert {m.header.event_id for m in messages if m.header.filename} == {EVENT}
    assert [len(m.chunk) for m in messages if m.chunk] == [len(JPEG), CHUNK_BYTES, CHUNK_BYTES // 2]
    assert b"".join(m.chunk for m in messages) == JPEG + large


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("EMPTY_IMAGE", (422, "empty_image")),
        ("TOO_LARGE", (413, "too_large")),
        ("UNSUPPORTED_TYPE", (415, "unsupported_type")),
    ],
)
def test_when_every_photo_is_refused_so_is_the_request(world: World, reason: str, expected: tuple[int, str]) -> None:
    refused = pb.AddedPhoto(filename="a", state=pb.PHOTO_STATE_REFUSED, reason=reason)
    world.answer(AddPhotos=pb.AddPhotosResponse(photos=[refused]))
    assert problem(send(world, PHOTOS, ("files", ("a", b"x")))) == expected


@pytest.mark.parametrize(
    ("fault", "expected"),
    [(EventNotFound(), (404, "event_not_found")), (OrganiserOnly(), (403, "organiser_only"))],
)
def test_a_stranger_is_refused_before_the_photos_are_read(world: World, fault: Any, expected: tuple[int, str]) -> None:
    world.answer(GetIndexState=fault)
    assert problem(send(world, PHOTOS, ("files", ("a", b"x" * 100_000)))) == expected
    assert [call.method for call in world.services.calls] == ["GetIndexState"]


def test_a_fault_in_the_middle_of_the_stream_is_told(world: World) -> None:
    world.answer(AddPhotos=EventClosed())
    assert problem(send(world, PHOTOS, ("files", ("a", b"x" * 3_000_000)))) == (409, "event_closed")


def test_a_hundred_photos_are_taken_and_no_more(world: World) -> None:
    files = [("files", (f"{number}.jpg", JPEG)) for number in range(100)]
    assert len(send(world, PHOTOS, *files).json()["photos"]) == 100
    assert problem(send(world, PHOTOS, *files, files[0])) == (400, "too_many_files")


def test_of_a_photo_that_is_too_large_the_service_sees_enough_to_tell(world: World) -> None:
    send(world, PHOTOS, ("files", ("a", bytes(MAX_PHOTO_BYTES + 5_000))), ("files", ("b", JPEG)))
    messages = world.services.sent("AddPhotos")
    assert sum(len(message.chunk) for message in messages) == MAX_PHOTO_BYTES + 1 + len(JPEG)


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
def test_a_file_name_is_for_people_only(world: World, sent: str, shown: str) -> None:
    assert send(world, PHOTOS, ("files", (sent, JPEG))).json()["photos"][0]["filename"] == shown


def nameless_files() -> set[str]:
    """The open files of this process that have no name (some are pytest's)."""
    opened = [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return {path for path in opened if path.endswith("(deleted)")}


def test_no_spool_outlives_its_request(world: World) -> None:
    before, large = nameless_files(), bytes(2_000_000)
    send(world, PHOTOS, ("files", ("a", large)))
    send(world, SELFIE, ("file", ("a", bytes(MAX_SELFIE_BYTES + 200_000))))
    world.client.post(SELFIE, content=PART + large, headers={**SIGNED, "content-type": FORM})
    assert nameless_files() == before
