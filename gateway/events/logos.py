"""The logo of an event, which guests see next to the photographer's name."""

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from gateway.errors.openapi import BINARY, FILE_BODY, SIGNED, pictures, problems
from gateway.http.authentication import Signed
from gateway.http.body import read_body
from gateway.http.ranges import IfNoneMatch, is_known
from gateway.http.site import root_of
from gateway.photos.pictures import MAX_AGE_S, MAX_VERSION_LENGTH, VERSIONED_MAX_AGE_S
from protos.matcher.v1 import photo_pb2 as pb

MAX_LOGO_BYTES = 1_000_000
PNG = "image/png"
ORGANISED = ("invalid_argument", "organiser_only", "event_not_found", *SIGNED)
# The format is detected from the bytes; this is the media type that client generators support.
BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": BINARY}}}
PICTURE: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {"description": "The logo.", "content": pictures(PNG)},
        304: {"description": "The client already has it."},
        **problems("invalid_argument", "event_not_found", "logo_not_found", *SIGNED),
    },
}

Version = Annotated[
    str,
    Query(max_length=MAX_VERSION_LENGTH, description="the version of the logo: browsers cache it while it is current"),
]

router = APIRouter(prefix="/api/events/{event_id}", tags=["events"])


class Logo(BaseModel):
    url: str = Field(description="changes with the logo")
    width: int
    height: int


def logo_url(event_id: str, version: str, root: str = "") -> str | None:
    """None if there is no logo."""
    return f"{root}/api/events/{event_id}/logo?v={quote(version, safe='')}" if version else None


@router.put(
    "/logo",
    responses=problems("unreadable_logo", *(set(FILE_BODY) - {"malformed_multipart", "empty_body"}), *ORGANISED),
    openapi_extra=BODY,
)
async def set_logo(event_id: UUID, request: Request, backend: Signed) -> Logo:
    """Set or replace the logo of the event: a PNG, JPEG or WebP of at most 1 MB, as the body. It is kept as a PNG of
    at most 480 x 160 pixels on white, without metadata."""
    image = b"".join([chunk async for chunk in read_body(request, MAX_LOGO_BYTES)])
    answer = await backend.photos.SetLogo(pb.SetLogoRequest(event_id=str(event_id), image=image))
    url = logo_url(str(event_id), answer.logo.version, root_of(request)) or ""
    return Logo(url=url, width=answer.logo.width, height=answer.logo.height)


@router.head("/logo", include_in_schema=False)
@router.get("/logo", **PICTURE)
async def get_logo(event_id: UUID, backend: Signed, v: Version = "", if_none_match: IfNoneMatch = "") -> Response:
    """The logo, for members of the event."""
    answer = await backend.photos.GetLogo(pb.GetLogoRequest(event_id=str(event_id)))
    tag = f'"{event_id}-logo-{answer.logo.version}"'
    headers = {"ETag": tag, "Cache-Control": f"private, max-age={MAX_AGE_S}", "Vary": "Authorization, Cookie"}
    if v and v == answer.logo.version:
        headers = {"ETag": tag, "Cache-Control": f"private, max-age={VERSIONED_MAX_AGE_S}, immutable"}
    if is_known(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    return Response(answer.image, media_type=PNG, headers=headers)


@router.delete("/logo", status_code=204, responses=problems(*ORGANISED))
async def delete_logo(event_id: UUID, backend: Signed) -> None:
    """Remove the logo; succeeds if there is none."""
    await backend.photos.DeleteLogo(pb.DeleteLogoRequest(event_id=str(event_id)))
