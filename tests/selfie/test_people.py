"""Several people per account: each has their own selfies, verdicts, revisions and matches."""

from uuid import UUID, uuid4

import grpc
import pytest
from sqlalchemy import Connection, text

from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.binding import FACES_PER_DAY
from selfie_service.domain.people import FACES_PER_GUEST, TooManyPeople
from selfie_service.people import People
from selfie_service.store import PersonStore, erasing
from tests.harness.calls import raises_fault
from tests.selfie.people import ME, MIA, delete_mia, send, sent
from tests.selfie.world import MakeWorld, World, face

NOT_FOUND = (grpc.StatusCode.NOT_FOUND, "PERSON_NOT_FOUND")


def test_each_person_has_their_own_face(world: World) -> None:
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


def test_a_client_that_names_no_person_means_the_first(world: World, guest: UUID) -> None:
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


def test_an_account_not_in_the_feed_yet_has_a_first_person(world: World) -> None:
    user = uuid4()
    assert [one.person_id for one in world.list_people(user).people] == [str(user)]


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 41])
def test_a_name_is_validated(world: World, guest: UUID, name: str) -> None:
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_NAME"):
        world.add_person(guest, name)


@pytest.mark.parametrize("consent", ["", "é", "x" * 33])
def test_a_person_is_added_only_with_consent(world: World, guest: UUID, consent: str) -> None:
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "CONSENT_REQUIRED"):
        world.add_person(guest, consent=consent)
    assert world.count("people") == 1


def test_consent_is_stored_with_its_version_and_time(world: World, guest: UUID) -> None:
    mia = world.add_person(guest, consent="2026-11")
    row = world.row("SELECT consent_version, created_at FROM selfie.people WHERE person_id = :mia", mia=mia)
    assert row.consent_version == "2026-11"
    assert row.created_at


def test_a_person_can_be_renamed(world: World, guest: UUID) -> None:
    mia = world.add_person(guest)
    request = pb.RenamePersonRequest(person_id=mia, name=" Mia Rose ")
    world.stub.RenamePerson(request, metadata=world.as_user(guest))
    assert world.list_people(guest).people[1].name == "Mia Rose"


def test_the_first_person_can_be_neither_renamed_nor_deleted(world: World, guest: UUID) -> None:
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "FIRST_PERSON"):
        world.delete_person(guest, str(guest))
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "FIRST_PERSON"):
        request = pb.RenamePersonRequest(person_id=str(guest), name="Me")
        world.stub.RenamePerson(request, metadata=world.as_user(guest))


def test_the_number_of_people_is_limited(world: World, guest: UUID) -> None:
    people = [world.add_person(guest, f"child {number}") for number in range(FACES_PER_GUEST)]
    assert world.list_people(guest).free_count == 0
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "TOO_MANY_PEOPLE"):
        world.add_person(guest)
    world.delete_person(guest, people[0])
    assert world.add_person(guest)


def test_a_repeated_request_adds_one_person(world: World, guest: UUID) -> None:
    request_id = str(uuid4())
    assert world.add_person(guest, request_id=request_id) == world.add_person(guest, request_id=request_id)
    assert world.count("people") == 2


def start_over(world: World) -> list[pb.RejectReason]:
    """The verdicts on people who are added, searched for and deleted one after the other."""
    user = world.guest(world.event())
    verdicts = []
    for number in range(FACES_PER_DAY + 1):
        person = world.add_person(user)
        verdicts.append(send(world, user, face(number, 1), person))
        world.delete_person(user, person)
        world.rematch()
        world.people_store.purge()
    return verdicts


def test_deleting_a_person_does_not_reduce_the_daily_count_of_faces(world: World) -> None:
    assert start_over(world) == [0] * FACES_PER_DAY + [pb.REJECT_REASON_TOO_MANY_FACES]


def test_control_if_counts_were_deleted_with_the_person_it_would(make_world: MakeWorld) -> None:
    class Forgetful(PersonStore):
        def delete_person(self, user_id: UUID, person_id: UUID) -> None:
            super().delete_person(user_id, person_id)
            with self._engine.begin() as connection:
                connection.execute(text("DELETE FROM selfie.bindings"))

    assert start_over(make_world(person_store=Forgetful)) == [0] * (FACES_PER_DAY + 1)


def test_a_deleted_person_is_forgotten_in_every_event_and_the_others_stay(world: World) -> None:
    event, user, mia = delete_mia(world)
    assert [one.person_id for one in world.list_people(user).people] == [str(user)]
    assert sent(world, event) == {str(user): ME, mia: b""}
    world.people_store.purge()
    assert world.row("SELECT array_agg(person_id) AS people FROM selfie.people").people == [user]
    world.sweep()
    assert len(world.files()) == 1


def test_a_deleted_person_is_kept_until_the_matcher_has_forgotten_them(world: World) -> None:
    delete_mia(world)
    world.people_store.purge()
    row = world.row("SELECT name, consent_version, bound_encoding FROM selfie.people WHERE deleted_at IS NOT NULL")
    assert (row.name, row.consent_version, row.bound_encoding) == ("", None, None)


def test_control_if_deleted_immediately_the_person_stays_in_the_matcher(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def erase(connection: Connection, person_id: UUID) -> None:
        connection.execute(text("DELETE FROM selfie.enrolments WHERE person_id = :id"), {"id": person_id})

    monkeypatch.setattr(erasing, "erase_selfies", erase)
    event, _, mia = delete_mia(world)
    assert sent(world, event)[mia] == MIA


def test_deleting_twice_succeeds(world: World) -> None:
    _, user, mia = delete_mia(world)
    people = world.list_people(user)
    world.delete_person(user, mia)
    assert world.list_people(user) == people


def test_a_verdict_after_the_deletion_changes_nothing(world: World) -> None:
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
def test_a_deleted_person_or_one_of_another_account_is_not_found(world: World, guest: UUID, is_deleted: bool) -> None:
    """Both cases get the same answer, which reveals nothing about other accounts."""
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
        with raises_fault(*NOT_FOUND):
            call()
    world.delete_person(asking, mia)
    if not is_deleted:
        assert world.state(guest, mia).active_count == 1


class Trusting(PersonStore):
    """A broken twin: treats every person as one of the caller's."""

    def has_person(self, user_id: UUID, person_id: UUID) -> bool:
        return True


def test_control_without_the_check_others_could_delete_a_selfie(make_world: MakeWorld) -> None:
    world = make_world(person_store=Trusting)
    owner, other = world.guest(world.event()), world.guest(world.event())
    mia = world.add_person(owner)
    send(world, owner, MIA, mia)
    world.delete(other, mia)
    assert world.state(owner, mia).active_count == 0


def test_an_upload_for_a_person_deleted_meanwhile_is_rejected(world: World, guest: UUID) -> None:
    """The store checks under the person's lock."""
    mia = world.add_person(guest)
    world.people.require = lambda user_id, person_id: UUID(mia)  # type: ignore[method-assign]
    world.delete_person(guest, mia)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
        world.upload(guest, person_id=mia)
    assert world.count("selfies") == 0


def test_with_a_limit_of_0_no_person_can_be_added(world: World, guest: UUID) -> None:
    people = People(world.people_store, 0)
    assert people.list_people(guest)[1] == 0
    with pytest.raises(TooManyPeople):
        people.add_person(guest, None, "Mia", "1")
