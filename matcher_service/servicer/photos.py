"""PhotoService on the wire: proto <-> domain."""

from collections.abc import Iterator
from uuid import UUID

from kit.audit.pages import parse_act_page, show_act
from kit.db.pages import parse_page
from kit.errors import InvalidArgument
from kit.rpc.identity import USER, Signer, callable_by, current_caller, delegate
from kit.rpc.ids import parse_id
from kit.rpc.timestamps import to_timestamp
from matcher_service.audience import Audience
from matcher_service.domain import (
    MAX_HASHES,
    MAX_PHOTOS_CHANGED,
    NEWEST_FIRST,
    AddedPhoto,
    IndexCounts,
    KnownPhoto,
    Listing,
    Photo,
    PhotoState,
    ShownPhoto,
    Variant,
    Visibility,
)
from matcher_service.domain.logos import Logo
from matcher_service.logos import Logos
from matcher_service.pictures import OpenPicture, Window
from matcher_service.service import Cameras, Photos
from matcher_service.servicer.cameras import parse_offset_s, show_cameras
from matcher_service.servicer.shared import name_versions, parse_order
from matcher_service.upload import Chunk, Header, Part, receive
from protos.matcher.v1 import photo_pb2 as pb
from protos.matcher.v1 import photo_pb2_grpc

MAX_EVENTS = 200
HASH_BYTES = 32
DOWNLOAD_S = 24 * 3600

VARIANTS = {pb.Variant.Value(f"VARIANT_{variant.name}"): variant for variant in Variant}
VISIBILITIES = {pb.Visibility.Value(f"VISIBILITY_{visibility.name}"): visibility for visibility in Visibility}

FILTERS: dict[int, PhotoState | None] = {
    pb.PHOTO_STATE_UNSPECIFIED: None,
    pb.PHOTO_STATE_PENDING: PhotoState.PENDING,
    pb.PHOTO_STATE_INDEXED: PhotoState.INDEXED,
    pb.PHOTO_STATE_FAILED: PhotoState.FAILED,
}


class PhotoServicer(photo_pb2_grpc.PhotoServiceServicer):
    """Translates only: decides nothing and catches no faults."""

    def __init__(self, photos: Photos, audience: Audience, cameras: Cameras, signer: Signer, logos: Logos) -> None:
        self._logos = logos
        self._photos = photos
        self._audience = audience
        self._cameras = cameras
        self._signer = signer

    @callable_by(USER, long=True)
    def AddPhotos(self, request_iterator, context):
        added = receive(_parts(request_iterator), self._photos, current_caller().user_id)
        return pb.AddPhotosResponse(photos=[_added(photo) for photo in added])

    @callable_by(USER, delegate("matcher"), long=True)
    def GetPhoto(self, request, context):
        if request.variant not in VARIANTS:
            raise InvalidArgument
        window = Window(request.offset, max(request.length, 0))
        photo, picture = self._photos.open_photo(
            current_caller().user_id, parse_id(request.photo_id), VARIANTS[request.variant], window
        )
        yield pb.GetPhotoResponse(header=_header(photo, picture))
        for chunk in picture.chunks:
            yield pb.GetPhotoResponse(chunk=chunk)

    @callable_by(USER)
    def CreateDownloadToken(self, request, context):
        caller = current_caller()
        token = self._signer.sign_delegate(caller.user_id, DOWNLOAD_S, caller.session_id)
        return pb.CreateDownloadTokenResponse(token=token)

    @callable_by(USER)
    def ListPhotos(self, request, context):
        event_id = parse_id(request.event_id)
        listing = _listing(request)
        page = parse_page(listing.name(f"photos of {event_id}"), request.page_size, request.page_token)
        caller = current_caller().user_id
        photos, total = self._photos.list_photos(caller, event_id, page, listing)
        shown, token = page.cut(photos, listing.key)
        return pb.ListPhotosResponse(
            photos=[_photo(photo) for photo in shown], next_page_token=token, total_count=total
        )

    @callable_by(USER)
    def ListPhotoActs(self, request, context):
        page = parse_act_page(request)
        acts = self._photos.list_acts(current_caller().user_id, parse_id(request.event_id), page)
        return pb.ListPhotoActsResponse(acts=[pb.PhotoAct(**show_act(act)) for act in acts])

    @callable_by(USER)
    def DeletePhoto(self, request, context):
        self._photos.delete_photo(current_caller().user_id, parse_id(request.photo_id))
        return pb.DeletePhotoResponse()

    @callable_by(USER)
    def RetryPhoto(self, request, context):
        self._photos.retry_photo(current_caller().user_id, parse_id(request.photo_id))
        return pb.RetryPhotoResponse()

    @callable_by(USER)
    def RetryPhotos(self, request, context):
        count = self._photos.retry_failed(current_caller().user_id, parse_id(request.event_id))
        return pb.RetryPhotosResponse(retried_count=count)

    @callable_by(USER)
    def DeletePhotos(self, request, context):
        self._photos.delete_photos(current_caller().user_id, parse_id(request.event_id), _photo_ids(request))
        return pb.DeletePhotosResponse()

    @callable_by(USER)
    def SetVisibility(self, request, context):
        if request.visibility not in VISIBILITIES:
            raise InvalidArgument
        event_id, visibility = parse_id(request.event_id), VISIBILITIES[request.visibility]
        self._audience.set_visibility(current_caller().user_id, event_id, _photo_ids(request), visibility)
        return pb.SetVisibilityResponse()

    @callable_by(USER)
    def DismissHideRequests(self, request, context):
        self._audience.dismiss_requests(current_caller().user_id, parse_id(request.event_id), _photo_ids(request))
        return pb.DismissHideRequestsResponse()

    @callable_by(USER)
    def FindKnownPhotos(self, request, context):
        if len(request.sha256) > MAX_HASHES or any(len(sha256) != HASH_BYTES for sha256 in request.sha256):
            raise InvalidArgument
        known = self._photos.find_known(current_caller().user_id, parse_id(request.event_id), request.sha256)
        photos = [_known(place, known[sha256]) for place, sha256 in enumerate(request.sha256) if sha256 in known]
        return pb.FindKnownPhotosResponse(photos=photos)

    @callable_by(USER)
    def GetIndexState(self, request, context):
        if len(request.event_ids) > MAX_EVENTS:
            raise InvalidArgument
        event_ids = [parse_id(event_id) for event_id in request.event_ids]
        counts = self._photos.count(current_caller().user_id, event_ids, count_guests=request.count_guests)
        logos = self._logos.find_versions(event_ids)
        return pb.GetIndexStateResponse(states=[_counts(count, logos.get(count.event_id, "")) for count in counts])

    @callable_by(USER)
    def ListUploads(self, request, context):
        event_id, caller = parse_id(request.event_id), current_caller().user_id
        page = parse_page(f"uploads of {caller} to {event_id}", request.page_size, request.page_token)
        photos, total = self._photos.list_uploads(caller, event_id, page)
        shown, token = page.cut(photos, NEWEST_FIRST.key)
        return pb.ListUploadsResponse(
            photos=[_photo(photo) for photo in shown], next_page_token=token, total_count=total
        )

    @callable_by(USER)
    def CheckUpload(self, request, context):
        self._photos.require_upload(current_caller().user_id, parse_id(request.event_id))
        return pb.CheckUploadResponse()

    @callable_by(USER)
    def ListCameras(self, request, context):
        return show_cameras(self._cameras.list_cameras(current_caller().user_id, parse_id(request.event_id)))

    @callable_by(USER)
    def SetCameraOffset(self, request, context):
        event_id, camera_id = parse_id(request.event_id), parse_id(request.camera_id)
        self._cameras.set_offset(current_caller().user_id, event_id, camera_id, parse_offset_s(request.offset))
        return pb.SetCameraOffsetResponse()

    @callable_by(USER)
    def SetLogo(self, request, context):
        logo = self._logos.set_logo(current_caller().user_id, parse_id(request.event_id), request.image)
        return pb.SetLogoResponse(logo=_logo(logo))

    @callable_by(USER)
    def GetLogo(self, request, context):
        logo, image = self._logos.open_logo(current_caller().user_id, parse_id(request.event_id))
        return pb.GetLogoResponse(logo=_logo(logo), image=image)

    @callable_by(USER)
    def DeleteLogo(self, request, context):
        self._logos.delete_logo(current_caller().user_id, parse_id(request.event_id))
        return pb.DeleteLogoResponse()


def _logo(logo: Logo) -> pb.Logo:
    return pb.Logo(version=logo.version, width=logo.width, height=logo.height)


def _header(photo: ShownPhoto, picture: OpenPicture) -> pb.PhotoHeader:
    return pb.PhotoHeader(
        content_type="image/jpeg",
        size_bytes=picture.end - picture.start,
        picture_bytes=picture.size_bytes,
        offset=picture.start,
        version=photo.version,
        event_name=photo.event_name,
        number=photo.number,
        download=f"DOWNLOAD_SIZE_{photo.download.name}",
    )


def _listing(request: pb.ListPhotosRequest) -> Listing:
    """Raises InvalidArgument."""
    is_known = request.visibility in (pb.VISIBILITY_UNSPECIFIED, *VISIBILITIES)
    if not is_known or request.state not in FILTERS or request.faces not in pb.FaceFilter.values():
        raise InvalidArgument
    return Listing(
        order=parse_order(request.order),
        ascending=request.ascending,
        state=FILTERS[request.state],
        visibility=VISIBILITIES.get(request.visibility),
        without_faces=request.faces == pb.FACE_FILTER_NONE,
        hide_requested=request.hide_requested,
        from_guests=request.from_guests,
    )


def _photo_ids(
    request: pb.DeletePhotosRequest | pb.SetVisibilityRequest | pb.DismissHideRequestsRequest,
) -> list[UUID]:
    """Raises InvalidArgument."""
    if len(request.photo_ids) > MAX_PHOTOS_CHANGED:
        raise InvalidArgument
    return [parse_id(photo_id) for photo_id in request.photo_ids]


def _parts(requests: Iterator[pb.AddPhotosRequest]) -> Iterator[Part]:
    for request in requests:
        match request.WhichOneof("part"):
            case "header":
                header = request.header
                age_s = header.age.seconds + header.age.nanos / 1e9
                yield Header(parse_id(header.event_id), header.filename, header.replace, age_s)
            case "chunk":
                yield Chunk(request.chunk)
            case _:
                raise InvalidArgument


def _added(photo: AddedPhoto) -> pb.AddedPhoto:
    return pb.AddedPhoto(
        photo_id=str(photo.photo_id or ""),
        filename=photo.filename,
        state=f"PHOTO_STATE_{photo.state.name}",
        reason=photo.reason,
        existing=photo.existing,
        replacement=f"REPLACEMENT_{photo.replacement.name}" if photo.replacement else pb.REPLACEMENT_UNSPECIFIED,
    )


def _photo(photo: Photo) -> pb.Photo:
    return pb.Photo(
        photo_id=str(photo.id),
        event_id=str(photo.event_id),
        filename=photo.filename,
        state=f"PHOTO_STATE_{photo.state.name}",
        reason=photo.reason,
        width=photo.width,
        height=photo.height,
        face_count=photo.face_count,
        size_bytes=photo.size_bytes,
        take_time=to_timestamp(photo.taken_at),
        create_time=to_timestamp(photo.created_at),
        original_bytes=photo.original_bytes,
        take_offset_min=photo.taken_offset_min,
        visibility=f"VISIBILITY_{photo.visibility.name}",
        uploader_id=str(photo.uploader_id or ""),
        hide_request_count=photo.hide_requests,
        colour=photo.colour,
        from_guest=photo.from_guest,
        new_version_state=f"PHOTO_STATE_{photo.new_version.name}" if photo.new_version else None,
        new_version_reason=photo.new_version_reason,
        **name_versions(photo.versions),
    )


def _known(place: int, photo: KnownPhoto) -> pb.KnownPhoto:
    return pb.KnownPhoto(place=place, photo_id=str(photo.photo_id), state=f"PHOTO_STATE_{photo.state.name}")


def _counts(counts: IndexCounts, logo_version: str) -> pb.IndexState:
    return pb.IndexState(
        event_id=str(counts.event_id),
        pending_count=counts.pending,
        indexed_count=counts.indexed,
        failed_count=counts.failed,
        face_count=counts.faces,
        searched_count=counts.searched,
        unmatched_count=counts.unmatched,
        logo_version=logo_version,
    )
