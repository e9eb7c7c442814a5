"""Several people of one account: each with selfies, a verdict, a revision and matches of their own."""

from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from sqlalchemy import Connection, text

from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.binding import FACES_PER_DAY
from selfie_service.domain import ChangeKind
from selfie_service.domain.people import FACES_PER_GUEST, TooManyPeople
from selfie_service.people import People
from selfie_service.store import PersonStore, changes, persons
from selfie_service.validation import Examination
from tests.service import selfie_fixtures
from tests.service.calls import refused
from tests.service.selfie_fixtures import MakeWorld
from tests.service.selfie_scripted import DONE, FAILED, answer_with
from tests.service.selfie_world import World, face

make_world = selfie_fixtures.make_world
world = selfie_fixtures.world
guest = selfie_fixtures.guest

ME, MIA = face(1, 1), face(2, 1)
NOT_FOUND = (grpc.StatusCode.NOT_FOUND, "PERSON_NOT_FOUND")


def send(world: World, user: UUID, encoding: bytes, person: str = "") -> pb.RejectReason:
    world.upload(user, f"{person} {encoding!r}", person_id=person)
    assert world.validate(lambda _: Examination(None, encoding))
    return world.state(user, person).reject_reason


def sent(world: World, event: UUID) -> dict[str, bytes]:
    """The last face sent of each person in an event; empty: forget them."""
    world.rematch()
    return {request.user_id: face_of(request) for request in world.matcher.requests if request.event_id == str(event)}


def face_of(request: Any) -> bytes:
    sizes = [(number, size) for number, size in enumerate(request.encoding) if size]
    return face(*sizes[0]) if sizes else b""


def test_each_person_has_a_face_of_their_own(world: World) -> None:
    event = world.event()
    user = world.guest(event)
    mia = world.add_person(user)
    assert send(world, user, ME) == send(world, user, MIA, mia) == 0
    assert sent(world, event) == {str(user): ME, mia: MIA}
    assert {request.user_id: request.account_id for request in world.matcher.requests} == {
        str(user): "",
        mia: str(user),
    }
    assert send(world, user, ME, mia) == pb.REJECT_REASON_DIFFERENT_PERSON
    assert world.state(user).selfie_state == pb.SELFIE_STATE_ACTIVE


def test_a_matcher_of_the_previous_version_mixes_nobody_up(world: World) -> None:
    """It knows nothing of accounts and reports that the person is no member; later it is asked again."""
    event = world.event()
    user = world.guest(event)
    world.matcher.answer = answer_with(FAILED, reason="EVENT_NOT_FOUND")
    mia = world.add_person(user)
    send(world, user, MIA, mia)
    assert sent(world, event) == {mia: MIA}
    assert world.state(user, mia).events[0].state == pb.REMATCH_STATE_FAILED
    world.matcher.answer = answer_with(DONE, matched_count=2)
    world.end_backoff()
    world.rematch()
    assert world.state(user, mia).events[0].matched_count == 2


def test_a_client_that_names_nobody_means_the_first_person(world: World, guest: UUID) -> None:
    world.add_person(guest)
    send(world, guest, ME)
    assert world.get(guest).selfie_id == world.get(guest, str(guest)).selfie_id
    assert world.state(guest).selfie_id == world.state(guest, str(guest)).selfie_id


def test_people_are_listed_with_their_selfies(world: World, guest: UUID) -> None:
    mia = world.add_person(guest, "Mia")
    send(world, guest, ME)
    listed = world.list_people(guest)
    assert [(one.person_id, one.name, one.selfie, one.active_count) for one in listed.people] == [
        (str(guest), "", pb.GUEST_SELFIE_ACCEPTED, 1),
        (mia, "Mia", pb.GUEST_SELFIE_NONE, 0),
    ]
    assert listed.free_count == FACES_PER_GUEST - 1


def test_an_account_that_nobody_has_told_of_has_a_first_person(world: World) -> None:
    user = uuid4()
    assert [one.person_id for one in world.list_people(user).people] == [str(user)]


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 41])
def test_a_name_is_checked(world: World, guest: UUID, name: str) -> None:
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_NAME"):
        world.add_person(guest, name)


@pytest.mark.parametrize("consent", ["", "é", "x" * 33])
def test_nobody_is_added_without_consent(world: World, guest: UUID, consent: str) -> None:
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "CONSENT_REQUIRED"):
        world.add_person(guest, consent=consent)
    assert world.count("people") == 1


def test_the_consent_is_kept_with_its_version_and_time(world: World, guest: UUID) -> None:
    mia = world.add_person(guest, consent="2026-11")
    row = world.row("SELECT consent_version, created_at FROM selfie.people WHERE person_id = :mia", mia=mia)
    assert row.consent_version == "2026-11"
    assert row.created_at


def test_a_person_is_renamed(world: World, guest: UUID) -> None:
    mia = world.add_person(guest)
    request = pb.RenamePersonRequest(person_id=mia, name=" Mia Rose ")
    world.stub.RenamePerson(request, metadata=world.as_user(guest))
    assert world.list_people(guest).people[1].name == "Mia Rose"


def test_the_first_person_is_neither_renamed_nor_deleted(world: World, guest: UUID) -> None:
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "FIRST_PERSON"):
        world.delete_person(guest, str(guest))
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "FIRST_PERSON"):
        request = pb.RenamePersonRequest(person_id=str(guest), name="Me")
        world.stub.RenamePerson(request, metadata=world.as_user(guest))


def test_there_are_so_many_and_no_more(world: World, guest: UUID) -> None:
    people = [world.add_person(guest, f"child {number}") for number in range(FACES_PER_GUEST)]
    assert world.list_people(guest).free_count == 0
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "TOO_MANY_PEOPLE"):
        world.add_person(guest)
    world.delete_person(guest, people[0])
    assert world.add_person(guest)


def test_a_repeated_request_adds_one_person(world: World, guest: UUID) -> None:
    request_id = str(uuid4())
    assert world.add_person(guest, request_id=request_id) == world.add_person(guest, request_id=request_id)
    assert world.count("people") == 2


def start_over(world: World) -> list[pb.RejectReason]:
    """The verdicts about people who are added, looked for and deleted one after the other."""
    user = world.guest(world.event())
    verdicts = []
    for number in range(FACES_PER_DAY + 1):
        person = world.add_person(user)
        verdicts.append(send(world, user, face(number, 1), person))
        world.delete_person(user, person)
        world.rematch()
        world.people_store.purge()
    return verdicts


def test_deleting_a_person_does_not_reduce_the_faces_of_the_day(world: World) -> None:
    assert start_over(world) == [0] * FACES_PER_DAY + [pb.REJECT_REASON_TOO_MANY_FACES]


def test_control_deleting_what_is_counted_would(make_world: MakeWorld) -> None:
    class Forgetful(PersonStore):
        def delete_person(self, user_id: UUID, person_id: UUID) -> None:
            super().delete_person(user_id, person_id)
            with self._engine.begin() as connection:
                connection.execute(text("DELETE FROM selfie.bindings"))

    assert start_over(make_world(person_store=Forgetful)) == [0] * (FACES_PER_DAY + 1)


def delete_mia(world: World) -> tuple[UUID, UUID, str]:
    """The event, its guest, and a person who had a selfie, was matched and is deleted."""
    event = world.event()
    user = world.guest(event)
    mia = world.add_person(user)
    send(world, user, ME)
    send(world, user, MIA, mia)
    world.rematch()
    world.delete_person(user, mia)
    return event, user, mia


def test_a_deleted_person_is_forgotten_in_every_event_and_the_others_stay(world: World) -> None:
    event, user, mia = delete_mia(world)
    assert [one.person_id for one in world.list_people(user).people] == [str(user)]
    assert sent(world, event) == {str(user): ME, mia: b""}
    world.people_store.purge()
    assert world.row("SELECT array_agg(person_id) AS people FROM selfie.people").people == [user]
    world.sweep()
    assert len(world.files()) == 1


def test_a_deleted_person_stays_until_the_matcher_has_forgotten_them(world: World) -> None:
    delete_mia(world)
    world.people_store.purge()
    row = world.row("SELECT name, consent_version, bound_encoding FROM selfie.people WHERE deleted_at IS NOT NULL")
    assert (row.name, row.consent_version, row.bound_encoding) == ("", None, None)


def test_control_deleted_at_once_they_would_stay_in_the_matcher(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def erase(connection: Connection, person_id: UUID) -> None:
        connection.execute(text("DELETE FROM selfie.enrolments WHERE person_id = :id"), {"id": person_id})

    monkeypatch.setattr(persons, "erase_selfies", erase)
    event, _, mia = delete_mia(world)
    assert sent(world, event)[mia] == MIA


def test_deleting_twice_is_no_fault(world: World) -> None:
    _, user, mia = delete_mia(world)
    world.delete_person(user, mia)


def test_a_verdict_that_comes_after_the_deletion_changes_nothing(world: World) -> None:
    event = world.event()
    user = world.guest(event)
    mia = world.add_person(user)
    world.upload(user, "mia", person_id=mia)
    job = world.selfies.claim(30)
    assert job
    world.delete_person(user, mia)
    assert not world.selfies.accept(job, MIA, None).in_time
    assert sent(world, event).get(mia, b"") == b""


@pytest.mark.parametrize("is_deleted", [True, False])
def test_a_person_who_is_gone_or_of_another_account_is_not_found(world: World, guest: UUID, is_deleted: bool) -> None:
    """One answer for both: it tells nothing of people of other accounts."""
    other = world.guest(world.event())
    mia = world.add_person(guest)
    send(world, guest, MIA, mia)
    asking = guest if is_deleted else other
    if is_deleted:
        world.delete_person(guest, mia)
    for call in (
        lambda: world.upload(asking, person_id=mia),
        lambda: world.get(asking, mia),
        lambda: world.state(asking, mia),
        lambda: world.delete(asking, mia),
        lambda: world.start_rematch(asking, mia),
        lambda: world.stub.RenamePerson(
            pb.RenamePersonRequest(person_id=mia, name="Ida"), metadata=world.as_user(asking)
        ),
    ):
        with refused(*NOT_FOUND):
            call()
    world.delete_person(asking, mia)
    if not is_deleted:
        assert world.state(guest, mia).active_count == 1


class Trusting(PersonStore):
    """A broken twin: takes any person for one of the caller's."""

    def has_person(self, user_id: UUID, person_id: UUID) -> bool:
        return True


def test_control_without_the_check_others_could_delete_a_selfie(make_world: MakeWorld) -> None:
    world = make_world(person_store=Trusting)
    owner, other = world.guest(world.event()), world.guest(world.event())
    mia = world.add_person(owner)
    send(world, owner, MIA, mia)
    world.delete(other, mia)
    assert world.state(owner, mia).active_count == 0


def test_an_upload_for_a_person_deleted_meanwhile_is_refused(world: World, guest: UUID) -> None:
    """The store itself checks under the person's lock."""
    mia = world.add_person(guest)
    world.people.require = lambda user_id, person_id: UUID(mia)  # type: ignore[method-assign]
    world.delete_person(guest, mia)
    with refused(grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
        world.upload(guest, person_id=mia)
    assert world.count("selfies") == 0


def test_everybody_is_matched_in_an_event_that_is_joined_later(world: World) -> None:
    user = world.guest(world.event())
    mia = world.add_person(user)
    send(world, user, ME)
    send(world, user, MIA, mia)
    later = world.event()
    world.tell(ChangeKind.JOINED, event_id=later, user_id=user)
    world.follower.catch_up()
    assert sent(world, later) == {str(user): ME, mia: MIA}


def test_control_enrolling_the_first_person_only_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def lock_first(connection: Connection, user_id: UUID) -> dict[UUID, int]:
        return {user_id: 1}

    monkeypatch.setattr(changes, "lock_people", lock_first)
    user = world.guest(world.event())
    mia = world.add_person(user)
    send(world, user, MIA, mia)
    later = world.event()
    world.tell(ChangeKind.JOINED, event_id=later, user_id=user)
    world.follower.catch_up()
    assert mia not in sent(world, later)


def test_a_deleted_person_is_enrolled_nowhere(world: World) -> None:
    _, user, mia = delete_mia(world)
    later = world.event()
    world.tell(ChangeKind.JOINED, event_id=later, user_id=user)
    world.follower.catch_up()
    assert mia not in sent(world, later)


def test_with_the_last_event_every_face_of_the_account_goes(world: World) -> None:
    event = world.event()
    user = world.guest(event)
    mia = world.add_person(user)
    send(world, user, ME)
    send(world, user, MIA, mia)
    world.tell(ChangeKind.LEFT, event_id=event, user_id=user, last_membership=True)
    world.follower.catch_up()
    kept = (
        "SELECT (SELECT count(encoding) FROM selfie.selfies) + (SELECT count(bound_encoding) FROM selfie.people) AS n"
    )
    assert world.row(kept).n == 0
    assert world.count("enrolments") == 0
    world.sweep()
    assert not world.files()


def test_an_erased_account_leaves_nobody(world: World) -> None:
    user = world.guest(world.event())
    mia = world.add_person(user)
    send(world, user, MIA, mia)
    world.tell(ChangeKind.USER_ERASED, user_id=user)
    world.follower.catch_up()
    assert [world.count(table) for table in ("people", "selfies", "enrolments", "bindings")] == [0] * 4
    world.sweep()
    assert not world.files()
    with refused(grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
        world.add_person(user)


def test_a_person_is_searched_only_where_the_account_is(world: World) -> None:
    searched, other = world.event(), world.event()
    user = world.guest(searched)
    world.tell(ChangeKind.JOINED, event_id=other, user_id=user, without_search=True)
    world.follower.catch_up()
    mia = world.add_person(user)
    send(world, user, MIA, mia)
    assert sent(world, searched) == {mia: MIA}
    assert sent(world, other) == {}


def test_a_closed_event_takes_no_face_of_a_new_person(world: World) -> None:
    closed, still_open = world.event(), world.event()
    user = world.guest(closed, still_open)
    mia = world.add_person(user)
    world.tell(ChangeKind.EVENT_UPDATED, event_id=closed, closed=True)
    world.follower.catch_up()
    send(world, user, MIA, mia)
    assert sent(world, closed) == {}
    assert sent(world, still_open) == {mia: MIA}


def look_for_mia(world: World) -> tuple[UUID, UUID, str]:
    """An event, its guest, and a person who was matched there."""
    event = world.event()
    user = world.guest(event)
    mia = world.add_person(user)
    send(world, user, MIA, mia)
    world.rematch()
    return event, user, mia


def test_a_worker_of_the_previous_version_names_nobody_whom_the_matcher_knows(world: World) -> None:
    """It sends `user_id` of the row that it claims."""
    event, user, mia = look_for_mia(world)
    rows = "SELECT person_id, user_id FROM selfie.enrolments WHERE event_id = :event"
    with world.db.connect() as connection:
        sent_by_it = {row.person_id: row.user_id for row in connection.execute(text(rows), {"event": event})}
    assert sent_by_it == {user: user, UUID(mia): UUID(mia)}


def test_who_was_not_enrolled_by_a_process_of_the_previous_version_is_enrolled_later(world: World) -> None:
    _, user, mia = look_for_mia(world)
    later = world.event()
    world.tell(ChangeKind.JOINED, event_id=later, user_id=user)
    world.follower.catch_up()
    world.execute(f"DELETE FROM selfie.enrolments WHERE event_id = '{later}' AND person_id = '{mia}'")
    assert mia not in sent(world, later)
    world.people_store.tidy()
    assert sent(world, later)[mia] == MIA
    before = len(world.matcher.requests)
    world.people_store.tidy()
    world.rematch()
    assert len(world.matcher.requests) == before


def test_who_left_before_a_process_of_the_previous_version_is_matched_again_after_a_return(world: World) -> None:
    event, user, mia = look_for_mia(world)
    world.execute(f"DELETE FROM selfie.enrolments WHERE event_id = '{event}' AND person_id = '{user}'")
    world.matcher.requests.clear()
    world.tell(ChangeKind.JOINED, event_id=event, user_id=user)
    world.follower.catch_up()
    assert sent(world, event)[mia] == MIA


def test_the_events_of_all_people_of_an_account_are_queued_one_after_the_other(world: World) -> None:
    _, user, mia = look_for_mia(world)
    send(world, user, ME)
    world.rematch()
    joined = world.event()
    world.tell(ChangeKind.JOINED, event_id=joined, user_id=user)
    world.follower.catch_up()
    query = "SELECT count(DISTINCT turn_at) AS n FROM selfie.enrolments WHERE event_id = :event"
    assert world.row(query, event=joined).n == 2
    assert set(sent(world, joined)) == {str(user), mia}


def test_where_the_setting_is_0_nobody_else_is_looked_for(world: World, guest: UUID) -> None:
    people = People(world.people_store, 0)
    assert people.list_people(guest)[1] == 0
    with pytest.raises(TooManyPeople):
        people.add_person(guest, None, "Mia", "1")
