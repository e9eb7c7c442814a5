"""The audit log of matcher_service: who viewed the faces of photos, and who deleted photos."""

from uuid import UUID

import grpc
import pytest

from matcher_service.store import PhotoFaceStore
from protos.matcher.v1 import matcher_pb2
from protos.matcher.v1 import photo_pb2 as pb
from tests.harness.calls import raises_fault
from tests.matcher.calls import Service
from tests.matcher.world import World


def acts(service: Service, event: UUID, who: UUID | None = None) -> list[tuple[str, str, str]]:
    """Newest first."""
    request = pb.ListPhotoActsRequest(event_id=str(event))
    answer = service.photos.ListPhotoActs(request, metadata=service.by(who or service.world.organiser))
    assert {act.actor_id for act in answer.acts} <= {str(service.world.organiser)}
    return [(act.action, act.object_id, act.result) for act in answer.acts]


def look(service: Service, photo: UUID, who: UUID | None = None) -> matcher_pb2.ListFacesResponse:
    request = matcher_pb2.ListFacesRequest(photo_id=str(photo))
    return service.matcher.ListFaces(request, metadata=service.by(who or service.world.organiser))


@pytest.fixture
def world(service: Service) -> World:
    return service.world


def test_viewing_the_faces_of_a_photo_is_recorded(service: Service, world: World) -> None:
    event = world.event()
    first, second = world.add(event, 1), world.add(event, 2)
    look(service, first)
    look(service, second)
    assert acts(service, event) == [("faces_viewed", str(second), "done"), ("faces_viewed", str(first), "done")]


def test_repeated_views_within_a_minute_are_recorded_once(service: Service, world: World) -> None:
    event = world.event()
    photo = world.add(event, 1)
    for _ in range(2):
        look(service, photo)
    crop = matcher_pb2.GetFaceCropRequest(photo_id=str(photo), number=0)
    service.matcher.GetFaceCrop(crop, metadata=service.by(world.organiser))
    assert len(acts(service, event)) == 1
    with world.db.begin() as connection:
        connection.exec_driver_sql("UPDATE matcher.acts SET at = at - interval '61 seconds'")
    look(service, photo)
    assert len(acts(service, event)) == 2


def test_a_denied_view_is_not_recorded(service: Service, world: World) -> None:
    event = world.event()
    photo, guest = world.add(event, 1), world.join(event)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
        look(service, photo, guest)
    assert acts(service, event) == []


def test_faces_are_not_shown_if_the_record_cannot_be_written(
    service: Service, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = world.add(world.event(), 1)

    def fail(*_: object) -> None:
        raise OSError("full")

    monkeypatch.setattr(PhotoFaceStore, "note_view", fail)
    with raises_fault(grpc.StatusCode.INTERNAL, "INTERNAL"):
        look(service, photo)
    monkeypatch.setattr(PhotoFaceStore, "note_view", lambda *_: None)  # control: without the record the face is shown
    assert look(service, photo).faces


def test_deletions_of_photos_are_recorded(service: Service, world: World) -> None:
    event = world.event()
    first, second, third = (world.add(event, number) for number in (1, 2, 3))
    one = pb.DeletePhotoRequest(photo_id=str(first))
    service.photos.DeletePhoto(one, metadata=service.by(world.organiser))
    several = pb.DeletePhotosRequest(event_id=str(event), photo_ids=[str(first), str(second), str(third)])
    for _ in range(2):
        service.photos.DeletePhotos(several, metadata=service.by(world.organiser))
    assert acts(service, event) == [("photos_deleted", "", "2"), ("photos_deleted", str(first), "1")]


def test_guests_and_strangers_cannot_read_the_audit_log(service: Service, world: World) -> None:
    event, other = world.event(), world.event()
    guest = world.join(event)
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        acts(service, event, guest)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        acts(service, other, guest)
