"""Bulk operations of organisers on the photos of an event."""

from uuid import UUID

from fastapi import APIRouter

from gateway.errors.openapi import JSON_BODY, problems
from gateway.http.authentication import Signed
from gateway.http.body import JsonRoute
from gateway.photos import schemas as shapes
from gateway.photos.routes import ORGANISED, STATES
from protos.matcher.v1 import photo_pb2 as pb

CHANGED = problems(*ORGANISED, *JSON_BODY)

router = APIRouter(prefix="/api/events/{event_id}/photos", tags=["photos"], route_class=JsonRoute)


@router.post("/known", responses=CHANGED)
async def find_known_photos(event_id: UUID, form: shapes.FileHashes, backend: Signed) -> shapes.KnownPhotos:
    """Which files the event already has, so that only the missing ones are sent. A failed photo is processed again when
    its file is sent again."""
    hashes = [bytes.fromhex(sha256) for sha256 in form.sha256]
    answer = await backend.photos.FindKnownPhotos(pb.FindKnownPhotosRequest(event_id=str(event_id), sha256=hashes))
    known = [
        {"sha256": form.sha256[photo.place], "id": photo.photo_id, "status": STATES.get(photo.state, "pending")}
        for photo in answer.photos
    ]
    return shapes.KnownPhotos.model_validate({"photos": known})


@router.post("/visibility", status_code=204, responses=CHANGED)
async def set_visibility(event_id: UUID, form: shapes.PhotosVisibility, backend: Signed) -> None:
    """Decide who sees up to 200 photos, all at once. Hiding photos also settles the requests to hide them. A couple may
    hide photos that guests see, and show hidden ones again (`matched`); other photos are skipped,
    and `organiser_only` where there are no others."""
    await backend.photos.SetVisibility(
        pb.SetVisibilityRequest(
            event_id=str(event_id),
            photo_ids=_ids(form),
            visibility=f"VISIBILITY_{form.visibility.upper()}",
        )
    )


@router.post("/dismiss-requests", status_code=204, responses=CHANGED)
async def dismiss_hide_requests(event_id: UUID, form: shapes.ChosenPhotos, backend: Signed) -> None:
    """Settle the requests to hide up to 200 photos without hiding them: they stay hidden from those who asked."""
    await backend.photos.DismissHideRequests(
        pb.DismissHideRequestsRequest(event_id=str(event_id), photo_ids=_ids(form))
    )


@router.post("/delete", status_code=204, responses=CHANGED)
async def delete_photos(event_id: UUID, form: shapes.ChosenPhotos, backend: Signed) -> None:
    """Delete up to 200 photos, their faces and their matches, all at once."""
    await backend.photos.DeletePhotos(pb.DeletePhotosRequest(event_id=str(event_id), photo_ids=_ids(form)))


@router.post("/retry", status_code=202, responses=problems(*ORGANISED))
async def retry_photos(event_id: UUID, backend: Signed) -> shapes.RetriedPhotos:
    """Process every failed photo of the event again, from the uploaded bytes."""
    answer = await backend.photos.RetryPhotos(pb.RetryPhotosRequest(event_id=str(event_id)))
    return shapes.RetriedPhotos(count=answer.retried_count)


def _ids(form: shapes.ChosenPhotos) -> list[str]:
    return [str(photo_id) for photo_id in form.photo_ids]
