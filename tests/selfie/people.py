"""A guest who also searches for Mia, in selfie_service alone."""

from typing import Any
from uuid import UUID

from kit.faces.validation import Examination
from protos.selfie.v1 import selfie_pb2 as pb
from tests.selfie.world import World, face

ME, MIA = face(1, 1), face(2, 1)


def send(world: World, user: UUID, encoding: bytes, person: str = "") -> pb.RejectReason:
    world.upload(user, f"{person} {encoding!r}", person_id=person)
    assert world.validate(lambda _: Examination(None, encoding))
    return world.state(user, person).reject_reason


def sent(world: World, event: UUID) -> dict[str, bytes]:
    """The last face sent for each person in an event; empty: the person is to be forgotten."""
    world.rematch()
    return {request.user_id: face_of(request) for request in world.matcher.requests if request.event_id == str(event)}


def face_of(request: Any) -> bytes:
    sizes = [(number, size) for number, size in enumerate(request.encoding) if size]
    return face(*sizes[0]) if sizes else b""


def delete_mia(world: World) -> tuple[UUID, UUID, str]:
    """Deletes Mia after her selfie was matched; the event, the guest and Mia."""
    event = world.event()
    user = world.guest(event)
    mia = world.add_person(user)
    send(world, user, ME)
    send(world, user, MIA, mia)
    world.rematch()
    world.delete_person(user, mia)
    return event, user, mia


def look_for_mia(world: World) -> tuple[UUID, UUID, str]:
    """An event, its guest, and Mia, who was matched there."""
    event = world.event()
    user = world.guest(event)
    mia = world.add_person(user)
    send(world, user, MIA, mia)
    world.rematch()
    return event, user, mia
