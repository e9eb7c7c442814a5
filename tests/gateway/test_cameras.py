"""The cameras of an event over REST."""

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from kit.errors import Fault
from matcher_service.domain import CameraNotFound, EventNotFound, OrganiserOnly
from protos.matcher.v1 import photo_pb2 as pb
from tests.gateway.world import SIGNED, World, problem

EVENT, CAMERA = "3f2b8c1e-0000-4000-8000-000000000001", "3f2b8c1e-0000-4000-8000-000000000002"
CAMERAS = f"/api/events/{EVENT}/cameras"


def test_cameras_are_listed_with_the_photos_of_unknown_cameras(world: World) -> None:
    camera = pb.Camera(
        camera_id=CAMERA,
        label="Canon EOS R5 (2)",
        offset=Duration(seconds=-90),
        photo_count=7,
        first_take_time=Timestamp(seconds=5),
        last_take_time=Timestamp(seconds=9),
    )
    world.answer(ListCameras=pb.ListCamerasResponse(cameras=[camera], unknown=pb.Camera(photo_count=3)))
    assert world.client.get(CAMERAS, headers=SIGNED).json() == {
        "cameras": [
            {
                "id": CAMERA,
                "label": "Canon EOS R5 (2)",
                "offset_s": -90,
                "photos": 7,
                "first_taken_at": 5,
                "last_taken_at": 9,
            }
        ],
        "unknown": {"photos": 3, "first_taken_at": None, "last_taken_at": None},
    }
    world.answer(ListCameras=pb.ListCamerasResponse())
    assert world.client.get(CAMERAS, headers=SIGNED).json() == {"cameras": [], "unknown": None}


def test_an_offset_is_an_integer_within_bounds(world: World) -> None:
    def put(offset_s: object) -> int:
        return world.client.put(f"{CAMERAS}/{CAMERA}", json={"offset_s": offset_s}, headers=SIGNED).status_code

    assert put(-5400) == 204
    sent = world.services.sent("SetCameraOffset")
    assert (sent.event_id, sent.camera_id, sent.offset.ToSeconds()) == (EVENT, CAMERA, -5400)
    assert {put(0.5), put(10**9), put(None)} == {422}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (CameraNotFound(), (404, "camera_not_found")),
        (EventNotFound(), (404, "event_not_found")),
        (OrganiserOnly(), (403, "organiser_only")),
    ],
)
def test_faults_of_the_service_are_passed_on(world: World, fault: Fault, expected: tuple[int, str]) -> None:
    world.answer(SetCameraOffset=fault)
    assert problem(world.client.put(f"{CAMERAS}/{CAMERA}", json={"offset_s": 1}, headers=SIGNED)) == expected
