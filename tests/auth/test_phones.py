"""Phones that several guests join an event with: what is stored, and what organisers see."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from auth_service.marks import MAX_MARK_LENGTH, PhoneMarks
from auth_service.service.anomalies import GUESTS_OF_ONE_PHONE
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, Person, register_form
from tests.harness.calls import bearer
from tests.harness.migrations import downgrade, upgrade

MARK = "0123456789abcdef0123456789abcdef"


def join(scene: AuthScene, event: pb.Event, mark: str = MARK) -> Person:
    answer = scene.stub.CreateGuest(pb.CreateGuestRequest(event_code=event.event_code, phone_mark=mark))
    return Person(answer.user_id, "", bearer(answer.tokens.access_token), answer.tokens)


def shared(scene: AuthScene, event: pb.Event, organiser: Person) -> list[list[str]]:
    request = pb.ListSharedPhonesRequest(event_id=event.event_id)
    phones = scene.stub.ListSharedPhones(request, metadata=organiser.metadata).phones
    return [[guest.user_id for guest in phone.guests] for phone in phones]


def test_a_phone_is_reported_once_enough_guests_share_it(scene: AuthScene) -> None:
    event = scene.event(olga := scene.organiser())
    guests = [join(scene, event).user_id for _ in range(GUESTS_OF_ONE_PHONE - 1)]
    for other in range(GUESTS_OF_ONE_PHONE):
        join(scene, event, f"another phone {other}")
        scene.visitor(event)  # without a mark
    assert shared(scene, event, olga) == []
    guests.append(join(scene, event).user_id)
    assert shared(scene, event, olga) == [guests]


def test_every_way_of_joining_counts_including_waiting_guests(scene: AuthScene) -> None:
    event, other = scene.event(olga := scene.organiser()), scene.event(scene.organiser("otto"), "Another")
    guests = [join(scene, event).user_id for _ in range(GUESTS_OF_ONE_PHONE - 2)]
    scene.admission(event, olga)
    hans = scene.guest(other, "hans")
    request = pb.JoinEventRequest(event_code=event.event_code, phone_mark=MARK)
    assert scene.stub.JoinEvent(request, metadata=hans.metadata).waiting
    registered = scene.stub.Register(register_form(event, "gina", phone_mark=MARK))
    assert shared(scene, event, olga) == [[*guests, hans.user_id, registered.user_id]]


def test_guests_of_other_events_are_not_counted(scene: AuthScene) -> None:
    olga = scene.organiser()
    first, second = scene.event(olga), scene.event(olga, "Another")
    for place in range(GUESTS_OF_ONE_PHONE):
        join(scene, first if place % 2 else second)
    assert shared(scene, first, olga) == shared(scene, second, olga) == []


def test_leaving_deletes_the_phone_mark(scene: AuthScene) -> None:
    event = scene.event(olga := scene.organiser())
    guests = [join(scene, event) for _ in range(GUESTS_OF_ONE_PHONE)]
    scene.stub.LeaveEvent(pb.LeaveEventRequest(event_id=event.event_id), metadata=guests[0].metadata)
    assert shared(scene, event, olga) == []
    assert len(marks(scene)) == GUESTS_OF_ONE_PHONE - 1
    for guest in guests[1:]:
        scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=guest.metadata)
    assert marks(scene) == []


def marks(scene: AuthScene) -> list[bytes]:
    rows = scene.sql("SELECT phone_hash FROM auth.memberships WHERE phone_hash IS NOT NULL")
    return [bytes(row.phone_hash) for row in rows]


def test_the_stored_hash_hides_the_mark_and_differs_between_events(scene: AuthScene) -> None:
    olga = scene.organiser()
    for name in ("One", "Another"):
        join(scene, scene.event(olga, name))
    one, another = marks(scene)
    assert one != another
    assert all(MARK.encode() not in kept and bytes.fromhex(MARK) not in kept for kept in (one, another))


@pytest.mark.parametrize("mark", ["", "x" * (MAX_MARK_LENGTH + 1)])
def test_an_empty_or_too_long_mark_is_ignored(scene: AuthScene, mark: str) -> None:
    event = scene.event(olga := scene.organiser())
    for _ in range(GUESTS_OF_ONE_PHONE):
        join(scene, event, mark)
    assert shared(scene, event, olga) == []


def test_the_hash_depends_on_the_key() -> None:
    event = UUID(int=7)
    one, same, other = (PhoneMarks(key).hash(event, MARK) for key in (b"key", b"key", b"another"))
    assert one == same != other


BEFORE = (
    "INSERT INTO auth.users (id) VALUES (:user)",
    "INSERT INTO auth.events (id, name, code) VALUES (:event, 'E', 'CODE0001')",
    "INSERT INTO auth.memberships (event_id, user_id, role) VALUES (:event, :user, 'guest')",
)


def test_memberships_of_the_previous_version_have_no_phone_hash(make_db: Callable[[str], Engine]) -> None:
    db = make_db("auth")
    downgrade(db, "auth", "0009")
    ids = {"event": uuid4(), "user": uuid4()}
    with db.begin() as connection:
        for statement in BEFORE:
            connection.execute(text(statement), ids)
    upgrade(db, "auth")
    with db.begin() as connection:
        assert connection.execute(text("SELECT phone_hash FROM auth.memberships")).scalar_one() is None
