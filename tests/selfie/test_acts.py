"""The audit log of selfie_service: new faces, and exports."""

from uuid import UUID

import grpc
import pytest

from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.store import selfies
from tests.harness.calls import raises_fault
from tests.selfie.people import ME, MIA, send
from tests.selfie.world import World


def acts(world: World, event: UUID, organiser: UUID) -> list[pb.SelfieAct]:
    request = pb.ListSelfieActsRequest(event_id=str(event))
    return list(world.stub.ListSelfieActs(request, metadata=world.as_user(organiser)).acts)


def test_each_new_face_is_recorded_in_every_event_that_searches_it(world: World) -> None:
    first, second, other = world.event(), world.event(), world.event()
    olga = world.organiser(first)
    guest = world.guest(first, second)
    mia = world.add_person(guest)
    send(world, guest, ME)
    send(world, guest, ME)  # the same face
    send(world, guest, MIA, mia)
    assert [(act.action, act.actor_id, act.object_id, act.network) for act in acts(world, first, olga)] == [
        ("new_face", str(guest), mia, ""),
        ("new_face", str(guest), str(guest), ""),
    ]
    assert world.row("SELECT count(*) AS n FROM selfie.acts WHERE event_id = :event", event=second).n == 2
    assert world.row("SELECT count(*) AS n FROM selfie.acts WHERE event_id = :event", event=other).n == 0
    world.delete(guest)
    send(world, guest, MIA)
    assert len(acts(world, first, olga)) == 3, "another face after a deletion"


def test_a_face_is_not_searched_if_the_record_cannot_be_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    event = world.event()
    guest = world.guest(event)

    def fail(*_: object) -> None:
        raise OSError("full")

    monkeypatch.setattr(selfies, "note_new_face", fail)
    with pytest.raises(OSError, match="full"):
        send(world, guest, ME)
    assert world.row("SELECT count(encoding) AS n FROM selfie.selfies").n == 0


def test_guests_and_strangers_cannot_read_the_audit_log(world: World) -> None:
    event = world.event()
    guest = world.guest(event)
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        acts(world, event, guest)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        acts(world, event, world.guest())


def test_an_export_is_recorded_without_an_event(world: World) -> None:
    guest = world.guest(world.event())
    world.stub.ListRecords(pb.ListRecordsRequest(), metadata=world.as_user(guest))
    row = world.row("SELECT action, actor_id, event_id FROM selfie.acts")
    assert (row.action, row.actor_id, row.event_id) == ("exported", guest, None)
