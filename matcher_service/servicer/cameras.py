"""Cameras on the wire."""

from collections.abc import Sequence

from google.protobuf.duration_pb2 import Duration

from kit.errors import InvalidArgument
from kit.rpc.timestamps import to_timestamp
from matcher_service.domain import MAX_OFFSET_S, Camera
from protos.matcher.v1 import photo_pb2 as pb


def parse_offset_s(offset: Duration) -> int:
    """Raises InvalidArgument for a part of a second, and beyond twenty years."""
    if offset.nanos or abs(offset.seconds) > MAX_OFFSET_S:
        raise InvalidArgument
    return offset.seconds


def show_cameras(cameras: Sequence[Camera]) -> pb.ListCamerasResponse:
    known = [_show(camera) for camera in cameras if camera.id]
    unknown = next((_show(camera) for camera in cameras if not camera.id), None)
    return pb.ListCamerasResponse(cameras=known, unknown=unknown)


def _show(camera: Camera) -> pb.Camera:
    return pb.Camera(
        camera_id=str(camera.id or ""),
        label=camera.label,
        offset=Duration(seconds=camera.offset_s),
        photo_count=camera.photo_count,
        first_take_time=to_timestamp(camera.first_at),
        last_take_time=to_timestamp(camera.last_at),
    )
