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
    first_taken_at: int | None = Field(description="of these photos, with the offset; null where none names a time")
    last_taken_at: int | None


class Camera(CameraPhotos):
    id: str
    label: str = Field(
        description="make and model, with a number where there are several; stable",
        examples=["Canon EOS R5", "Canon EOS R5 (2)"],
    )
    offset_s: int = Field(description="what is added to its clock")


class Cameras(BaseModel):
    cameras: list[Camera] = Field(description="the one with most photos first; phones of one model are one camera")
    unknown: CameraPhotos | None = Field(
        description="photos of an unknown camera: they name none, or an earlier version has read them; null: none"
    )


class CameraOffset(Form):
    offset_s: int = Field(
        ge=-MAX_OFFSET_S,
        le=MAX_OFFSET_S,
        description="seconds to add to its clock, below 0 where it is fast; 0 undoes it",
    )


router = APIRouter(prefix="/api/events/{event_id}/cameras", tags=["photos"], route_class=JsonRoute)


@router.get("", responses=problems(*ORGANISED))
async def list_cameras(event_id: UUID, backend: Signed) -> Cameras:
    """The cameras of an event, by what its photos say of them."""
    answer = await backend.photos.ListCameras(pb.ListCamerasRequest(event_id=str(event_id)))
    cameras = [
        Camera(id=camera.camera_id, label=camera.label, offset_s=camera.offset.seconds, **_photos(camera).model_dump())
        for camera in answer.cameras
    ]
    return Cameras(cameras=cameras, unknown=_photos(answer.unknown) if answer.HasField("unknown") else None)


@router.put("/{camera_id}", status_code=204, responses=problems("camera_not_found", *ORGANISED, *JSON_BODY))
async def set_camera_offset(event_id: UUID, camera_id: UUID, form: CameraOffset, backend: Signed) -> None:
    """Correct the clock of a camera, so that the photos of several are in order by time: of all its photos, those that
    come included. Pictures that are downloaded say what the camera says."""
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
