"""The download of all photos of an event as one archive, for its organisers."""

from threading import Event, Thread
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.http.limits import Bounds
from kit.errors import InvalidToken
from matcher_service.domain import EventNotFound, OrganiserOnly, PhotoNotFound
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import photo_pb2 as pb
from tests.gateway.test_archive import EVENT, PATH, PICTURES, send_picture, unpack
from tests.gateway.world import SIGNED, World, problem, running_world
from tests.selfie.world import wait_until

EVENT_PATH = f"/api/events/{EVENT}/photos.zip"


def photo(photo_id: str, **fields: Any) -> pb.Photo:
    values = {
        "photo_id": photo_id,
        "event_id": EVENT,
        "filename": f"IMG_{photo_id[-1]}.JPG",
        "state": pb.PHOTO_STATE_INDEXED,
        "original_bytes": len(PICTURES.get(photo_id, b"")),
        "original_version": "v1",
        "create_time": Timestamp(seconds=1_781_900_000),
    }
    return pb.Photo(**{**values, **fields})


def answer_event(world: World, *photos: pb.Photo) -> None:
    world.answer(
        GetEvent=auth_pb2.GetEventResponse(event=auth_pb2.Event(event_id=EVENT, name="Summer party")),
        ListPhotos=pb.ListPhotosResponse(photos=photos or [photo(photo_id) for photo_id in PICTURES]),
        CreateDownloadToken=pb.CreateDownloadTokenResponse(token="download"),
        GetPhoto=send_picture,
    )


def test_an_event_archive_contains_every_original_under_its_upload_name(world: World) -> None:
    answer_event(world)
    answer = world.client.get(EVENT_PATH, headers=SIGNED)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="Summer-party.zip"'
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert unpack(answer) == {f"IMG_{photo_id[-1]}.JPG": data for photo_id, data in PICTURES.items()}
    (listed,) = [call.request for call in world.services.calls if call.method == "ListPhotos"]
    assert (listed.event_id, listed.page_size, listed.ascending) == (EVENT, 200, True)


def test_files_with_the_same_name_are_numbered(world: World) -> None:
    names = {"photo-1": "a.jpg", "photo-2": "A.JPG", "photo-3": "../../a.heic"}
    answer_event(world, *(photo(photo_id, filename=name) for photo_id, name in names.items()))
    found = unpack(world.client.get(EVENT_PATH, headers=SIGNED))
    assert list(found) == ["a.jpg", "A (2).JPG", "a (3).jpg"]
    assert list(found.values()) == list(PICTURES.values())


def test_guest_photos_are_in_a_separate_folder(world: World) -> None:
    names = {"photo-1": False, "photo-2": True, "photo-3": True}
    answer_event(world, *(photo(one, filename="a.jpg", from_guest=is_guest) for one, is_guest in names.items()))
    found = unpack(world.client.get(EVENT_PATH, headers=SIGNED))
    assert list(found) == ["a.jpg", "guests/a.jpg", "guests/a (2).jpg"]


def test_an_event_archive_contains_all_pages(world: World) -> None:
    answer_event(world)
    pages = {
        "": pb.ListPhotosResponse(photos=[photo("photo-1"), photo("photo-2")], next_page_token="more"),
        "more": pb.ListPhotosResponse(photos=[photo("photo-3")]),
    }
    world.answer(ListPhotos=lambda request: pages[request.page_token])
    assert len(unpack(world.client.get(EVENT_PATH, headers=SIGNED))) == 3


def test_photos_without_an_original_are_listed_as_missing(world: World) -> None:
    pending = photo("photo-8", state=pb.PHOTO_STATE_PENDING, filename="späť.jpg", original_version="")
    failed = photo("photo-9", state=pb.PHOTO_STATE_FAILED, reason="unreadable", original_version="")
    answer_event(world, pending, photo("photo-1"), failed)
    found = unpack(world.client.get(EVENT_PATH, headers=SIGNED))
    assert list(found) == ["IMG_1.JPG", "missing.txt"]
    *_, first, second = found["missing.txt"].decode().splitlines()
    assert (first, second) == ("späť.jpg: not read yet", "IMG_9.JPG: could not be read (unreadable)")
    assert "photo-8" not in [call.request.photo_id for call in world.services.calls if call.method == "GetPhoto"]


def test_an_unknown_size_is_fetched_and_a_deleted_photo_is_omitted(world: World) -> None:
    answer_event(world, photo("photo-1", original_bytes=0, original_version=""), photo("photo-2", original_bytes=0))
    world.answer(GetPhoto=lambda call: PhotoNotFound() if call.photo_id == "photo-2" else send_picture(call))
    assert unpack(world.client.get(EVENT_PATH, headers=SIGNED)) == {"IMG_1.JPG": PICTURES["photo-1"]}


REFUSED = [(OrganiserOnly(), 403, "organiser_only"), (EventNotFound(), 404, "event_not_found")]


@pytest.mark.parametrize("method", ["GetEvent", "ListPhotos"])
@pytest.mark.parametrize(("fault", "status", "reason"), [*REFUSED, (InvalidToken(), 401, "invalid_token")])
def test_only_organisers_can_download_an_event(world: World, method: str, fault: Any, status: int, reason: str) -> None:
    """Each service checks the permission."""
    answer_event(world)
    world.answer(**{method: fault})
    assert problem(world.client.get(EVENT_PATH, headers=SIGNED)) == (status, reason)
    assert world.client.head(EVENT_PATH, headers=SIGNED).status_code == status
    assert "GetPhoto" not in [call.method for call in world.services.calls]


def test_a_failure_before_the_archive_starts_returns_a_problem(world: World) -> None:
    assert problem(world.client.get(EVENT_PATH)) == (401, "invalid_token")
    assert problem(world.client.get("/api/events/1/photos.zip", headers=SIGNED)) == (400, "invalid_argument")
    assert problem(world.client.get(f"{EVENT_PATH}?status=failed", headers=SIGNED)) == (400, "unknown_parameter")
    answer_event(world, photo("photo-1", state=pb.PHOTO_STATE_PENDING))
    assert problem(world.client.get(EVENT_PATH, headers=SIGNED)) == (404, "photo_not_found")


def test_event_archives_share_the_limit_of_archives() -> None:
    with running_world(bounds=Bounds(archives=1)) as world:
        free = Event()
        answer_event(world)
        world.answer(GetPhoto=lambda request: free.wait(10) and send_picture(request))
        first = Thread(target=world.client.get, args=[EVENT_PATH], kwargs={"headers": SIGNED})
        first.start()
        try:
            wait_until(lambda: "GetPhoto" in world.services.running)
            for path in (EVENT_PATH, PATH):
                assert world.client.head(path, headers=SIGNED).status_code == 503
            assert world.client.get(f"/api/events/{EVENT}/photos", headers=SIGNED).status_code == 200
        finally:
            free.set()
            first.join()
