"""A person is bound to the first face until the selfie is deleted; an account may start over a few times a day."""

from contextlib import suppress
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from kit.db.engine import transaction
from kit.errors import DatabaseUnavailable
from kit.faces.validation import Examination
from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.binding import FACES_PER_DAY, TOLERANCE
from selfie_service.domain import ChangeKind, Decision, Judge, SelfieJob
from selfie_service.store import BindingStore, SelfieStore, changes, erasing
from selfie_service.store.bindings import bind, count_binding
from tests.harness.databases import lose_commits
from tests.selfie.world import RULE, MakeWorld, World, face, image_of, invalid

ACCEPTED = pb.REJECT_REASON_UNSPECIFIED
DIFFERENT = pb.REJECT_REASON_DIFFERENT_PERSON
TOO_MANY = pb.REJECT_REASON_TOO_MANY_FACES
MINE = face(1, 1)
THEIRS = face(2, 1)


def send(world: World, guest: UUID, encoding: bytes) -> pb.RejectReason:
    """The verdict on a selfie of this face, as the guest reads it."""
    world.upload(guest, str(encoding))
    assert world.validate(lambda _: Examination(None, encoding))
    state = world.state(guest)
    is_active = state.selfie_state == pb.SELFIE_STATE_ACTIVE
    assert is_active == (state.reject_reason == ACCEPTED)
    return state.reject_reason


def start_over(world: World, guest: UUID, times: int) -> list[pb.RejectReason]:
    """The verdicts on this many faces, each sent after the previous one was deleted."""
    reasons = []
    for number in range(times):
        world.delete(guest)
        reasons.append(send(world, guest, face(number, 1)))
    return reasons


def send_another_person(world: World) -> pb.RejectReason:
    guest = world.guest(world.event())
    assert send(world, guest, MINE) == ACCEPTED
    return send(world, guest, THEIRS)


def test_a_selfie_of_another_person_is_rejected(world: World) -> None:
    assert send_another_person(world) == DIFFERENT


def test_control_without_the_rule_it_is_accepted(make_world: MakeWorld) -> None:
    assert send_another_person(make_world(judge=None)) == ACCEPTED


@pytest.mark.parametrize(("distance", "reason"), [(TOLERANCE - 0.01, ACCEPTED), (TOLERANCE + 0.01, DIFFERENT)])
def test_the_tolerance_decides_which_faces_are_another_persons(
    world: World, guest: UUID, distance: float, reason: pb.RejectReason
) -> None:
    send(world, guest, face(1, 1))
    assert send(world, guest, face(1, 1 + distance)) == reason


def test_a_rejected_face_is_not_stored_and_the_previous_selfie_and_matches_stay(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    send(world, guest, MINE)
    world.rematch()
    before = world.enrolment(guest, event)
    send(world, guest, THEIRS)
    rejected = world.selfie(UUID(world.state(guest).selfie_id))
    assert (rejected.state, rejected.image_key, rejected.encoding) == ("rejected", None, None)
    bound = world.row("SELECT person_id, bound_encoding AS encoding FROM selfie.people")
    assert world.encoding(bound) == MINE
    assert world.enrolment(guest, event) == before
    assert world.get(guest).image == image_of(str(MINE))
    world.sweep()
    assert len(world.files()) == 1


class DriftingSelfies(SelfieStore):
    """A broken twin: compares with the newest selfie instead of the first."""

    def accept(self, job: SelfieJob, encoding: bytes, judge: Judge | None) -> Decision:
        decision = super().accept(job, encoding, judge)
        with transaction(self._engine) as connection:
            bind(connection, job.person_id, encoding)
        return decision


def drift(world: World) -> list[pb.RejectReason]:
    """The verdicts on selfies that each resemble the previous one."""
    guest = world.guest(world.event())
    return [send(world, guest, face(1, 1 + step * TOLERANCE * 0.6)) for step in range(3)]


def test_a_series_of_selfies_cannot_drift_to_another_face(world: World) -> None:
    assert drift(world) == [ACCEPTED, ACCEPTED, DIFFERENT]


def test_control_if_compared_with_the_newest_selfie_it_could(make_world: MakeWorld) -> None:
    assert drift(make_world(selfie_store=DriftingSelfies)) == [ACCEPTED] * 3


def test_after_a_deletion_another_face_can_be_bound(world: World, guest: UUID) -> None:
    send(world, guest, MINE)
    world.delete(guest)
    assert world.row("SELECT bound_encoding FROM selfie.people").bound_encoding is None
    assert send(world, guest, THEIRS) == ACCEPTED
    assert send(world, guest, MINE) == DIFFERENT


def test_control_if_a_deletion_keeps_the_binding_no_other_face_is_accepted(
    world: World, guest: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "unbind", lambda connection, person_id: None)
    send(world, guest, MINE)
    world.delete(guest)
    assert send(world, guest, THEIRS) == DIFFERENT


def test_a_deletion_does_not_reduce_the_daily_count(world: World, guest: UUID) -> None:
    assert start_over(world, guest, FACES_PER_DAY + 1) == [ACCEPTED] * FACES_PER_DAY + [TOO_MANY]
    assert send(world, guest, MINE) == TOO_MANY
    assert world.row("SELECT bound_encoding FROM selfie.people").bound_encoding is None
    assert start_over(world, world.guest(world.event()), 1) == [ACCEPTED], "another account has its own count"


def test_control_if_a_deletion_resets_the_count_there_is_no_limit(
    world: World, guest: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unbind(connection: Connection, person_id: UUID) -> None:
        connection.execute(text("UPDATE selfie.people SET bound_encoding = NULL"))
        connection.execute(text("DELETE FROM selfie.bindings"))

    monkeypatch.setattr(erasing, "unbind", unbind)
    assert start_over(world, guest, FACES_PER_DAY + 1) == [ACCEPTED] * (FACES_PER_DAY + 1)


def test_bindings_older_than_a_day_do_not_count(world: World, guest: UUID) -> None:
    start_over(world, guest, FACES_PER_DAY)
    world.execute("UPDATE selfie.bindings SET bound_at = bound_at - interval '24 hours'")
    assert start_over(world, guest, 1) == [ACCEPTED]


class CountingSelfies(SelfieStore):
    """A broken twin: counts every verdict on a face."""

    def accept(self, job: SelfieJob, encoding: bytes, judge: Judge | None) -> Decision:
        with transaction(self._engine) as connection:
            count_binding(connection, job.person_id)
        return super().accept(job, encoding, judge)


def send_many_of_one_person(world: World) -> pb.RejectReason:
    """The verdict on the first selfie after a deletion that follows rejected selfies and selfies of the same face."""
    guest = world.guest(world.event())
    for _ in range(FACES_PER_DAY):
        send(world, guest, MINE)
        send(world, guest, THEIRS)
        world.upload(guest)
        world.validate(invalid("no_face"))
    world.delete(guest)
    return send(world, guest, THEIRS)


def test_rejected_selfies_and_repeated_faces_do_not_count(world: World) -> None:
    assert send_many_of_one_person(world) == ACCEPTED
    assert world.count("bindings") == 2


def test_control_if_each_counted_they_would_exhaust_the_daily_limit(make_world: MakeWorld) -> None:
    assert send_many_of_one_person(make_world(selfie_store=CountingSelfies)) == TOO_MANY


def lose_the_verdict(world: World) -> tuple[str, int]:
    """The state of a selfie whose verdict is lost at the commit, and the number of faces its account has bound."""
    guest = world.guest(world.event())
    selfie_id = world.upload(guest)
    lose_commits(world.db, "selfie.selfies", "UPDATE OF encoding")
    with suppress(DatabaseUnavailable):
        world.validate(lambda _: Examination(None, MINE))
    return world.selfie(selfie_id).state, world.count("bindings")


def test_a_lost_verdict_binds_nothing(world: World) -> None:
    assert lose_the_verdict(world) == ("pending", 0)
    assert world.row("SELECT bound_encoding FROM selfie.people").bound_encoding is None


def test_control_if_counted_in_a_separate_transaction_it_would_use_up_the_limit(make_world: MakeWorld) -> None:
    assert lose_the_verdict(make_world(selfie_store=CountingSelfies)) == ("pending", 1)


def test_erasing_an_account_deletes_its_bindings(world: World, guest: UUID) -> None:
    start_over(world, guest, 2)
    send(world, other := world.guest(world.event()), MINE)
    erase(world, guest)
    assert world.row("SELECT user_id FROM selfie.bindings").user_id == other


def test_control_without_that_deletion_they_remain(world: World, guest: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "forget_bindings", lambda connection, user_id: None)
    send(world, guest, MINE)
    erase(world, guest)
    assert world.count("bindings") == 1


def erase(world: World, guest: UUID) -> None:
    world.publish(ChangeKind.USER_ERASED, user_id=guest)
    world.follower.catch_up()


def test_bindings_are_deleted_after_a_day(world: World, guest: UUID) -> None:
    send(world, guest, MINE)
    world.execute("UPDATE selfie.bindings SET bound_at = bound_at - interval '24 hours'")
    start_over(world, guest, 1)
    BindingStore(world.db).forget_old()
    assert world.row("SELECT bound_at > now() - interval '1 hour' AS is_recent FROM selfie.bindings").is_recent


def test_nothing_of_a_deleted_face_is_stored(world: World, guest: UUID) -> None:
    send(world, guest, MINE)
    world.delete(guest)
    rows = world.row(
        "SELECT (SELECT string_agg(p::text, '') FROM selfie.people p) || (SELECT string_agg(s::text, '')"
        " FROM selfie.selfies s) || (SELECT string_agg(b::text, '') FROM selfie.bindings b) AS stored"
    ).stored
    assert str(guest) in rows
    assert MINE.hex() not in rows


def test_with_binding_disabled_the_newest_face_is_used_and_none_is_counted(make_world: MakeWorld) -> None:
    world = make_world(judge=None)
    guest = world.guest(world.event())
    for number in range(FACES_PER_DAY + 1):
        assert send(world, guest, face(number, 1)) == ACCEPTED
    assert world.count("bindings") == 0
    world.judge = RULE.judge
    assert send(world, guest, face(FACES_PER_DAY, 1)) == ACCEPTED
    assert send(world, guest, face(0, 1)) == DIFFERENT
