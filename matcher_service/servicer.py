"""MatcherService and PhotoService on the wire: proto <-> domain."""

from collections.abc import Iterator, Mapping

import numpy as np

from kit.errors import InvalidArgument
from kit.identity import USER, Signer, callable_by, current_caller, delegate, service
from kit.ids import parse_id, parse_optional_id
from kit.notices import Notices
from kit.pages import parse_page
from kit.timestamps import to_timestamp
from matcher_service.domain import (
    ENCODING_SIZE,
    AddedPhoto,
    Hint,
    IndexCounts,
    Listing,
    Match,
    Photo,
    PhotoOrder,
    PhotoState,
    Rematch,
    ShownPhoto,
    Snapshot,
    Variant,
)
from matcher_service.pictures import OpenPicture, Window
from matcher_service.service import Matches, Photos
from matcher_service.store.hints import parse_hint
from matcher_service.upload import Chunk, Header, Part, receive
from protos.matcher.v1 import matcher_pb2 as pb
from protos.matcher.v1 import matcher_pb2_grpc, photo_pb2, photo_pb2_grpc

EVENT_KEY = "x-event-id"
MAX_EVENTS = 200
DOWNLOAD_S = 24 * 3600

VARIANTS = {photo_pb2.Variant.Value(f"VARIANT_{variant.name}"): variant for variant in Variant}

# By number, which is the same in PhotoOrder and MatchOrder.
ORDERS: dict[int, PhotoOrder] = {
    photo_pb2.PHOTO_ORDER_UNSPECIFIED: PhotoOrder.UPLOADED,
    photo_pb2.PHOTO_ORDER_UPLOADED: PhotoOrder.UPLOADED,
    photo_pb2.PHOTO_ORDER_TAKEN: PhotoOrder.TAKEN,
}
FILTERS: dict[int, PhotoState | None] = {
    photo_pb2.PHOTO_STATE_UNSPECIFIED: None,
    photo_pb2.PHOTO_STATE_PENDING: PhotoState.PENDING,
    photo_pb2.PHOTO_STATE_INDEXED: PhotoState.INDEXED,
    photo_pb2.PHOTO_STATE_FAILED: PhotoState.FAILED,
}


class MatcherServicer(matcher_pb2_grpc.MatcherServiceServicer):
    """Decides nothing, catches nothing."""

    def __init__(self, matches: Matches, hints: Notices) -> None:
        self._matches = matches
        self._hints = hints

    @callable_by(service("selfie"), long=True)
    def Rematch(self, request_iterator, context):
        event_id = dict(context.invocation_metadata()).get(EVENT_KEY, "")
        for request in request_iterator:
            for snapshot in self._matches.rematch(_rematch(request, event_id)):
                yield _snapshot(snapshot)

    @callable_by(USER)
    def ListMatches(self, request, context):
        caller, event_id = current_caller().user_id, parse_optional_id(request.event_id)
        listing = Listing(_order(request.order), request.ascending)
        page = parse_page(listing.name(f"matches of {caller} in {event_id}"), request.page_size, request.page_token)
        matches, total = self._matches.list_matches(caller, event_id, page, listing)
        shown, token = page.cut(matches, listing.key)
        return pb.ListMatchesResponse(
            matches=[_match(match) for match in shown], next_page_token=token, total_count=total
        )

    @callable_by(USER)
    def RefuseMatch(self, request, context):
        self._matches.refuse_match(current_caller().user_id, parse_id(request.photo_id))
        return pb.RefuseMatchResponse()

    @callable_by(USER)
    def RestoreMatch(self, request, context):
        self._matches.restore_match(current_caller().user_id, parse_id(request.photo_id))
        return pb.RestoreMatchResponse()

    @callable_by(service("gateway"), long=True, watches=True)
    def WatchMatches(self, request, context):
        with self._hints.subscribe() as subscription:
            if context.add_callback(subscription.close):
                yield pb.WatchMatchesResponse()
                yield from map(_hint, map(parse_hint, subscription))


class PhotoServicer(photo_pb2_grpc.PhotoServiceServicer):
    """Decides nothing, catches nothing."""

    def __init__(self, photos: Photos, signer: Signer) -> None:
        self._photos = photos
        self._signer = signer

    @callable_by(USER, long=True)
    def AddPhotos(self, request_iterator, context):
        added = receive(_parts(request_iterator), self._photos, current_caller().user_id)
        return photo_pb2.AddPhotosResponse(photos=[_added(photo) for photo in added])

    @callable_by(USER, delegate("matcher"), long=True)
    def GetPhoto(self, request, context):
        if request.variant not in VARIANTS:
            raise InvalidArgument
        window = Window(request.offset, max(request.length, 0))
        photo, picture = self._photos.open_photo(
            current_caller().user_id, parse_id(request.photo_id), VARIANTS[request.variant], window
        )
        yield photo_pb2.GetPhotoResponse(header=_header(photo, picture))
        for chunk in picture.chunks:
            yield photo_pb2.GetPhotoResponse(chunk=chunk)

    @callable_by(USER)
    def CreateDownloadToken(self, request, context):
        token = self._signer.sign_delegate(current_caller().user_id, DOWNLOAD_S)
        return photo_pb2.CreateDownloadTokenResponse(token=token)

    @callable_by(USER)
    def ListPhotos(self, request, context):
        event_id = parse_id(request.event_id)
        listing = Listing(_order(request.order), request.ascending, _state(request.state))
        page = parse_page(listing.name(f"photos of {event_id}"), request.page_size, request.page_token)
        caller = current_caller().user_id
        shown, token = page.cut(self._photos.list_photos(caller, event_id, page, listing), listing.key)
        return photo_pb2.ListPhotosResponse(photos=[_photo(photo) for photo in shown], next_page_token=token)

    @callable_by(USER)
    def DeletePhoto(self, request, context):
        self._photos.delete_photo(current_caller().user_id, parse_id(request.photo_id))
        return photo_pb2.DeletePhotoResponse()

    @callable_by(USER)
    def RetryPhoto(self, request, context):
        self._photos.retry_photo(current_caller().user_id, parse_id(request.photo_id))
        return photo_pb2.RetryPhotoResponse()

    @callable_by(USER)
    def GetIndexState(self, request, context):
        if len(request.event_ids) > MAX_EVENTS:
            raise InvalidArgument
        event_ids = [parse_id(event_id) for event_id in request.event_ids]
        counts = self._photos.count(current_caller().user_id, event_ids)
        return photo_pb2.GetIndexStateResponse(states=[_counts(count) for count in counts])


def _header(photo: ShownPhoto, picture: OpenPicture) -> photo_pb2.PhotoHeader:
    return photo_pb2.PhotoHeader(
        content_type="image/jpeg",
        size_bytes=picture.end - picture.start,
        picture_bytes=picture.size_bytes,
        offset=picture.start,
        version=photo.version,
        event_name=photo.event_name,
        number=photo.number,
    )


def _order(order: int) -> PhotoOrder:
    """Raises InvalidArgument."""
    if order not in ORDERS:
        raise InvalidArgument
    return ORDERS[order]


def _state(state: int) -> PhotoState | None:
    """None: every state. Raises InvalidArgument."""
    if state not in FILTERS:
        raise InvalidArgument
    return FILTERS[state]


def _rematch(request: pb.RematchRequest, event_id: str) -> Rematch:
    encoding = np.array(request.encoding, dtype="<f4")
    if encoding.size not in (0, ENCODING_SIZE) or not np.isfinite(encoding).all():
        raise InvalidArgument
    if request.event_id != event_id or request.revision < 1:
        raise InvalidArgument
    return Rematch(
        request.rematch_id,
        parse_id(request.user_id),
        parse_id(request.event_id),
        request.revision,
        encoding.tobytes() if encoding.size else None,
    )


def _parts(requests: Iterator[photo_pb2.AddPhotosRequest]) -> Iterator[Part]:
    for request in requests:
        match request.WhichOneof("part"):
            case "header":
                yield Header(parse_id(request.header.event_id), request.header.filename)
            case "chunk":
                yield Chunk(request.chunk)
            case _:
                raise InvalidArgument


def _snapshot(snapshot: Snapshot) -> pb.RematchResponse:
    return pb.RematchResponse(
        rematch_id=snapshot.rematch_id,
        state=f"REMATCH_STATE_{snapshot.state.name}",
        compared_count=snapshot.compared,
        total_count=snapshot.total,
        matched_count=snapshot.matched,
        reason=snapshot.reason,
    )


def _hint(hint: Hint) -> pb.WatchMatchesResponse:
    return pb.WatchMatchesResponse(
        event_id=str(hint.event_id),
        user_ids=[str(user_id) for user_id in hint.user_ids],
        event_deleted=hint.event_deleted,
    )


def _match(match: Match) -> pb.Match:
    return pb.Match(
        photo_id=str(match.photo_id),
        event_id=str(match.event_id),
        width=match.width,
        height=match.height,
        take_time=to_timestamp(match.taken_at),
        take_offset_min=match.taken_offset_min,
        create_time=to_timestamp(match.created_at),
        original_bytes=match.original_bytes,
        event_name=match.event_name,
        number=match.number,
        **_versions(match.versions),
    )


def _added(photo: AddedPhoto) -> photo_pb2.AddedPhoto:
    return photo_pb2.AddedPhoto(
        photo_id=str(photo.photo_id or ""),
        filename=photo.filename,
        state=f"PHOTO_STATE_{photo.state.name}",
        reason=photo.reason,
        existing=photo.existing,
    )


def _photo(photo: Photo) -> photo_pb2.Photo:
    return photo_pb2.Photo(
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
        **_versions(photo.versions),
    )


def _versions(versions: Mapping[Variant, str]) -> dict[str, str]:
    return {f"{variant.value}_version": version for variant, version in versions.items()}


def _counts(counts: IndexCounts) -> photo_pb2.IndexState:
    return photo_pb2.IndexState(
        event_id=str(counts.event_id),
        pending_count=counts.pending,
        indexed_count=counts.indexed,
        failed_count=counts.failed,
        face_count=counts.faces,
    )
