"""MatcherService and PhotoService through their servers: who may call, what is streamed, how it is refused."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import grpc
import numpy as np
import pytest
from grpc import StatusCode
from sqlalchemy import Engine

from kit.errors import DatabaseUnavailable
from kit.identity import Signer
from matcher_service.__main__ import registrations
from matcher_service.domain import ChangeKind, Role
from protos.matcher.v1 import matcher_pb2 as pb
from protos.matcher.v1 import matcher_pb2_grpc, photo_pb2, photo_pb2_grpc
from tests.service.calls import Metadata, as_user, bearer, refused
from tests.service.matcher_world import World, person, photo_of


class Service:
    """The two services behind one server, and who calls them."""

    def __init__(self, world: World, channel: grpc.Channel, signer: Callable[[str], Signer]) -> None:
        self.world = world
        self.matcher = matcher_pb2_grpc.MatcherServiceStub(channel)
        self.photos = photo_pb2_grpc.PhotoServiceStub(channel)
        self._signer = signer

    def by(self, user_id: UUID) -> Metadata:
        return as_user(self._signer("auth"), user_id)

    def by_selfie(self, event_id: UUID) -> Metadata:
        return bearer(self._signer("selfie").sign_service(), x_event_id=str(event_id))

    def rematch(self, event_id: UUID, *requests: pb.RematchRequest) -> list[pb.RematchResponse]:
        return list(self.matcher.Rematch(iter(requests), metadata=self.by_selfie(event_id), timeout=10))

    def upload(self, user_id: UUID, *parts: photo_pb2.AddPhotosRequest) -> list[photo_pb2.AddedPhoto]:
        answer = self.photos.AddPhotos(iter(parts), metadata=self.by(user_id), timeout=10)
        return list(answer.photos)

    def list_matches(self, user_id: UUID, **fields: object) -> pb.ListMatchesResponse:
        answer: pb.ListMatchesResponse = self.matcher.ListMatches(
            pb.ListMatchesRequest(**fields),  # type: ignore[arg-type]
            metadata=self.by(user_id),
        )
        return answer


@pytest.fixture
def service(
    make_db: Callable[[str], Engine],
    tmp_path: Path,
    serve: Callable[..., grpc.Channel],
    signer: Callable[[str], Signer],
) -> Service:
    world = World(make_db("matcher"), tmp_path / "blobs")
    return Service(world, serve(*registrations(world.matches, world.photos)), signer)


def request(event_id: UUID, user_id: UUID, revision: int, who: int | None, name: str = "r") -> pb.RematchRequest:
    encoding = [] if who is None else np.frombuffer(person(who), dtype="<f4")
    return pb.RematchRequest(
        rematch_id=name, user_id=str(user_id), event_id=str(event_id), revision=revision, encoding=encoding
    )


def header(event_id: UUID, name: str = "a.jpg") -> photo_pb2.AddPhotosRequest:
    return photo_pb2.AddPhotosRequest(header=photo_pb2.AddPhotoHeader(event_id=str(event_id), filename=name))


def chunk(data: bytes) -> photo_pb2.AddPhotosRequest:
    return photo_pb2.AddPhotosRequest(chunk=data)


def test_a_stream_of_rematches_answers_each_with_snapshots_in_full(service: Service) -> None:
    world = service.world
    event = world.event()
    ann, bob = world.join(event), world.join(event)
    world.add(event, 1, 2)
    world.add(event, 1)
    answers = service.rematch(event, request(event, ann, 1, 1, "ann"), request(event, bob, 1, 2, "bob"))
    told = [(a.rematch_id, pb.RematchState.Name(a.state)[14:], a.compared_count, a.matched_count) for a in answers]
    assert told == [
        ("ann", "ACCEPTED", 0, 0),
        ("ann", "RUNNING", 0, 0),
        ("ann", "DONE", 3, 2),
        ("bob", "ACCEPTED", 0, 0),
        ("bob", "RUNNING", 0, 0),
        ("bob", "DONE", 3, 1),
    ]


def test_a_fault_of_one_rematch_is_a_message_and_not_the_end_of_the_stream(service: Service) -> None:
    world = service.world
    event = world.event()
    ann = world.join(event)
    world.add(event, 1)
    answers = service.rematch(event, request(event, uuid4(), 1, 1, "stranger"), request(event, ann, 1, 1, "ann"))
    last = {a.rematch_id: (pb.RematchState.Name(a.state), a.reason) for a in answers}
    assert last["stranger"] == ("REMATCH_STATE_FAILED", "EVENT_NOT_FOUND")
    assert last["ann"] == ("REMATCH_STATE_DONE", "")


@pytest.mark.parametrize("spoil", ["encoding", "nan", "event", "user", "revision"])
def test_a_malformed_rematch_ends_the_stream(service: Service, spoil: str) -> None:
    event = service.world.event()
    bad = request(event, service.world.join(event), 1, 1)
    match spoil:
        case "encoding":
            bad.encoding.append(1.0)
        case "nan":
            bad.encoding[0] = float("nan")
        case "event":
            bad.event_id = str(uuid4())
        case "user":
            bad.user_id = "nobody"
        case "revision":
            bad.revision = 0
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        service.rematch(event, bad)


def test_only_selfie_service_may_ask_for_a_rematch(service: Service, signer: Callable[[str], Signer]) -> None:
    event = service.world.event()
    for metadata in (service.by(service.world.organiser), bearer(signer("matcher").sign_service())):
        with refused(StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
            list(service.matcher.Rematch(iter([]), metadata=metadata))
    with refused(StatusCode.UNAUTHENTICATED, "INVALID_TOKEN"):
        list(service.matcher.Rematch(iter([]), metadata=[("x-event-id", str(event))]))


def test_matches_come_in_pages_newest_first(service: Service) -> None:
    world = service.world
    event = world.event()
    guest = world.join(event)
    photos = [world.add(event, 1) for _ in range(5)]
    service.rematch(event, request(event, guest, 1, 1))
    shown, token = [], ""
    for _ in range(3):
        page = service.list_matches(guest, page_size=2, page_token=token)
        shown += [match.photo_id for match in page.matches]
        token = page.next_page_token
    assert shown == [str(photo) for photo in reversed(photos)]
    assert token == ""


@pytest.mark.parametrize(
    "fields", [{"page_size": -1}, {"page_size": 201}, {"page_token": "nonsense"}, {"page_token": "e30"}]
)
def test_a_page_out_of_range_is_refused(service: Service, fields: dict[str, object]) -> None:
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_PAGE"):
        service.list_matches(uuid4(), **fields)


def test_the_page_token_of_another_guest_is_refused(service: Service) -> None:
    world = service.world
    event = world.event()
    ann, bob = world.join(event), world.join(event)
    for _ in range(2):
        world.add(event, 1)
    service.rematch(event, request(event, ann, 1, 1))
    token = service.list_matches(ann, page_size=1).next_page_token
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_PAGE"):
        service.list_matches(bob, page_token=token)


def test_photos_are_streamed_in_and_each_answers_for_itself(service: Service) -> None:
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


@pytest.mark.parametrize("parts", ["chunk first", "other event", "no part", "bad id"])
def test_an_upload_out_of_order_is_refused(service: Service, parts: str) -> None:
    world = service.world
    event, other = world.event(), world.event()
    requests = {
        "chunk first": [chunk(b"data")],
        "other event": [header(event), header(other)],
        "no part": [photo_pb2.AddPhotosRequest()],
        "bad id": [photo_pb2.AddPhotosRequest(header=photo_pb2.AddPhotoHeader(event_id="nothing"))],
    }
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        service.upload(world.organiser, *requests[parts])


def test_more_than_a_hundred_files_are_refused_and_the_hundred_are_kept(service: Service) -> None:
    world = service.world
    event = world.event()
    parts = [part for n in range(101) for part in (header(event), chunk(photo_of([1], str(n))))]
    with refused(StatusCode.INVALID_ARGUMENT, "TOO_MANY_FILES"):
        service.upload(world.organiser, *parts)
    assert world.count("photos") == 100


def test_only_organisers_upload_and_only_while_the_event_is_open(service: Service) -> None:
    world = service.world
    event = world.event()
    with refused(StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        service.upload(world.join(event), header(event), chunk(photo_of([1])))
    with refused(StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        service.upload(uuid4(), header(event), chunk(photo_of([1])))
    world.change(ChangeKind.EVENT_UPDATED, event_id=event, closed=True)
    with refused(StatusCode.FAILED_PRECONDITION, "EVENT_CLOSED"):
        service.upload(world.organiser, header(event), chunk(photo_of([1])))


def get(service: Service, user_id: UUID, photo_id: UUID, variant: int = photo_pb2.VARIANT_THUMB) -> tuple[int, bytes]:
    call: Iterator[photo_pb2.GetPhotoResponse] = service.photos.GetPhoto(
        photo_pb2.GetPhotoRequest(photo_id=str(photo_id), variant=variant),  # type: ignore[arg-type]
        metadata=service.by(user_id),
    )
    first = next(call)
    return first.header.size_bytes, b"".join(part.chunk for part in call)


def test_a_photo_is_seen_by_organisers_and_by_guests_who_are_in_it(service: Service) -> None:
    world = service.world
    event = world.event()
    inside, outside = world.join(event), world.join(event)
    photo = world.add(event, 1)
    service.rematch(event, request(event, inside, 1, 1), request(event, outside, 1, 2))
    for user in (world.organiser, inside):
        size, data = get(service, user, photo, photo_pb2.VARIANT_ORIGINAL)
        assert data.endswith(b"original")
        assert size == len(data)
    for stranger in (outside, uuid4()):
        with refused(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
            get(service, stranger, photo)
    world.leave(event, inside)
    with refused(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
        get(service, inside, photo)
    with refused(StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        get(service, world.organiser, photo, photo_pb2.VARIANT_UNSPECIFIED)


def test_a_photo_that_is_not_read_yet_is_not_shown(service: Service) -> None:
    world = service.world
    added = world.upload(world.event(), [1])
    assert added.photo_id is not None
    with refused(StatusCode.FAILED_PRECONDITION, "PHOTO_NOT_READY"):
        get(service, world.organiser, added.photo_id)


def test_organisers_list_count_and_delete_photos_and_nobody_else_does(service: Service) -> None:
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
    counted = photo_pb2.GetIndexStateRequest(event_ids=[str(event)])
    [state] = service.photos.GetIndexState(counted, metadata=organiser).states
    assert (state.pending_count, state.indexed_count, state.failed_count, state.face_count) == (1, 1, 0, 2)
    doomed = photo_pb2.DeletePhotoRequest(photo_id=str(photo))
    for user in (guest, other):
        with refused(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
            service.photos.DeletePhoto(doomed, metadata=service.by(user))
    with refused(StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        service.photos.ListPhotos(listed, metadata=service.by(guest))
    with refused(StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        service.photos.ListPhotos(listed, metadata=service.by(other))
    with refused(StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        service.photos.GetIndexState(counted, metadata=service.by(other))
    service.photos.DeletePhoto(doomed, metadata=organiser)
    with refused(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
        service.photos.DeletePhoto(doomed, metadata=organiser)


def test_a_database_that_is_away_is_unavailable_and_not_a_failed_rematch(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = service.world
    event = world.event()
    guest = world.join(event)

    def away(*_: object) -> None:
        raise DatabaseUnavailable

    monkeypatch.setattr(world.match_store, "publish", away)
    with refused(StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE"):
        service.rematch(event, request(event, guest, 1, 1))
