"""Photo lists in both orders and directions, filtered by state; retries of failed photos."""

import re
from uuid import UUID, uuid4

import pytest
from grpc import StatusCode
from sqlalchemy import text

from matcher_service.domain import ChangeKind, Listing, PhotoOrder, PhotoState, Role
from matcher_service.reading import Reading
from matcher_service.store.lists import COUNT_MATCHES
from protos.matcher.v1 import matcher_pb2, photo_pb2
from tests.harness.calls import raises_fault
from tests.matcher.calls import Service, request

UPLOADED, TAKEN = photo_pb2.PHOTO_ORDER_UPLOADED, photo_pb2.PHOTO_ORDER_TAKEN

# Name, capture time (None: unknown), upload time. The clock in "tokyo" shows a later local time than the one in
# "berlin".
PHOTOS = [
    ("late", "2026-06-20 23:00+00", "2026-06-21 08:00+00"),
    ("tokyo", "2026-06-20 20:00+09", "2026-06-21 08:01+00"),
    ("berlin", "2026-06-20 19:00+02", "2026-06-21 08:02+00"),
    ("unknown", None, "2026-06-20 18:00+00"),
    ("twin", "2026-06-20 23:00+00", "2026-06-21 08:03+00"),
]
BY_TIME = ["tokyo", "berlin", "unknown", "late", "twin"]
BY_UPLOAD = ["unknown", "late", "tokyo", "berlin", "twin"]
ORDERS = [(0, BY_UPLOAD), (UPLOADED, BY_UPLOAD), (TAKEN, BY_TIME)]


class Album:
    """An event with photos of different capture and upload times, and one guest who is in all of them."""

    def __init__(self, service: Service) -> None:
        self.service, self.world = service, service.world
        self.event = self.world.event()
        self.guest = self.world.join(self.event)
        self.names: dict[str, str] = {}
        ids = sorted((self.world.add(self.event, 1) for _ in PHOTOS), key=str)  # so that "twin" sorts after "late"
        service.rematch(self.event, request(self.event, self.guest, 1, 1))
        times = (
            "UPDATE matcher.photos SET taken_at = CAST(:taken AS timestamptz), created_at = :uploaded WHERE id = :id"
        )
        for photo, (name, taken, uploaded) in zip(ids, PHOTOS, strict=True):
            self.names[str(photo)] = name
            self.sql(times, taken=taken, uploaded=uploaded, id=photo)
        self.sql(
            "UPDATE matcher.matches m SET created_at = p.created_at, sorted_at = p.sorted_at FROM matcher.photos p"
            " WHERE p.id = m.photo_id"
        )

    def sql(self, statement: str, **values: object) -> None:
        with self.world.db.begin() as connection:
            connection.execute(text(statement), values)

    def fail(self, *names: str) -> None:
        photos = [photo for photo, name in self.names.items() if name in names]
        self.sql(
            "UPDATE matcher.photos SET state = 'failed', reason = 'unreadable' WHERE id = ANY(:ids)",
            ids=list(map(UUID, photos)),
        )

    def for_organiser(self, **fields: object) -> list[str]:
        by = self.service.by(self.world.organiser)
        pages, token = [], ""
        while True:
            ask = photo_pb2.ListPhotosRequest(event_id=str(self.event), page_size=2, page_token=token, **fields)  # type: ignore[arg-type]
            answer = self.service.photos.ListPhotos(ask, metadata=by)
            pages += [self.names[photo.photo_id] for photo in answer.photos]
            if not (token := answer.next_page_token):
                return pages

    def for_guest(self, in_one_event: bool, **fields: object) -> list[str]:
        event = str(self.event) if in_one_event else ""
        pages, token = [], ""
        while True:
            answer = self.service.list_matches(self.guest, event_id=event, page_size=2, page_token=token, **fields)
            pages += [self.names[match.photo_id] for match in answer.matches]
            if not (token := answer.next_page_token):
                return pages


@pytest.fixture
def album(service: Service) -> Album:
    return Album(service)


@pytest.mark.parametrize(("order", "expected"), ORDERS)
@pytest.mark.parametrize("ascending", [False, True])
def test_lists_are_sorted_by_instant_in_both_directions(
    album: Album, order: int, expected: list[str], ascending: bool
) -> None:
    expected = expected if ascending else expected[::-1]
    assert album.for_organiser(order=order, ascending=ascending) == expected
    for in_one_event in (True, False):
        assert album.for_guest(in_one_event, order=order, ascending=ascending) == expected


def test_a_page_states_the_total_number_of_photos(service: Service) -> None:
    world = service.world
    event, other, left = world.event(), world.event(), world.event()
    guest = world.join(event)
    for place in (other, left):
        world.join(place, guest)
    photos = [world.add(event, 1) for _ in range(3)]
    for place in (other, left):
        world.add(place, 1)
    world.add(event, 2)
    for place in (event, other, left):
        service.rematch(place, request(place, guest, 1, 1))

    def totals() -> tuple[int, int]:
        """Totals of the event and of all events, on every page."""
        first = service.list_matches(guest, event_id=str(event), page_size=1)
        second = service.list_matches(guest, event_id=str(event), page_size=1, page_token=first.next_page_token)
        assert len(first.matches) == len(second.matches) == 1
        assert first.total_count == second.total_count
        return first.total_count, service.list_matches(guest).total_count

    assert totals() == (3, 5)
    world.leave(left, guest)
    world.matches.refuse_match(guest, photos[0])
    assert totals() == (2, 3)
    world.change(ChangeKind.EVENT_DELETED, event_id=other)
    assert totals() == (2, 2)


@pytest.mark.usefixtures("new_databases")
def test_photos_are_counted_with_an_index_only_scan(service: Service) -> None:
    values = {"event": uuid4(), "person": uuid4()}
    with service.world.db.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in (
            "INSERT INTO matcher.events (id, closed) VALUES (:event, false)",
            "INSERT INTO matcher.memberships VALUES (:event, :person, 'guest')",
            "ALTER TABLE matcher.matches DROP CONSTRAINT matches_event_id_photo_id_fkey",
            "INSERT INTO matcher.matches (event_id, person_id, photo_id, created_at, sorted_at)"
            " SELECT :event, CASE WHEN n % 10 = 0 THEN :person ELSE gen_random_uuid() END, gen_random_uuid(), now(),"
            " now() FROM generate_series(1, 5000) n",
            "VACUUM ANALYZE matcher.matches",
        ):
            connection.execute(text(statement), values)
        explained = connection.execute(text(f"EXPLAIN {COUNT_MATCHES}"), {**values, "user": values["person"]})
        plan = "\n".join(explained.scalars())
    assert "Index Only Scan using matches" in plan, plan


def test_a_page_token_is_valid_for_one_order_and_direction(album: Album) -> None:
    by = album.service.by(album.world.organiser)
    lists = [
        {"order": order, "ascending": ascending, "state": state}
        for order in (UPLOADED, TAKEN)
        for ascending in (False, True)
        for state in (0, photo_pb2.PHOTO_STATE_INDEXED)
    ]
    for fields in lists:
        page = photo_pb2.ListPhotosRequest(event_id=str(album.event), page_size=1, **fields)
        token = album.service.photos.ListPhotos(page, metadata=by).next_page_token
        for others in lists:
            page = photo_pb2.ListPhotosRequest(event_id=str(album.event), page_size=1, page_token=token, **others)
            if others == fields:
                assert album.service.photos.ListPhotos(page, metadata=by).photos
                continue
            with raises_fault(StatusCode.INVALID_ARGUMENT, "INVALID_PAGE"):
                album.service.photos.ListPhotos(page, metadata=by)


def test_a_page_token_of_the_previous_version_is_valid_for_the_default_list() -> None:
    """Control: if the order were not part of the scope, all of these tokens would be equal."""
    listings = [
        Listing(order, ascending, state)
        for order in PhotoOrder
        for ascending in (False, True)
        for state in (None, PhotoState.FAILED)
    ]
    assert len({listing.name("photos of x") for listing in listings}) == len(listings)
    assert Listing().name("photos of x") == "photos of x"


def test_organisers_filter_photos_by_state(album: Album) -> None:
    album.fail("late", "berlin")
    pending = album.world.upload(album.event, [1], "pending").photo_id
    album.names[str(pending)] = "pending"
    failed, indexed = photo_pb2.PHOTO_STATE_FAILED, photo_pb2.PHOTO_STATE_INDEXED
    assert album.for_organiser(state=failed) == ["berlin", "late"]
    assert album.for_organiser(state=failed, order=TAKEN, ascending=True) == ["berlin", "late"]
    assert album.for_organiser(state=indexed, ascending=True) == ["unknown", "tokyo", "twin"]
    assert album.for_organiser(state=photo_pb2.PHOTO_STATE_PENDING) == ["pending"]


@pytest.mark.parametrize("fields", [{"order": 99}, {"state": photo_pb2.PHOTO_STATE_REFUSED}, {"state": 99}])
def test_an_unknown_order_or_state_is_rejected(service: Service, fields: dict[str, int]) -> None:
    event = service.world.event()
    ask = photo_pb2.ListPhotosRequest(event_id=str(event), **fields)
    with raises_fault(StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        service.photos.ListPhotos(ask, metadata=service.by(service.world.organiser))
    if "order" in fields:
        with raises_fault(StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
            service.list_matches(uuid4(), order=fields["order"])


def state_of(service: Service, event: UUID, photo: UUID) -> tuple[str, str]:
    answer = service.photos.ListPhotos(
        photo_pb2.ListPhotosRequest(event_id=str(event)), metadata=service.by(service.world.organiser)
    )
    found = next(shown for shown in answer.photos if shown.photo_id == str(photo))
    return re.sub("PHOTO_STATE_", "", photo_pb2.PhotoState.Name(found.state)), found.reason


def test_a_failed_photo_is_retried(service: Service) -> None:
    world = service.world
    event = world.event()
    by = service.by(world.organiser)
    with raises_fault(StatusCode.FAILED_PRECONDITION, "PHOTO_NOT_FAILED"):
        service.photos.RetryPhoto(photo_pb2.RetryPhotoRequest(photo_id=str(world.add(event, 1))), metadata=by)
    photo = world.upload(event, [1]).photo_id
    assert photo is not None
    assert world.make_indexer(lambda _: Reading(reason="unreadable")).step()
    retry = photo_pb2.RetryPhotoRequest(photo_id=str(photo))
    assert state_of(service, event, photo) == ("FAILED", "unreadable")
    for _ in range(2):  # repeating a call whose answer was lost changes nothing
        service.photos.RetryPhoto(retry, metadata=by)
        assert state_of(service, event, photo) == ("PENDING", "")
    world.index_all()
    assert state_of(service, event, photo) == ("INDEXED", "")


def test_only_organisers_of_the_event_retry_its_photos(service: Service) -> None:
    world = service.world
    event = world.event()
    photo = world.add(event, 1)
    guest = world.join(event)
    service.rematch(event, request(event, guest, 1, 1))
    for caller, wanted in ((guest, photo), (uuid4(), photo), (world.organiser, uuid4())):
        retry = photo_pb2.RetryPhotoRequest(photo_id=str(wanted))
        with raises_fault(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
            service.photos.RetryPhoto(retry, metadata=service.by(caller))


def test_both_order_enums_use_the_same_numbers() -> None:
    """The servicer converts between the enums by number."""
    photo, match = photo_pb2.PhotoOrder.items(), matcher_pb2.MatchOrder.items()
    assert [(name.removeprefix("PHOTO"), number) for name, number in photo] == [
        (name.removeprefix("MATCH"), number) for name, number in match
    ]


def test_counts_of_many_events_require_an_organiser_of_all_of_them(service: Service) -> None:
    world = service.world
    events = [world.event() for _ in range(3)]
    guest = world.join(events[0])
    for event in events[1:]:
        world.join(event, guest, Role.ORGANISER)
    by_organiser, by_guest = service.by(world.organiser), service.by(guest)

    def count(*asked: UUID) -> photo_pb2.GetIndexStateRequest:
        return photo_pb2.GetIndexStateRequest(event_ids=[str(event) for event in asked])

    states = service.photos.GetIndexState(count(*events), metadata=by_organiser).states
    assert [state.event_id for state in states] == [str(event) for event in events]
    assert len(service.photos.GetIndexState(count(*events[1:]), metadata=by_guest).states) == 2
    with raises_fault(StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        service.photos.GetIndexState(count(*events), metadata=by_guest)
    with raises_fault(StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        service.photos.GetIndexState(count(*events, uuid4()), metadata=by_organiser)
