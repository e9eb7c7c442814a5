"""The camera RPCs, called through the server."""

from uuid import UUID

import pytest
from google.protobuf.duration_pb2 import Duration
from grpc import StatusCode

from matcher_service.domain import MAX_OFFSET_S
from protos.matcher.v1 import photo_pb2 as pb
from tests.harness.calls import raises_fault
from tests.matcher.calls import Service
from tests.matcher.cameras import CANON, NOON, add_taken


def list_cameras(service: Service, event: UUID) -> pb.ListCamerasResponse:
    by_organiser = service.by(service.world.organiser)
    answer: pb.ListCamerasResponse = service.photos.ListCameras(
        pb.ListCamerasRequest(event_id=str(event)), metadata=by_organiser
    )
    return answer


def set_offset(service: Service, event: UUID, camera_id: str, offset: Duration) -> None:
    request = pb.SetCameraOffsetRequest(event_id=str(event), camera_id=camera_id, offset=offset)
    service.photos.SetCameraOffset(request, metadata=service.by(service.world.organiser))


def test_cameras_are_listed_and_clock_offsets_set(service: Service) -> None:
    event = service.world.event()
    assert list_cameras(service, event) == pb.ListCamerasResponse()
    add_taken(service.world, event, CANON, 0)
    add_taken(service.world, event, None, 1)
    found = list_cameras(service, event)
    [camera] = found.cameras
    assert (camera.label, camera.photo_count, found.unknown.photo_count) == ("Canon EOS R5", 1, 1)
    assert camera.first_take_time.ToDatetime(NOON.tzinfo) == NOON
    set_offset(service, event, camera.camera_id, Duration(seconds=-90))
    [camera] = list_cameras(service, event).cameras
    assert (camera.offset.ToSeconds(), (camera.last_take_time.ToDatetime(NOON.tzinfo) - NOON).total_seconds()) == (
        -90,
        -90,
    )


@pytest.mark.parametrize("offset", [Duration(nanos=1), Duration(seconds=MAX_OFFSET_S + 1), Duration(seconds=-(10**11))])
def test_an_invalid_offset_is_rejected(service: Service, offset: Duration) -> None:
    event = service.world.event()
    add_taken(service.world, event, CANON, 0)
    [camera] = list_cameras(service, event).cameras
    with raises_fault(StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        set_offset(service, event, camera.camera_id, offset)
    with raises_fault(StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        set_offset(service, event, "camera", Duration())
