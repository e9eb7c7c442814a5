"""The picture of a photo: thumb, preview, original."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import grpc
from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse

from gateway.backends import Calls
from gateway.callers import Reader
from gateway.errors import default_problem
from gateway.openapi import SIGNED, problems
from gateway.problems import internal_problem
from kit.retries import repeat_aio
from protos.matcher.v1 import photo_pb2 as pb

VARIANTS = {"thumb": pb.VARIANT_THUMB, "preview": pb.VARIANT_PREVIEW, "original": pb.VARIANT_ORIGINAL}
MAX_AGE_S = 600
SMALL_BYTES = 1024 * 1024
RETRY_S = 0.05

PICTURE: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {"description": "The picture.", "content": {"image/jpeg": {}}},
        304: {"description": "The client has it."},
        **problems("invalid_argument", "photo_not_found", "photo_not_ready", *SIGNED),
    },
}

IfNoneMatch = Annotated[str, Header(description="`ETag` of the picture that the client has")]

router = APIRouter(prefix="/api/photos/{photo_id}", tags=["photos"])


def url_of(photo_id: str, variant: str) -> str:
    return f"/api/photos/{photo_id}/{variant}"


@router.get("/thumb", **PICTURE)
async def get_thumb(photo_id: UUID, to: Reader, if_none_match: IfNoneMatch = "") -> Response:
    """At most 480 pixels on the long edge."""
    return await _show(to, photo_id, "thumb", if_none_match)


@router.get("/preview", **PICTURE)
async def get_preview(photo_id: UUID, to: Reader, if_none_match: IfNoneMatch = "") -> Response:
    """At most 1600 pixels on the long edge."""
    return await _show(to, photo_id, "preview", if_none_match)


@router.get("/original", **PICTURE)
async def get_original(photo_id: UUID, to: Reader, if_none_match: IfNoneMatch = "") -> Response:
    """All pixels, upright."""
    return await _show(to, photo_id, "original", if_none_match)


async def _show(to: Calls, photo_id: UUID, variant: str, if_none_match: str) -> Response:
    call, header = await _open(to, pb.GetPhotoRequest(photo_id=str(photo_id), variant=VARIANTS[variant]))
    tag = f'"{photo_id}-{variant}"'
    headers = {
        "ETag": tag,
        "Cache-Control": f"private, max-age={MAX_AGE_S}",
        "Vary": "Authorization, Cookie",
    }
    if tag in if_none_match or if_none_match.strip() == "*":
        call.cancel()
        return Response(status_code=304, headers=headers)
    headers["Content-Length"] = str(header.size_bytes)
    headers["Content-Disposition"] = f'inline; filename="{photo_id}-{variant}.jpg"'
    media_type = header.content_type if header.content_type.startswith("image/") else "application/octet-stream"
    if header.size_bytes <= SMALL_BYTES:  # read at once: a slow reader holds a socket, not a thread of the service
        picture = b"".join([chunk async for chunk in _chunks(call)])
        if len(picture) != header.size_bytes:
            raise internal_problem()
        return Response(picture, media_type=media_type, headers=headers)
    return StreamingResponse(_chunks(call), media_type=media_type, headers=headers)


async def _open(to: Calls, request: pb.GetPhotoRequest) -> tuple[Any, pb.PhotoHeader]:
    """The call, past its header. A page of thumbs asks for more streams at once than a service holds: waits for one."""
    clock = asyncio.get_running_loop().time
    ends_at = clock() + to.limits.call_s
    while True:
        try:
            async with asyncio.timeout(to.limits.call_s):
                return await repeat_aio(lambda left_s: _begin(to, request, left_s), to.limits.picture_s)
        except TimeoutError:
            raise default_problem(grpc.StatusCode.DEADLINE_EXCEEDED) from None
        except grpc.aio.AioRpcError as error:
            if error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED or clock() >= ends_at:
                raise
            await asyncio.sleep(random.uniform(RETRY_S, 3 * RETRY_S))


async def _begin(to: Calls, request: pb.GetPhotoRequest, timeout_s: float) -> tuple[Any, pb.PhotoHeader]:
    call = to.begin(to.photos.GetPhoto, request, timeout_s)
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
