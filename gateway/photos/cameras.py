"""The cameras of an event and their clocks."""

from uuid import UUID

from fastapi import APIRouter
from google.protobuf.duration_pb2 import Duration
from pydantic import BaseModel, Field

from gateway.errors.openapi import JSON_BODY, problems
from gateway.http.authentication import Signed
from gateway.http.body import JsonRoute
from gateway.http.schemas import Form
from gateway.http.times import epoch_s
from gateway.photos.routes import ORGANISED
from protos.matcher.v1 import photo_pb2 as pb

MAX_OFFSET_S = 20 * 366 * 24 * 3600


class CameraPhotos(BaseModel):
    photos: int = Field(description="indexed photos")
    first_taken_at: int | None = Field(description="of these photos, with the offset; null if none has a time")
    last_taken_at: int | None


class Camera(CameraPhotos):
    id: str
    label: str = Field(
        description="make and model, with a number where there are several; stable",
        examples=["Canon EOS R5", "Canon EOS R5 (2)"],
    )
    offset_s: int = Field(description="seconds added to its clock")


class Cameras(BaseModel):
    cameras: list[Camera] = Field(description="the most used first; all phones of one model count as one camera")
    unknown: CameraPhotos | None = Field(
        description="photos of unknown cameras: they name none, or an earlier version read them; null: none"
    )


class CameraOffset(Form):
    offset_s: int = Field(
        ge=-MAX_OFFSET_S,
        le=MAX_OFFSET_S,
        description="seconds to add to its clock, negative if it is fast; 0 removes the offset",
    )


router = APIRouter(prefix="/api/events/{event_id}/cameras", tags=["photos"], route_class=JsonRoute)


@router.get("", responses=problems(*ORGANISED))
async def list_cameras(event_id: UUID, backend: Signed) -> Cameras:
    """The cameras of an event, according to the metadata of its photos."""
    answer = await backend.photos.ListCameras(pb.ListCamerasRequest(event_id=str(event_id)))
    cameras = [
        Camera(id=camera.camera_id, label=camera.label, offset_s=camera.offset.seconds, **_photos(camera).model_dump())
        for camera in answer.cameras
    ]
    return Cameras(cameras=cameras, unknown=_photos(answer.unknown) if answer.HasField("unknown") else None)


@router.put("/{camera_id}", status_code=204, responses=problems("camera_not_found", *ORGANISED, *JSON_BODY))
async def set_camera_offset(event_id: UUID, camera_id: UUID, form: CameraOffset, backend: Signed) -> None:
    """Correct the clock of a camera, for all of its present and future photos, so that photos of several cameras are
    in the order of time. Downloaded pictures keep the camera's own time."""
    await backend.photos.SetCameraOffset(
        pb.SetCameraOffsetRequest(
            event_id=str(event_id), camera_id=str(camera_id), offset=Duration(seconds=form.offset_s)
        )
    )


def _photos(camera: pb.Camera) -> CameraPhotos:
    return CameraPhotos(
        photos=camera.photo_count,
        first_taken_at=epoch_s(camera, "first_take_time"),
        last_taken_at=epoch_s(camera, "last_take_time"),
    )
