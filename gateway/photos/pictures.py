"""The picture of a photo: thumb, medium, preview, original."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from gateway.backends.channels import Backends
from gateway.errors.openapi import OTHER, SIGNED, pictures, problems
from gateway.errors.problem import Problem, internal_problem, not_satisfiable
from gateway.http.authentication import Signed
from gateway.http.ranges import (
    NOWHERE,
    ByteRange,
    IfNoneMatch,
    IfRange,
    Range,
    content_range,
    is_known,
    is_same,
    parse_range,
)
from gateway.photos.file_names import content_disposition, make_file_name
from gateway.photos.transfer import open_picture, read_chunks
from protos.matcher.v1 import photo_pb2 as pb

VARIANTS = {
    "thumb": pb.VARIANT_THUMB,
    "medium": pb.VARIANT_MEDIUM,
    "preview": pb.VARIANT_PREVIEW,
    "original": pb.VARIANT_ORIGINAL,
}
MAX_AGE_S = 600
VERSIONED_MAX_AGE_S = 86400
MAX_VERSION_LENGTH = 64
SMALL_BYTES = 1024 * 1024

PICTURE: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {"description": "The picture.", "content": pictures("image/jpeg")},
        206: {"description": "The part that `Range` requests.", "content": pictures("image/jpeg")},
        304: {"description": "The client already has it."},
        **problems(
            "invalid_argument",
            "photo_not_found",
            "photo_not_ready",
            "range_not_satisfiable",
            "download_not_offered",
            *SIGNED,
        ),
    },
}

router = APIRouter(prefix="/api/photos/{photo_id}", tags=["photos"])


@dataclass(frozen=True)
class Wanted:
    """The request headers of a picture."""

    request: Request
    download: Annotated[bool, Query(description="a file to be saved, instead of a picture to be shown")] = False
    v: Annotated[
        str,
        Query(
            max_length=MAX_VERSION_LENGTH,
            description="the version of the picture, as in lists: browsers cache it while it is current",
        ),
    ] = ""
    if_none_match: IfNoneMatch = ""
    range: Range = ""
    if_range: IfRange = ""

    @property
    def is_head(self) -> bool:
        return self.request.method == "HEAD"

    @property
    def part(self) -> ByteRange | None:
        """No bytes for HEAD, which describes the whole picture."""
        return ByteRange(NOWHERE) if self.is_head else parse_range(self.range)


Asked = Annotated[Wanted, Depends()]


def url_of(photo_id: str, variant: str, version: str) -> str:
    """The entity tag, which changes with the picture; an old service reports no version."""
    return f"/api/photos/{photo_id}/{variant}" + (f"?v={quote(version, safe='')}" if version else "")


@router.head("/thumb", include_in_schema=False)
@router.get("/thumb", **PICTURE)
async def get_thumb(photo_id: UUID, backend: Signed, wanted: Asked) -> Response:
    """At most 480 pixels on the long edge, upright."""
    return await _show(backend, photo_id, "thumb", wanted)


@router.head("/medium", include_in_schema=False)
@router.get("/medium", **PICTURE)
async def get_medium(photo_id: UUID, backend: Signed, wanted: Asked) -> Response:
    """Like the preview, with at most 960 pixels on the long edge; the preview itself for photos read before this size
    existed."""
    return await _show(backend, photo_id, "medium", wanted)


@router.head("/preview", include_in_schema=False)
@router.get("/preview", **PICTURE)
async def get_preview(photo_id: UUID, backend: Signed, wanted: Asked) -> Response:
    """At most 1600 pixels on the long edge, upright, with the capture time and the creator's rights."""
    return await _show(backend, photo_id, "preview", wanted)


@router.head("/original", include_in_schema=False)
@router.get("/original", **PICTURE)
async def get_original(photo_id: UUID, backend: Signed, wanted: Asked) -> Response:
    """The photographer's own picture. For a JPEG, the coded pixels exactly as uploaded, with colour profile,
    orientation, time and the creator's rights, without other metadata; for other formats, a JPEG of all pixels."""
    return await _show(backend, photo_id, "original", wanted)


async def _show(backend: Backends, photo_id: UUID, variant: str, wanted: Wanted) -> Response:
    request, part = pb.GetPhotoRequest(photo_id=str(photo_id), variant=VARIANTS[variant]), wanted.part
    call, header = await open_picture(backend, _cut(request, part))
    if wanted.download and header.download == pb.DOWNLOAD_SIZE_NONE:
        call.cancel()
        raise download_not_offered()
    tag = _tag(photo_id, variant, header)
    if part and not wanted.is_head and (not is_same(wanted.if_range, tag) or not header.picture_bytes):
        call.cancel()  # the client has parts of another picture, or the service is an old one, which sends no parts
        part = None
        call, header = await open_picture(backend, request)
        tag = _tag(photo_id, variant, header)
    if is_known(wanted.if_none_match, tag):
        call.cancel()
        return Response(status_code=304, headers=_headers(tag, wanted.v, header))
    media_type = header.content_type if header.content_type.startswith("image/") else OTHER
    file_name = make_file_name(header.event_name, header.number, str(photo_id), media_type)
    headers = {
        **_headers(tag, wanted.v, header),
        "Content-Disposition": content_disposition(file_name, wanted.download),
    }
    if wanted.is_head:
        call.cancel()
        headers["Content-Length"] = str(header.picture_bytes or header.size_bytes)
        return Response(media_type=media_type, headers=headers)
    if part is None:
        return await _send(call, header, 200, media_type, headers)
    shown = content_range(header.offset, header.offset + header.size_bytes, header.picture_bytes)
    if not header.size_bytes:
        call.cancel()
        raise not_satisfiable(shown)
    return await _send(call, header, 206, media_type, {**headers, "Content-Range": shown})


def download_not_offered() -> Problem:
    return Problem(403, "download_not_offered", "The organisers of this event do not offer this picture for download.")


def _headers(tag: str, version: str, header: pb.PhotoHeader) -> dict[str, str]:
    """A picture of the requested version may be cached beyond the access token: the response does not vary with it."""
    headers = {"ETag": tag, "Accept-Ranges": "bytes"}
    if version and version == header.version:
        return {**headers, "Cache-Control": f"private, max-age={VERSIONED_MAX_AGE_S}, immutable"}
    return {**headers, "Cache-Control": f"private, max-age={MAX_AGE_S}", "Vary": "Authorization, Cookie"}


async def _send(call: Any, header: pb.PhotoHeader, status: int, media_type: str, headers: dict[str, str]) -> Response:
    headers["Content-Length"] = str(header.size_bytes)
    if header.size_bytes > SMALL_BYTES:
        return StreamingResponse(read_chunks(call), status, media_type=media_type, headers=headers)
    # Read completely: a slow client then holds a socket, not a thread of the service.
    picture = b"".join([chunk async for chunk in read_chunks(call)])
    if len(picture) != header.size_bytes:
        raise internal_problem()
    return Response(picture, status, media_type=media_type, headers=headers)


def _tag(photo_id: UUID, variant: str, header: pb.PhotoHeader) -> str:
    return f'"{photo_id}-{variant}{"-" if header.version else ""}{header.version}"'


def _cut(request: pb.GetPhotoRequest, part: ByteRange | None) -> pb.GetPhotoRequest:
    if part is None:
        return request
    return pb.GetPhotoRequest(
        photo_id=request.photo_id, variant=request.variant, offset=part.offset, length=part.length
    )
