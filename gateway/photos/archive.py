"""All photos of a guest in one event, as one ZIP archive of the originals."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import grpc
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from gateway.backends.channels import Backends
from gateway.errors.from_grpc import has_reason
from gateway.errors.openapi import BINARY, SIGNED, problems
from gateway.errors.problem import Problem
from gateway.http.admission import Limiters
from gateway.http.authentication import Signed
from gateway.http.ranges import NOWHERE
from gateway.photos.file_names import content_disposition, make_archive_name, make_file_name
from gateway.photos.transfer import read_part
from gateway.photos.zip_stream import StoredFile, measure_archive, write_archive
from protos.matcher.v1 import matcher_pb2
from protos.matcher.v1 import photo_pb2 as pb

MEDIA_TYPE = "application/zip"
PAGE_SIZE = 200
PART_BYTES = 1024 * 1024
CHUNK_BYTES = 256 * 1024

ARCHIVE: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {"description": "The archive.", "content": {MEDIA_TYPE: BINARY}},
        **problems("invalid_argument", "event_not_found", "photo_not_found", "photo_not_ready", *SIGNED),
    },
}

router = APIRouter(prefix="/api", tags=["photos"])


class PhotoChanged(Exception):
    """A photo is not the one any more whose size was announced."""


@dataclass(frozen=True)
class Original:
    """A photo of an archive: the picture of this version, and the file that it becomes."""

    photo_id: str
    version: str
    file: StoredFile


@router.head("/my-photos.zip", include_in_schema=False)
@router.get("/my-photos.zip", **ARCHIVE)
async def download_my_photos(event_id: UUID, backend: Signed, request: Request) -> Response:
    """The originals of all photos that the caller is in, in one event, as a ZIP archive without compression. The
    connection is cut where a photo is deleted while the archive is sent, and where the access token ends before that:
    ask for the archive again, with a fresh token."""
    matches = [match async for match in _list_matches(backend, event_id)]
    originals = [original for match in matches if (original := await _find_original(backend, match))]
    if not originals:
        raise Problem(404, "photo_not_found", "There is no photo of you in this event.")
    files = [original.file for original in originals]
    archive_name = make_archive_name(matches[0].event_name)
    headers = {
        "Content-Disposition": content_disposition(archive_name, as_attachment=True),
        "Content-Length": str(measure_archive(files)),
    }
    if request.method == "HEAD":
        return Response(media_type=MEDIA_TYPE, headers=headers)
    limiters = request.app.state.limiters
    pieces = write_archive(files, lambda place: _read_original(backend, limiters, originals[place]))
    first = await anext(pieces)  # an unavailable service is a problem, not half an archive
    return StreamingResponse(_resume(first, pieces), media_type=MEDIA_TYPE, headers=headers)


async def _list_matches(backend: Backends, event_id: UUID) -> AsyncIterator[matcher_pb2.Match]:
    page = matcher_pb2.ListMatchesRequest(event_id=str(event_id), page_size=PAGE_SIZE, ascending=True)
    while True:
        answer = await backend.matcher.ListMatches(page)
        for match in answer.matches:
            yield match
        if not answer.next_page_token:
            return
        page.page_token = answer.next_page_token


async def _find_original(backend: Backends, match: matcher_pb2.Match) -> Original | None:
    """None for a photo that is gone since it was listed. Of photos of earlier versions the picture itself is asked for
    its size."""
    version, size_bytes = match.original_version, match.original_bytes
    if not size_bytes:
        request = pb.GetPhotoRequest(photo_id=match.photo_id, variant=pb.VARIANT_ORIGINAL, offset=NOWHERE)
        try:
            header, _ = await read_part(backend, request)
        except grpc.aio.AioRpcError as error:
            if has_reason(error, "photo_not_found"):
                return None
            raise
        version, size_bytes = header.version, header.picture_bytes
    name = make_file_name(match.event_name, match.number, match.photo_id, "image/jpeg")
    return Original(match.photo_id, version, StoredFile(name, size_bytes, _wall_clock(match)))


def _wall_clock(match: matcher_pb2.Match) -> datetime:
    """What the camera showed, or else when it was uploaded, in UTC."""
    if not match.HasField("take_time"):
        return match.create_time.ToDatetime(tzinfo=UTC)
    return match.take_time.ToDatetime(tzinfo=UTC) + timedelta(minutes=match.take_offset_min)


async def _read_original(backend: Backends, limiters: Limiters, original: Original) -> AsyncIterator[bytes]:
    """In parts, so that neither a slow reader nor a service that restarts ends it. Raises PhotoChanged."""
    done, size_bytes = 0, original.file.size_bytes
    while done < size_bytes:
        request = pb.GetPhotoRequest(
            photo_id=original.photo_id, variant=pb.VARIANT_ORIGINAL, offset=done, length=PART_BYTES
        )
        async with limiters.archive_parts:
            header, part = await read_part(backend, request)
        if (header.version, header.picture_bytes) != (original.version, size_bytes) or not part:
            raise PhotoChanged
        for start in range(0, len(part), CHUNK_BYTES):
            yield part[start : start + CHUNK_BYTES]
        done += len(part)


async def _resume(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece
