"""Conversion of AuthService requests from proto to domain."""

from auth_service.domain import EventEdit, GuestPhotos, NewEvent, Role
from auth_service.messages import DOWNLOADS, GUEST_PHOTOS_BY_NUMBER, ROLES_BY_NUMBER
from auth_service.offers import Credit, Download, NewOffer, OfferEdit
from kit.errors import InvalidArgument
from kit.rpc.timestamps import from_timestamp
from protos.auth.v1 import auth_pb2 as pb


def parse_role(number: pb.Role) -> Role:
    """Raises InvalidArgument."""
    if number not in ROLES_BY_NUMBER:
        raise InvalidArgument
    return ROLES_BY_NUMBER[number]


def parse_new_event(request: pb.CreateEventRequest) -> NewEvent:
    """Raises InvalidArgument."""
    return NewEvent(
        name=request.name,
        starts_at=from_timestamp(request, "start_time"),
        expires_at=from_timestamp(request, "expire_time"),
        admission=request.admission,
        offer=parse_offer(request),
        guest_photos=parse_guest_photos(request) or GuestPhotos.OFF,
        without_end=request.without_end,
    )


def parse_event_edit(request: pb.UpdateEventRequest) -> EventEdit:
    """Raises InvalidArgument."""
    return EventEdit(
        name=request.name.value if request.HasField("name") else None,
        starts_at=from_timestamp(request, "start_time"),
        expires_at=from_timestamp(request, "expire_time"),
        closed=request.closed.value if request.HasField("closed") else None,
        admission=request.admission.value if request.HasField("admission") else None,
        new_code=request.new_code,
        no_start=request.clear_start_time,
        no_end=request.clear_expire_time,
        offer=parse_offer_edit(request),
        guest_photos=parse_guest_photos(request),
    )


def parse_guest_photos(request: pb.CreateEventRequest | pb.UpdateEventRequest) -> GuestPhotos | None:
    """Returns None if unspecified. Raises InvalidArgument."""
    if request.guest_photos not in (pb.GUEST_PHOTOS_UNSPECIFIED, *GUEST_PHOTOS_BY_NUMBER):
        raise InvalidArgument
    return GUEST_PHOTOS_BY_NUMBER.get(request.guest_photos)


def parse_offer(request: pb.CreateEventRequest) -> NewOffer:
    """Raises InvalidArgument."""
    return NewOffer(
        held=request.held,
        releases_at=from_timestamp(request, "release_time"),
        credit=Credit(request.credit.name, request.credit.url),
        download=_parse_download(request.download) or Download.ORIGINAL,
        keep_days=request.keep_days,
        is_kept=request.is_kept,
    )


def parse_offer_edit(request: pb.UpdateEventRequest) -> OfferEdit:
    """Raises InvalidArgument."""
    return OfferEdit(
        held=request.held.value if request.HasField("held") else None,
        releases_at=None if request.clear_release_time else from_timestamp(request, "release_time"),
        no_release_day=request.clear_release_time,
        credit=Credit(request.credit.name, request.credit.url) if request.HasField("credit") else None,
        download=_parse_download(request.download),
        keep_days=request.keep_days.value if request.HasField("keep_days") else None,
    )


def _parse_download(size: int) -> Download | None:
    if size not in (pb.DOWNLOAD_SIZE_UNSPECIFIED, *DOWNLOADS):
        raise InvalidArgument
    return DOWNLOADS.get(size)
