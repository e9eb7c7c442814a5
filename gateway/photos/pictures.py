"""The picture of a photo: thumb, preview, original."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import grpc
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from gateway.backends.channels import Backends
from gateway.errors.from_grpc import default_problem
from gateway.errors.openapi import OTHER, SIGNED, pictures, problems
from gateway.errors.problem import internal_problem, not_satisfiable
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
from kit.retries import repeat_aio
from protos.matcher.v1 import photo_pb2 as pb

VARIANTS = {"thumb": pb.VARIANT_THUMB, "preview": pb.VARIANT_PREVIEW, "original": pb.VARIANT_ORIGINAL}
MAX_AGE_S = 600
SMALL_BYTES = 1024 * 1024
RETRY_S = 0.05

PICTURE: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {"description": "The picture.", "content": pictures("image/jpeg")},
        206: {"description": "The part that `Range` asks for.", "content": pictures("image/jpeg")},
        304: {"description": "The client has it."},
        **problems("invalid_argument", "photo_not_found", "photo_not_ready", "range_not_satisfiable", *SIGNED),
    },
}

router = APIRouter(prefix="/api/photos/{photo_id}", tags=["photos"])


@dataclass(frozen=True)
class Wanted:
    """How a client asks for a picture."""

    request: Request
    download: Annotated[bool, Query(description="a file to be saved, instead of a picture to be shown")] = False
    if_none_match: IfNoneMatch = ""
    range: Range = ""
    if_range: IfRange = ""

    @property
    def is_head(self) -> bool:
        return self.request.method == "HEAD"

    @property
    def part(self) -> ByteRange | None:
        """Nothing of it for HEAD, which is about the whole."""
        return ByteRange(NOWHERE) if self.is_head else parse_range(self.range)


Asked = Annotated[Wanted, Depends()]


def url_of(photo_id: str, variant: str) -> str:
    return f"/api/photos/{photo_id}/{variant}"


@router.head("/thumb", include_in_schema=False)
@router.get("/thumb", **PICTURE)
async def get_thumb(photo_id: UUID, backend: Signed, wanted: Asked) -> Response:
    """At most 480 pixels on the long edge, upright."""
    return await _show(backend, photo_id, "thumb", wanted)


@router.head("/preview", include_in_schema=False)
@router.get("/preview", **PICTURE)
async def get_preview(photo_id: UUID, backend: Signed, wanted: Asked) -> Response:
    """At most 1600 pixels on the long edge, upright, with the time when it was taken and its creator's rights."""
    return await _show(backend, photo_id, "preview", wanted)


@router.head("/original", include_in_schema=False)
@router.get("/original", **PICTURE)
async def get_original(photo_id: UUID, backend: Signed, wanted: Asked) -> Response:
    """The photographer's own picture. Of a JPEG the coded pixels exactly as uploaded, with colour profile, orientation,
    time and the creator's rights, without all other metadata; of other formats a JPEG of all pixels."""
    return await _show(backend, photo_id, "original", wanted)


async def _show(backend: Backends, photo_id: UUID, variant: str, wanted: Wanted) -> Response:
    request, part = pb.GetPhotoRequest(photo_id=str(photo_id), variant=VARIANTS[variant]), wanted.part
    call, header = await _open(backend, _cut(request, part))
    tag = _tag(photo_id, variant, header)
    if part and not wanted.is_head and (not is_same(wanted.if_range, tag) or not header.picture_bytes):
        call.cancel()  # the client has parts of another picture, or the service is an old one, which sends no parts
        part = None
        call, header = await _open(backend, request)
        tag = _tag(photo_id, variant, header)
    if is_known(wanted.if_none_match, tag):
        call.cancel()
        return Response(status_code=304, headers=_headers(tag))
    media_type = header.content_type if header.content_type.startswith("image/") else OTHER
    file_name = make_file_name(header.event_name, header.number, str(photo_id), media_type)
    headers = {**_headers(tag), "Content-Disposition": content_disposition(file_name, wanted.download)}
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


def _headers(tag: str) -> dict[str, str]:
    return {
        "ETag": tag,
        "Cache-Control": f"private, max-age={MAX_AGE_S}",
        "Vary": "Authorization, Cookie",
        "Accept-Ranges": "bytes",
    }


async def _send(call: Any, header: pb.PhotoHeader, status: int, media_type: str, headers: dict[str, str]) -> Response:
    headers["Content-Length"] = str(header.size_bytes)
    if header.size_bytes > SMALL_BYTES:
        return StreamingResponse(_chunks(call), status, media_type=media_type, headers=headers)
    # Read at once: a slow reader holds a socket, not a thread of the service.
    picture = b"".join([chunk async for chunk in _chunks(call)])
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


async def _open(backend: Backends, request: pb.GetPhotoRequest) -> tuple[Any, pb.PhotoHeader]:
    """The call, past its header. A page of thumbs asks for more streams at once than a service holds: waits for one."""
    clock = asyncio.get_running_loop().time
    ends_at = clock() + backend.limits.call_s
    while True:
        try:
            async with asyncio.timeout(backend.limits.call_s):
                return await repeat_aio(lambda left_s: _begin(backend, request, left_s), backend.limits.picture_s)
        except TimeoutError:
            raise default_problem(grpc.StatusCode.DEADLINE_EXCEEDED) from None
        except grpc.aio.AioRpcError as error:
            if error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED or clock() >= ends_at:
                raise
            await asyncio.sleep(random.uniform(RETRY_S, 3 * RETRY_S))


async def _begin(backend: Backends, request: pb.GetPhotoRequest, timeout_s: float) -> tuple[Any, pb.PhotoHeader]:
    call = backend.photos.GetPhoto(request, timeout=timeout_s)
    try:
        first = await call.read()
        if not isinstance(first, pb.GetPhotoResponse) or first.WhichOneof("part") != "header":
            raise internal_problem()
    except BaseException:
        call.cancel()
        raise
    return call, first.header


async def _chunks(call: Any) -> AsyncIterator[bytes]:
    """Cancels the call when the reader goes away."""
    try:
        while (message := await call.read()) is not grpc.aio.EOF:
            yield message.chunk
    finally:
        call.cancel()
