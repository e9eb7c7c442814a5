"""The download of all photos of a guest as one archive."""

import io
import logging
import os
import zipfile
from collections.abc import Callable, Iterator
from threading import Event, Thread
from typing import Any

import grpc
import httpx2
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.http.limits import Bounds
from kit.errors import TooManyStreams
from kit.storage.blobs import BlobsUnavailable
from matcher_service.domain import EventNotFound, PhotoNotFound
from protos.matcher.v1 import matcher_pb2
from protos.matcher.v1 import photo_pb2 as pb
from tests.gateway.test_pictures import send
from tests.gateway.world import SIGNED, World, problem, running_world
from tests.selfie.world import wait_until

EVENT = "3f2b8c1e-0000-4000-8000-000000000001"
PATH = f"/api/my-photos.zip?event_id={EVENT}"
PICTURES = {f"photo-{number}": os.urandom(size) for number, size in enumerate((10, 2_500_000, 1_048_576), 1)}
NAMES = [f"Summer-party-{number:04}.jpg" for number in (1, 2, 3)]


def match(photo_id: str, **fields: Any) -> matcher_pb2.Match:
    values = {
        "photo_id": photo_id,
        "event_id": EVENT,
        "event_name": "Summer party",
        "number": int(photo_id[-1]),
        "original_bytes": len(PICTURES[photo_id]),
        "original_version": "v1",
        "create_time": Timestamp(seconds=1_781_900_000),
    }
    return matcher_pb2.Match(**{**values, **fields})


def send_picture(request: pb.GetPhotoRequest) -> Any:
    return send(PICTURES[request.photo_id])(request)


def answer_all(world: World, *matches: matcher_pb2.Match, get: Callable[[Any], Any] = send_picture) -> None:
    found = matches or tuple(match(photo_id) for photo_id in PICTURES)
    world.answer(
        ListMatches=matcher_pb2.ListMatchesResponse(matches=found),
        CreateDownloadToken=pb.CreateDownloadTokenResponse(token="download"),
        GetPhoto=get,
    )


def unpack(answer: httpx2.Response) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_an_archive_contains_every_original_under_its_name(world: World) -> None:
    answer_all(world)
    answer = world.client.get(PATH, headers=SIGNED)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="Summer-party.zip"'
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["cache-control"] == "no-store"
    assert unpack(answer) == dict(zip(NAMES, PICTURES.values(), strict=True))
    calls = [call for call in world.services.calls if call.method == "GetPhoto"]
    assert {call.request.variant for call in calls} == {pb.VARIANT_ORIGINAL}
    assert {call.metadata["authorization"] for call in calls} == {"Bearer download"}
    asked = [call.metadata["authorization"] for call in world.services.calls if call.method != "GetPhoto"]
    assert set(asked) == {SIGNED["authorization"]}
    assert max(call.request.length for call in calls) == 1024 * 1024, "no part exceeds the buffer in memory"


def test_head_returns_the_length_without_fetching_photos(world: World) -> None:
    answer_all(world)
    head = world.client.head(PATH, headers=SIGNED)
    assert "GetPhoto" not in [call.method for call in world.services.calls]
    whole = world.client.get(PATH, headers=SIGNED)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "content-disposition"):
        assert head.headers[name] == whole.headers[name]


def test_an_archive_contains_all_pages_in_upload_order(world: World) -> None:
    pages = {
        "": matcher_pb2.ListMatchesResponse(matches=[match("photo-1"), match("photo-2")], next_page_token="more"),
        "more": matcher_pb2.ListMatchesResponse(matches=[match("photo-3")]),
    }
    world.answer(ListMatches=lambda request: pages[request.page_token], GetPhoto=send_picture)
    assert list(unpack(world.client.get(PATH, headers=SIGNED))) == NAMES
    asked = [call.request for call in world.services.calls if call.method == "ListMatches"]
    assert {(page.event_id, page.page_size, page.ascending) for page in asked} == {(EVENT, 200, True)}


TIMES = [
    ({"take_time": Timestamp(seconds=1_781_967_614)}, (2026, 6, 20, 15, 0, 14)),
    ({"take_time": Timestamp(seconds=1_781_967_614), "take_offset_min": 120}, (2026, 6, 20, 17, 0, 14)),
    ({}, (2026, 6, 19, 20, 13, 20)),
]


@pytest.mark.parametrize(("fields", "shown"), TIMES)
def test_a_file_has_the_local_time_of_the_camera(world: World, fields: Any, shown: tuple[int, ...]) -> None:
    answer_all(world, match("photo-1", **fields))
    with zipfile.ZipFile(io.BytesIO(world.client.get(PATH, headers=SIGNED).content)) as archive:
        assert archive.infolist()[0].date_time == shown


def test_a_name_in_another_script_is_kept(world: World) -> None:
    answer_all(world, match("photo-1", event_name="夏祭り"))
    answer = world.client.get(PATH, headers=SIGNED)
    assert list(unpack(answer)) == ["夏祭り-0001.jpg"]
    names = "filename=\"photo.zip\"; filename*=UTF-8''%E5%A4%8F%E7%A5%AD%E3%82%8A.zip"
    assert answer.headers["content-disposition"] == f"attachment; {names}"


def test_the_size_of_a_photo_is_fetched_when_unknown(world: World) -> None:
    unknown = match("photo-2", original_bytes=0, original_version="")
    answer_all(world, match("photo-1"), unknown)
    answer = world.client.get(PATH, headers=SIGNED)
    assert unpack(answer) == dict(zip(NAMES[:2], list(PICTURES.values())[:2], strict=True))


def test_a_photo_deleted_before_the_archive_starts_is_omitted(world: World) -> None:
    def get(request: pb.GetPhotoRequest) -> Any:
        return PhotoNotFound() if request.photo_id == "photo-2" else send_picture(request)

    answer_all(world, match("photo-1"), match("photo-2", original_bytes=0), get=get)
    assert list(unpack(world.client.get(PATH, headers=SIGNED))) == NAMES[:1]


@pytest.mark.parametrize("fault", [PhotoNotFound(), grpc.StatusCode.UNAUTHENTICATED], ids=["deleted", "token ended"])
def test_an_archive_that_fails_midway_breaks_the_connection(
    world: World, fault: Any, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("uvicorn.error").addHandler(caplog.handler)

    def get(request: pb.GetPhotoRequest) -> Any:
        return fault if request.photo_id == "photo-2" and request.offset else send_picture(request)

    answer_all(world, get=get)
    with pytest.raises(httpx2.RemoteProtocolError):
        world.client.get(PATH, headers=SIGNED)
    logging.getLogger("uvicorn.error").removeHandler(caplog.handler)
    assert "ASGI" not in caplog.text, "a photo deleted meanwhile is not an error of the gateway"


@pytest.mark.parametrize("change", [{"version": "v2"}, {"data": PICTURES["photo-2"] + b"x"}], ids=["version", "size"])
def test_parts_of_different_versions_are_not_mixed(world: World, change: Any) -> None:
    def get(request: pb.GetPhotoRequest) -> Any:
        if request.photo_id == "photo-2" and request.offset:
            return send(**{"data": PICTURES["photo-2"], **change})(request)
        return send_picture(request)

    answer_all(world, get=get)
    with pytest.raises(httpx2.RemoteProtocolError):
        world.client.get(PATH, headers=SIGNED)


def test_an_archive_survives_a_restarting_or_busy_service(world: World) -> None:
    faults: Iterator[Any] = iter([grpc.StatusCode.UNAVAILABLE, TooManyStreams()])

    def get(request: pb.GetPhotoRequest) -> Any:
        return next(faults, None) or send_picture(request) if request.offset else send_picture(request)

    answer_all(world, get=get)
    assert len(unpack(world.client.get(PATH, headers=SIGNED))) == 3
    assert next(faults, None) is None


def test_a_failure_before_the_archive_starts_returns_a_problem(world: World) -> None:
    assert problem(world.client.get(PATH, headers=SIGNED)) == (404, "photo_not_found")
    assert problem(world.client.get("/api/my-photos.zip", headers=SIGNED)) == (400, "invalid_argument")
    assert problem(world.client.get(f"{PATH}&photo_ids=1", headers=SIGNED)) == (400, "unknown_parameter")
    assert problem(world.client.get(PATH)) == (401, "invalid_token")
    world.answer(ListMatches=EventNotFound())
    assert problem(world.client.get(PATH, headers=SIGNED)) == (404, "event_not_found")
    answer_all(world, get=lambda _: BlobsUnavailable())
    assert problem(world.client.get(PATH, headers=SIGNED)) == (503, "blobs_unavailable")
    world.answer(CreateDownloadToken=grpc.StatusCode.UNAUTHENTICATED)
    assert problem(world.client.get(PATH, headers=SIGNED)) == (401, "invalid_token")


def test_a_service_of_an_earlier_version_gets_the_access_token(world: World) -> None:
    answer_all(world)
    world.answer(CreateDownloadToken=grpc.StatusCode.UNIMPLEMENTED)
    assert len(unpack(world.client.get(PATH, headers=SIGNED))) == 3
    calls = [call for call in world.services.calls if call.method == "GetPhoto"]
    assert {call.metadata["authorization"] for call in calls} == {SIGNED["authorization"]}


@pytest.mark.parametrize(("bounds", "refused"), [(Bounds(archives=1), True), (Bounds(), False)], ids=["few", "control"])
def test_archives_have_a_separate_limit(bounds: Bounds, refused: bool) -> None:
    with running_world(bounds=bounds) as world:
        free = Event()
        answer_all(world, get=lambda request: free.wait(10) and send_picture(request))
        first = Thread(target=world.client.get, args=[PATH], kwargs={"headers": SIGNED})
        first.start()
        try:
            wait_until(lambda: "GetPhoto" in world.services.running)
            head = world.client.head(PATH, headers=SIGNED)
            assert (head.status_code == 503) == refused
            assert world.client.get("/api/my-photos", headers=SIGNED).status_code == 200
        finally:
            free.set()
            first.join()
        wait_until(lambda: world.client.head(PATH, headers=SIGNED).status_code == 200)


@pytest.mark.parametrize(("archives", "fetching"), [(1, 1), (5, 2)])
def test_archives_fetch_a_limited_number_of_parts_concurrently(archives: int, fetching: int) -> None:
    """Archives leave enough streams of the service for pictures that are being viewed."""
    with running_world(bounds=Bounds(archives_per_user=archives)) as world:
        free = Event()
        answer_all(world, get=lambda request: free.wait(10) and send_picture(request))
        threads = [
            Thread(target=httpx2.get, args=[f"http://127.0.0.1:{world.port}{PATH}"], kwargs={"headers": SIGNED})
            for _ in range(archives)
        ]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: [call.method for call in world.services.calls].count("ListMatches") == archives)
            wait_until(lambda: world.services.running.count("GetPhoto") == fetching)
            assert world.client.get("/api/rematch-status", headers=SIGNED).status_code == 200
            assert world.services.running.count("GetPhoto") == fetching
        finally:
            free.set()
            for thread in threads:
                thread.join()
