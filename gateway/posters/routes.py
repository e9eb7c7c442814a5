"""The poster of an event, to print and to show."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

import grpc
from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from gateway.backends.channels import Backends
from gateway.errors.from_grpc import has_reason
from gateway.errors.openapi import SIGNED, problems
from gateway.events.counts import AWAY
from gateway.http.authentication import Signed
from gateway.http.site import public_origin
from gateway.photos.file_names import content_disposition, make_poster_name
from gateway.posters.layout import Logo, Poster
from gateway.posters.pdf import draw_pdf, find_missing
from gateway.posters.svg import draw_svg
from protos.auth.v1 import auth_pb2 as pb
from protos.matcher.v1 import photo_pb2

PDF, SVG = "application/pdf", "image/svg+xml"
MISSING = "x-unprintable"
MISSING_HELP = "Only where no font has some signs of the name, which are boxes on the page: `U+12000 U+182E`."
FILE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
ERRORS = problems("invalid_argument", "organiser_only", "event_not_found", *SIGNED)

Download = Annotated[bool, Query(description="a file to be saved, instead of a picture to be shown")]
Version = Annotated[str, Query(max_length=64, description="ignored; a new value makes caches fetch the poster again")]

router = APIRouter(prefix="/api/events/{event_id}", tags=["events"])


@router.get(
    "/poster.pdf",
    response_class=Response,
    responses={
        200: {
            "description": "One page, A4.",
            "content": {PDF: FILE},
            "headers": {MISSING: {"description": MISSING_HELP, "schema": {"type": "string"}}},
        },
        **ERRORS,
    },
)
async def get_poster_pdf(
    event_id: UUID, request: Request, backend: Signed, download: Download = False, v: Version = ""
) -> Response:
    """The poster for printing: the code as QR code and text, the address, and instructions in English and French.

    If the name has characters that cannot be printed, the SVG shows them in the fonts of the device.
    """
    return await _answer(event_id, request, backend, draw_pdf, PDF, download)


@router.get(
    "/poster.svg",
    response_class=Response,
    responses={200: {"description": "One page, A4.", "content": {SVG: FILE}}, **ERRORS},
)
async def get_poster_svg(
    event_id: UUID, request: Request, backend: Signed, download: Download = False, v: Version = ""
) -> Response:
    """The same poster as a picture, for screens and for editing."""
    return await _answer(event_id, request, backend, draw_svg, SVG, download)


async def _answer(
    event_id: UUID,
    request: Request,
    backend: Backends,
    draw: Callable[[Poster], bytes],
    media_type: str,
    download: bool,
) -> Response:
    event = (await backend.auth.GetEvent(pb.GetEventRequest(event_id=str(event_id)))).event
    logo = await _find_logo(backend, event_id)
    url = f"{public_origin(request)}{request.scope.get('root_path', '')}/e/{event.event_code}"
    poster = Poster(event.name, event.event_code, url, logo)
    body = await run_in_threadpool(draw, poster)
    name = make_poster_name(event.name, media_type)
    headers = {"Content-Disposition": content_disposition(name, download), "Cache-Control": "private, no-cache"}
    if media_type == PDF and (missing := await run_in_threadpool(find_missing, poster)):
        headers[MISSING] = " ".join(f"U+{ord(sign):04X}" for sign in missing)
    return Response(body, media_type=media_type, headers=headers)


async def _find_logo(backend: Backends, event_id: UUID) -> Logo | None:
    """The logo; None also if it is unavailable, since the poster is complete without it."""
    try:
        answer = await backend.photos.GetLogo(photo_pb2.GetLogoRequest(event_id=str(event_id)))
    except grpc.aio.AioRpcError as error:
        if error.code() in AWAY or has_reason(error, "logo_not_found") or has_reason(error, "event_not_found"):
            return None
        raise
    return Logo(answer.image, answer.logo.width, answer.logo.height) if answer.image else None
