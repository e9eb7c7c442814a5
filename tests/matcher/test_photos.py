"""PhotoService through its server: uploading, listing and deleting photos."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from grpc import StatusCode

from matcher_service.domain import ChangeKind, Role
from protos.matcher.v1 import photo_pb2
from tests.harness.calls import raises_fault
from tests.matcher.calls import Service, request
from tests.matcher.scripted_photos import JPEG_END, photo_of


def header(event_id: UUID, name: str = "a.jpg", replace: bool = False) -> photo_pb2.AddPhotosRequest:
    begin = photo_pb2.AddPhotoHeader(event_id=str(event_id), filename=name, replace=replace)
    return photo_pb2.AddPhotosRequest(header=begin)


def chunk(data: bytes) -> photo_pb2.AddPhotosRequest:
    return photo_pb2.AddPhotosRequest(chunk=data)


def test_an_upload_stream_returns_one_result_per_photo(service: Service) -> None:
    world = service.world
    event = world.event()
    data = photo_of([1], "streamed")
    answers = service.upload(
        world.organiser,
        header(event, "good.jpg"),
        *(chunk(data[start : start + 3]) for start in range(0, len(data), 3)),
        header(event, "bad.txt"),
        chunk(b"no image"),
        header(event, "empty.jpg"),
        header(event, "again.jpg"),
        chunk(data),
    )
    states = [(a.filename, photo_pb2.PhotoState.Name(a.state), a.reason) for a in answers]
    assert states == [
        ("good.jpg", "PHOTO_STATE_PENDING", ""),
        ("bad.txt", "PHOTO_STATE_REFUSED", "UNSUPPORTED_TYPE"),
        ("empty.jpg", "PHOTO_STATE_REFUSED", "EMPTY_IMAGE"),
        ("again.jpg", "PHOTO_STATE_PENDING", ""),
    ]
    assert answers[0].photo_id == answers[3].photo_id


def test_a_header_can_request_replacement_of_the_photo_of_the_same_name(service: Service) -> None:
    world = service.world
    event = world.event()
    upload = (header(event), chunk(photo_of([1], "1")))
    [first] = service.upload(world.organiser, *upload)
    world.index_all()
    [second] = service.upload(world.organiser, header(event, replace=True), chunk(photo_of([1], "2")))
    assert (second.photo_id, second.replacement) == (first.photo_id, photo_pb2.REPLACEMENT_REPLACED)
    listing = photo_pb2.ListPhotosRequest(event_id=str(event))
    [photo] = service.photos.ListPhotos(listing, metadata=service.by(world.organiser)).photos
    assert photo.new_version_state == photo_pb2.PHOTO_STATE_PENDING
    service.upload(world.organiser, header(event), chunk(photo_of([1], "3")))
    [third] = service.upload(world.organiser, header(event, replace=True), chunk(photo_of([1], "4")))
    assert third.replacement == photo_pb2.REPLACEMENT_AMBIGUOUS


@pytest.mark.parametrize("parts", ["chunk first", "other event", "no part", "bad id"])
def test_an_out_of_order_upload_is_rejected(service: Service, parts: str) -> None:
    world = service.world
    event, other = world.event(), world.event()
    requests = {
        "chunk first": [chunk(b"data")],
        "other event": [header(event), header(other)],
        "no part": [photo_pb2.AddPhotosRequest()],
        "bad id": [photo_pb2.AddPhotosRequest(header=photo_pb2.AddPhotoHeader(event_id="nothing"))],
    }
    with raises_fault(StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        service.upload(world.organiser, *requests[parts])


def test_more_than_a_hundred_files_are_rejected_and_the_first_hundred_are_kept(service: Service) -> None:
    world = service.world
    event = world.event()
    parts = [part for n in range(101) for part in (header(event), chunk(photo_of([1], str(n))))]
    with raises_fault(StatusCode.INVALID_ARGUMENT, "TOO_MANY_FILES"):
        service.upload(world.organiser, *parts)
    assert world.count("photos") == 100


def test_only_organisers_upload_and_only_to_open_events(service: Service) -> None:
    world = service.world
    event = world.event()
    with raises_fault(StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        service.upload(world.join(event), header(event), chunk(photo_of([1])))
    with raises_fault(StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        service.upload(uuid4(), header(event), chunk(photo_of([1])))
    world.change(ChangeKind.EVENT_UPDATED, event_id=event, closed=True)
    with raises_fault(StatusCode.FAILED_PRECONDITION, "EVENT_CLOSED"):
        service.upload(world.organiser, header(event), chunk(photo_of([1])))


def get(service: Service, user_id: UUID, photo_id: UUID, variant: int = photo_pb2.VARIANT_THUMB) -> tuple[int, bytes]:
    call: Iterator[photo_pb2.GetPhotoResponse] = service.photos.GetPhoto(
        photo_pb2.GetPhotoRequest(photo_id=str(photo_id), variant=variant),  # type: ignore[arg-type]
        metadata=service.by(user_id),
    )
    first = next(call)
    return first.header.size_bytes, b"".join(part.chunk for part in call)


def test_a_photo_is_visible_to_organisers_and_to_guests_who_are_in_it(service: Service) -> None:
    world = service.world
    event = world.event()
    inside, outside = world.join(event), world.join(event)
    photo = world.add(event, 1)
    service.rematch(event, request(event, inside, 1, 1), request(event, outside, 1, 2))
    for user in (world.organiser, inside):
        size, data = get(service, user, photo, photo_pb2.VARIANT_ORIGINAL)
        assert data.endswith(b"original" + JPEG_END)
        assert size == len(data)
    for stranger in (outside, uuid4()):
        with raises_fault(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
            get(service, stranger, photo)
    world.leave(event, inside)
    with raises_fault(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
        get(service, inside, photo)
    with raises_fault(StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        get(service, world.organiser, photo, photo_pb2.VARIANT_UNSPECIFIED)


def test_a_photo_that_has_not_been_read_is_not_shown(service: Service) -> None:
    world = service.world
    added = world.upload(world.event(), [1])
    assert added.photo_id is not None
    with raises_fault(StatusCode.FAILED_PRECONDITION, "PHOTO_NOT_READY"):
        get(service, world.organiser, added.photo_id)


def test_only_organisers_list_count_and_delete_photos(service: Service) -> None:
    world = service.world
    event = world.event()
    guest, other = world.join(event), world.join(world.event(), role=Role.ORGANISER)
    photo = world.add(event, 1, 2)
    world.upload(event, [1])
    organiser, listed = service.by(world.organiser), photo_pb2.ListPhotosRequest(event_id=str(event), page_size=1)
    page = service.photos.ListPhotos(listed, metadata=organiser)
    assert [photo_pb2.PhotoState.Name(p.state) for p in page.photos] == ["PHOTO_STATE_PENDING"]
    listed.page_token = page.next_page_token
    [indexed] = service.photos.ListPhotos(listed, metadata=organiser).photos
    assert (indexed.photo_id, indexed.face_count, indexed.width) == (str(photo), 2, 1200)
    original_bytes, _ = get(service, world.organiser, photo, photo_pb2.VARIANT_ORIGINAL)
    assert (page.photos[0].original_bytes, indexed.original_bytes) == (0, original_bytes)
    counted = photo_pb2.GetIndexStateRequest(event_ids=[str(event)])
    [state] = service.photos.GetIndexState(counted, metadata=organiser).states
    assert (state.pending_count, state.indexed_count, state.failed_count, state.face_count) == (1, 1, 0, 2)
    doomed = photo_pb2.DeletePhotoRequest(photo_id=str(photo))
    for user in (guest, other):
        with raises_fault(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
            service.photos.DeletePhoto(doomed, metadata=service.by(user))
    with raises_fault(StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        service.photos.ListPhotos(listed, metadata=service.by(guest))
    with raises_fault(StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        service.photos.ListPhotos(listed, metadata=service.by(other))
    with raises_fault(StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        service.photos.GetIndexState(counted, metadata=service.by(other))
    service.photos.DeletePhoto(doomed, metadata=organiser)
    with raises_fault(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
        service.photos.DeletePhoto(doomed, metadata=organiser)
