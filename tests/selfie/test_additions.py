"""Up to three selfies of one face are used together: the mean of their encodings is compared."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import grpc
import numpy as np
import pytest
from sqlalchemy import Connection, text

from kit.faces.validation import Examination
from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.domain import Decision, Judge, SelfieJob
from selfie_service.domain.encodings import take_mean
from selfie_service.store import SelfieStore
from selfie_service.store import rematches as rematches_module
from tests.harness.calls import raises_fault
from tests.selfie.world import MakeWorld, World, face

ACCEPTED = pb.REJECT_REASON_UNSPECIFIED
DIFFERENT = pb.REJECT_REASON_DIFFERENT_PERSON
FACES = [face(1, size) for size in (1, 0.9, 0.8)]
OTHER = face(2, 1)


def send(world: World, guest: UUID, encoding: bytes, is_addition: bool = True) -> pb.RejectReason:
    world.upload(guest, str(encoding), is_addition=is_addition)
    assert world.validate(lambda _: Examination(None, encoding))
    return world.state(guest).reject_reason


def sent(world: World) -> list[float]:
    """Runs the rematches that are due; what the matcher is sent."""
    world.rematch()
    return list(world.matcher.requests[-1].encoding)


def mean(*encodings: bytes) -> list[float]:
    return [float(number) for number in np.mean([np.frombuffer(one, "<f4") for one in encodings], axis=0)]


@pytest.fixture
def guest(world: World) -> UUID:
    return world.guest(world.event())


def add_three(world: World, guest: UUID) -> None:
    for encoding in FACES:
        assert send(world, guest, encoding) == ACCEPTED


def test_the_mean_of_up_to_three_selfies_is_compared(world: World, guest: UUID) -> None:
    for count in range(1, 4):
        assert send(world, guest, FACES[count - 1]) == ACCEPTED
        assert sent(world) == pytest.approx(mean(*FACES[:count]), abs=1e-6)
        assert world.state(guest).active_count == count


def test_a_single_selfie_is_compared_unchanged() -> None:
    assert take_mean([FACES[1]]) == FACES[1]


def test_control_sending_only_the_first_selfie_is_detected(
    world: World, guest: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_first(encodings: Sequence[bytes]) -> bytes:
        return encodings[0]

    monkeypatch.setattr(rematches_module, "take_mean", take_first)
    add_three(world, guest)
    assert sent(world) != pytest.approx(mean(*FACES), abs=1e-6)


def test_a_fourth_selfie_is_rejected_and_its_file_deleted(world: World, guest: UUID) -> None:
    add_three(world, guest)
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "TOO_MANY_SELFIES"):
        world.upload(guest, "a fourth", is_addition=True)
    assert len(world.files()) == 3


def test_a_new_first_selfie_replaces_them_all(world: World, guest: UUID) -> None:
    add_three(world, guest)
    assert send(world, guest, FACES[2], is_addition=False) == ACCEPTED
    assert sent(world) == pytest.approx(mean(FACES[2]), abs=1e-6)
    assert world.state(guest).active_count == 1
    world.sweep()
    assert len(world.files()) == 1


def test_deleting_the_selfie_deletes_all(world: World, guest: UUID) -> None:
    add_three(world, guest)
    world.delete(guest)
    assert sent(world) == []
    assert world.state(guest).active_count == 0
    assert world.row("SELECT count(encoding) + count(image_key) AS n FROM selfie.selfies").n == 0
    world.sweep()
    assert not world.files()


def add_another_person(world: World) -> tuple[pb.RejectReason, list[float]]:
    """The verdict on an additional selfie of another person, and the encoding compared afterwards."""
    guest = world.guest(world.event())
    send(world, guest, FACES[0])
    return send(world, guest, OTHER), sent(world)


def test_an_additional_selfie_of_another_face_is_rejected_and_the_mean_is_unchanged(world: World) -> None:
    assert add_another_person(world) == (DIFFERENT, pytest.approx(mean(FACES[0]), abs=1e-6))


def test_without_binding_a_mean_still_never_mixes_faces(make_world: MakeWorld) -> None:
    assert add_another_person(make_world(judge=None)) == (DIFFERENT, pytest.approx(mean(FACES[0]), abs=1e-6))


class UnjudgedAdditions(SelfieStore):
    """A broken twin: does not compare an additional selfie with the first one."""

    def accept(self, job: SelfieJob, encoding: bytes, judge: Judge | None) -> Decision:
        return super().accept(job, encoding, None if job.is_addition else judge)


def test_control_without_the_rule_a_mean_mixes_two_faces(make_world: MakeWorld) -> None:
    world = make_world(selfie_store=UnjudgedAdditions)
    assert add_another_person(world) == (ACCEPTED, pytest.approx(mean(FACES[0], OTHER), abs=1e-6))


def test_a_rejected_additional_selfie_leaves_the_active_ones_and_their_matches(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    send(world, guest, FACES[0])
    world.rematch()
    before = world.enrolment(guest, event)
    send(world, guest, OTHER)
    assert world.enrolment(guest, event) == before
    assert world.state(guest).active_count == 1


def test_an_additional_selfie_is_decided_once_although_its_worker_dies(world: World, guest: UUID) -> None:
    send(world, guest, FACES[0])
    world.upload(guest, "late", is_addition=True)
    late = world.selfies.claim(30)
    assert late
    world.end_leases()
    assert world.validate(lambda _: Examination(None, FACES[1]))
    assert not world.selfies.accept(late, FACES[2], None).in_time
    assert sent(world) == pytest.approx(mean(*FACES[:2]), abs=1e-6)


def test_deleting_the_selfie_during_an_examination_leaves_nothing(world: World, guest: UUID) -> None:
    send(world, guest, FACES[0])
    world.upload(guest, "added", is_addition=True)
    job = world.selfies.claim(30)
    assert job
    world.delete(guest)
    assert not world.selfies.accept(job, FACES[1], None).in_time
    assert world.state(guest).active_count == 0
    assert sent(world) == []


def test_control_an_unfenced_verdict_outlives_the_deletion(
    world: World, guest: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_current(self: SelfieStore, connection: Connection, job: SelfieJob) -> bool:
        query = text("SELECT FROM selfie.selfies WHERE id = :selfie FOR UPDATE")
        return connection.execute(query, {"selfie": job.selfie_id}).first() is not None

    monkeypatch.setattr(SelfieStore, "_is_current", is_current)
    send(world, guest, FACES[0])
    world.upload(guest, "added", is_addition=True)
    job = world.selfies.claim(30)
    assert job
    world.delete(guest)
    world.selfies.accept(job, FACES[1], None)
    assert sent(world) != []


def test_a_process_of_the_previous_version_can_still_add_selfies(world: World, guest: UUID) -> None:
    """It calls the SQL function with nine arguments."""
    query = (
        "SELECT outcome FROM selfie.add_selfie(CAST(:id AS uuid), CAST(:user AS uuid), CAST(:user AS uuid), NULL,"
        " 'digest', 'key', 'image/jpeg', 10)"
    )
    with world.db.begin() as connection:
        assert connection.execute(text(query), {"id": uuid4(), "user": guest}).scalar() == "added"
    assert not world.row("SELECT is_addition FROM selfie.selfies").is_addition
