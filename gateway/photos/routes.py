"""The photos of guests, and the photos of events."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request

from gateway.enums import names_of
from gateway.errors.openapi import FILE_BODY, PAGE, SIGNED, files_body, problems
from gateway.events.logos import logo_url
from gateway.events.offers import DOWNLOADS
from gateway.http.authentication import Signed
from gateway.http.limits import MAX_PHOTOS, SKIPPED_FILES
from gateway.http.pages import Cursor, Direction, Limit, Order
from gateway.http.site import root_of
from gateway.http.times import epoch_s
from gateway.http.uploads import FilePolicy
from gateway.photos import schemas as shapes
from gateway.photos.pictures import VARIANTS, url_of
from gateway.photos.upload import PhotoUpload, Result
from gateway.selfies.person import Person, name_person, require_person
from protos.matcher.v1 import matcher_pb2
from protos.matcher.v1 import photo_pb2 as pb

FIELDS = ("files", "file", "files[]", "photos", "photo")
URLS = tuple(f"{name}_url" for name in VARIANTS)
ADDED = ("event_closed", "too_many_event_photos", "too_many_files", "too_many_guest_photos", "unexpected_field")
ORGANISED = ("invalid_argument", "organiser_only", "event_not_found", *SIGNED)

STATES = names_of(pb.PhotoState)

NEW_VERSIONS = {pb.PHOTO_STATE_PENDING: "pending", pb.PHOTO_STATE_FAILED: "failed"}
VISIBILITIES: dict[int, shapes.Visibility] = {
    pb.VISIBILITY_MATCHED: "matched",
    pb.VISIBILITY_EVERYONE: "everyone",
    pb.VISIBILITY_HIDDEN: "hidden",
    pb.VISIBILITY_UNAPPROVED: "unapproved",
}
Status = Annotated[Literal["pending", "indexed", "failed"] | None, Query(description="only photos of this status")]

Visible = Annotated[
    shapes.Visibility | None,
    Query(description="only photos with this visibility; `unapproved` excludes failed ones, unless `status` is given"),
]
Faces = Annotated[Literal["none"] | None, Query(description="`none`: only indexed photos without a face")]
Replace = Annotated[bool, Query(description="replace photos of the same name, as organiser or photographer")]
REPLACEMENTS = {pb.REPLACEMENT_REPLACED: "replaced", pb.REPLACEMENT_AMBIGUOUS: "ambiguous"}
FromGuests = Annotated[bool, Query(description="only photos that guests added")]
HideRequested = Annotated[bool, Query(description="only photos with an undecided request to hide them")]

router = APIRouter(prefix="/api", tags=["photos"])


@router.get("/my-photos", responses=problems("event_not_found", "person_not_found", *PAGE, *SIGNED))
async def list_my_photos(
    request: Request,
    backend: Signed,
    event_id: UUID | None = None,
    order: Order = "uploaded",
    direction: Direction = "desc",
    limit: Limit = 50,
    cursor: Cursor = "",
    person: Person = None,
) -> shapes.MyPhotoPage:
    """The photos that the caller or a person is in and those for everyone, in one event or in all."""
    await require_person(backend, person)
    page = matcher_pb2.ListMatchesRequest(
        event_id=str(event_id or ""),
        page_size=limit,
        page_token=cursor,
        order=f"MATCH_ORDER_{order.upper()}",
        ascending=direction == "asc",
        person_id=name_person(person),
    )
    answer = await backend.matcher.ListMatches(page)
    return shapes.MyPhotoPage(
        photos=[_match(match, root_of(request)) for match in answer.matches],
        next_cursor=answer.next_page_token or None,
        total=answer.total_count,
        logo_url=logo_url(str(event_id), answer.logo_version, root_of(request)),
    )


@router.post(
    "/events/{event_id}/photos",
    status_code=202,
    response_model_exclude_none=True,
    responses=problems(*ADDED, *ORGANISED, *FILE_BODY),
    openapi_extra=files_body("files", several=True),
)
async def add_photos(event_id: UUID, request: Request, backend: Signed, replace: Replace = False) -> shapes.AddedPhotos:
    """Add up to 100 photos, as an organiser or photographer, or as a guest if the event accepts photos of guests. Each
    file has its own result and is stored as soon as it is received completely, regardless of the others. The same bytes
    are one photo. The response is an error only if no file was stored.

    With `replace`, a file replaces the photo of the same name: the photo keeps its id, its place in lists, its
    visibility and the requests of guests, and it is shown as it was until the new file is read. If several photos have
    the name, the file becomes a new photo (`ambiguous`). Organisers replace photos of organisers and photographers,
    photographers only their own; photos of guests are never replaced. Do not use it for several files of one name: a
    second request would replace the photo of the first."""
    # Checked first, so that unauthorised clients cannot make the gateway read gigabytes.
    await backend.photos.CheckUpload(pb.CheckUploadRequest(event_id=str(event_id)))
    limits, limiter = backend.limits, request.app.state.limiters.photos
    skipped = SKIPPED_FILES * limits.max_photo_bytes
    policy = FilePolicy(FIELDS, MAX_PHOTOS, limits.max_photo_bytes, True, skipped)
    results = await PhotoUpload(backend, str(event_id), limiter, policy, replace).run(request)
    return shapes.AddedPhotos(photos=[_added(result) for result in results])


@router.get("/events/{event_id}/photos", responses=problems(*PAGE, *ORGANISED))
async def list_photos(
    request: Request,
    event_id: UUID,
    backend: Signed,
    status: Status = None,
    visibility: Visible = None,
    faces: Faces = None,
    hide_requested: HideRequested = False,
    from_guests: FromGuests = False,
    order: Order = "uploaded",
    direction: Direction = "desc",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> shapes.EventPhotoPage:
    """The photos of an event, for its organisers and couple; for photographers, their own. A cursor is valid for the
    same filters, order and direction."""
    page = pb.ListPhotosRequest(
        event_id=str(event_id),
        page_size=limit,
        page_token=cursor,
        order=f"PHOTO_ORDER_{order.upper()}",
        ascending=direction == "asc",
        state=f"PHOTO_STATE_{status.upper()}" if status else pb.PHOTO_STATE_UNSPECIFIED,
        visibility=f"VISIBILITY_{visibility.upper()}" if visibility else pb.VISIBILITY_UNSPECIFIED,
        faces=pb.FACE_FILTER_NONE if faces else pb.FACE_FILTER_UNSPECIFIED,
        hide_requested=hide_requested,
        from_guests=from_guests,
    )
    answer = await backend.photos.ListPhotos(page)
    return shapes.EventPhotoPage(
        photos=[_photo(photo, root_of(request)) for photo in answer.photos],
        next_cursor=answer.next_page_token or None,
        total=answer.total_count,
    )


@router.get("/my-uploads", responses=problems("event_not_found", *PAGE, *SIGNED))
async def list_my_uploads(
    request: Request, event_id: UUID, backend: Signed, limit: Limit = 50, cursor: Cursor = ""
) -> shapes.UploadedPhotoPage:
    """The photos that the caller has added to an event, newest first, regardless of who else sees them."""
    page = pb.ListUploadsRequest(event_id=str(event_id), page_size=limit, page_token=cursor)
    answer = await backend.photos.ListUploads(page)
    return shapes.UploadedPhotoPage(
        photos=[shapes.UploadedPhoto.model_validate(_fields(photo, root_of(request))) for photo in answer.photos],
        next_cursor=answer.next_page_token or None,
        total=answer.total_count,
    )


@router.delete(
    "/photos/{photo_id}",
    status_code=204,
    responses=problems("invalid_argument", "photo_not_found", "organiser_only", *SIGNED),
)
async def delete_photo(photo_id: UUID, backend: Signed) -> None:
    """Delete a photo, its faces and its matches, as an organiser, or as the guest who added it."""
    await backend.photos.DeletePhoto(pb.DeletePhotoRequest(photo_id=str(photo_id)))


@router.post(
    "/photos/{photo_id}/not-me", status_code=204, responses=problems("invalid_argument", "photo_not_found", *SIGNED)
)
async def refuse_match(photo_id: UUID, backend: Signed, person: Person = None) -> None:
    """Hide a photo that shows another person; it stays hidden for later selfies, too."""
    request = matcher_pb2.RefuseMatchRequest(photo_id=str(photo_id), person_id=name_person(person))
    await backend.matcher.RefuseMatch(request)


@router.delete(
    "/photos/{photo_id}/not-me", status_code=204, responses=problems("invalid_argument", "photo_not_found", *SIGNED)
)
async def restore_match(photo_id: UUID, backend: Signed, person: Person = None) -> None:
    """Undo it."""
    request = matcher_pb2.RestoreMatchRequest(photo_id=str(photo_id), person_id=name_person(person))
    await backend.matcher.RestoreMatch(request)


@router.post(
    "/photos/{photo_id}/hide-request",
    status_code=204,
    responses=problems("invalid_argument", "photo_not_found", *SIGNED),
)
async def ask_to_hide(photo_id: UUID, backend: Signed) -> None:
    """Hide a photo from the caller permanently, and ask its organisers to hide it from everyone."""
    await backend.matcher.AskToHide(matcher_pb2.AskToHideRequest(photo_id=str(photo_id)))


@router.delete(
    "/photos/{photo_id}/hide-request",
    status_code=204,
    responses=problems("invalid_argument", "photo_not_found", *SIGNED),
)
async def undo_ask_to_hide(photo_id: UUID, backend: Signed) -> None:
    """Undo it."""
    await backend.matcher.UndoAskToHide(matcher_pb2.UndoAskToHideRequest(photo_id=str(photo_id)))


@router.post(
    "/photos/{photo_id}/retry",
    status_code=202,
    responses=problems("invalid_argument", "photo_not_found", "photo_not_failed", *SIGNED),
)
async def retry_photo(photo_id: UUID, backend: Signed) -> shapes.RetriedPhoto:
    """Process a failed photo again, from the uploaded bytes; a pending one stays pending."""
    await backend.photos.RetryPhoto(pb.RetryPhotoRequest(photo_id=str(photo_id)))
    return shapes.RetriedPhoto(id=str(photo_id))


def _match(match: matcher_pb2.Match, root: str) -> shapes.MyPhoto:
    urls = _urls(match, root)
    offered = DOWNLOADS.get(match.download, "original")
    original = urls.pop("original_url")
    downloads = {"original": original, "preview": urls["preview_url"], "none": None}
    return shapes.MyPhoto(
        id=match.photo_id,
        event_id=match.event_id,
        width=match.width,
        height=match.height,
        taken_at=epoch_s(match, "take_time"),
        shows_me=not match.only_for_everyone,
        colour=_colour(match),
        original_url=original if offered == "original" else None,
        download_url=downloads[offered],
        **urls,
    )


def _added(result: Result) -> shapes.AddedPhoto:
    if (problem := result.problem) is not None:
        return shapes.AddedPhoto(
            filename=result.filename, status="refused", reason=problem.reason, message=problem.detail
        )
    photo = result.photo or pb.AddedPhoto()
    return shapes.AddedPhoto.model_validate(
        {
            "id": photo.photo_id or None,
            "filename": result.filename,
            "status": STATES.get(photo.state, "pending"),
            "existing": photo.existing,
            "replacement": REPLACEMENTS.get(photo.replacement),
        }
    )


def _photo(photo: pb.Photo, root: str) -> shapes.EventPhoto:
    return shapes.EventPhoto.model_validate(
        {
            **_fields(photo, root),
            "faces": photo.face_count,
            "size_bytes": photo.size_bytes,
            "taken_at": epoch_s(photo, "take_time"),
            "uploader_id": photo.uploader_id or None,
            "from_guest": photo.from_guest,
            "hide_requests": photo.hide_request_count,
            "new_version": NEW_VERSIONS.get(photo.new_version_state),
            "new_version_reason": photo.new_version_reason or None,
        }
    )


def _fields(photo: pb.Photo, root: str) -> dict[str, object]:
    """The fields of a photo that its organisers and its uploader see."""
    ready = photo.state == pb.PHOTO_STATE_INDEXED
    return {
        "id": photo.photo_id,
        "filename": photo.filename,
        "status": STATES.get(photo.state, "pending"),
        "reason": photo.reason or None,
        "width": photo.width or None,
        "height": photo.height or None,
        "uploaded_at": epoch_s(photo, "create_time") or 0,
        "visibility": VISIBILITIES.get(photo.visibility, "matched"),
        "colour": _colour(photo),
        **(_urls(photo, root) if ready else dict.fromkeys(URLS)),
    }


def _colour(photo: matcher_pb2.Match | pb.Photo) -> str | None:
    return f"#{photo.colour:06x}" if photo.HasField("colour") else None


def _urls(photo: matcher_pb2.Match | pb.Photo, root: str) -> dict[str, str]:
    return {f"{name}_url": root + url_of(photo.photo_id, name, getattr(photo, f"{name}_version")) for name in VARIANTS}
