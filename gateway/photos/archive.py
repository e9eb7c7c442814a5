"""All photos of a guest in one event, and all photos of an event, as one ZIP archive of the originals."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import grpc
from fastapi import APIRouter, Response

from gateway.backends.channels import Backends
from gateway.errors.from_grpc import has_reason
from gateway.errors.openapi import BINARY, SIGNED, problems
from gateway.errors.problem import Problem
from gateway.http.authentication import Signed
from gateway.http.ranges import NOWHERE
from gateway.photos.archive_entries import Entry
from gateway.photos.archive_stream import MEDIA_TYPE, AskedArchive, send_archive
from gateway.photos.file_names import UploadNames, make_archive_name, make_file_name
from gateway.photos.pictures import download_not_offered
from gateway.photos.transfer import read_part
from gateway.photos.zip_records import StoredFile
from gateway.selfies.person import Person, name_person, require_person
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import matcher_pb2
from protos.matcher.v1 import photo_pb2 as pb

PAGE_SIZE = 200
MISSING = "missing.txt"


def archive(*reasons: str) -> dict[str, Any]:
    """The OpenAPI response of a route that returns an archive."""
    content = {MEDIA_TYPE: BINARY}
    return {
        "response_class": Response,
        "responses": {
            200: {"description": "The archive.", "content": content},
            206: {"description": "The part that `Range` requests.", "content": content},
            **problems(
                "invalid_argument",
                "photo_not_found",
                "photo_not_ready",
                "range_not_satisfiable",
                "download_not_offered",
                *reasons,
            ),
        },
    }


router = APIRouter(prefix="/api", tags=["photos"])


@router.head("/my-photos.zip", include_in_schema=False)
@router.get("/my-photos.zip", **archive("event_not_found", "person_not_found", *SIGNED))
async def download_my_photos(event_id: UUID, backend: Signed, asked: AskedArchive, person: Person = None) -> Response:
    """All photos that `/api/my-photos` lists, in one event, as a ZIP archive without compression: the originals, or
    pictures of at most 1600 pixels if the event offers only those. The access token must be valid when the archive
    begins. If a photo is deleted during the download, the connection is cut: send the request again. `ETag` stays the
    same while the photos do, and `Range` resumes an interrupted download."""
    await require_person(backend, person)
    matches = [match async for match in _list_matches(backend, event_id, person)]
    if any(match.download == matcher_pb2.MATCH_DOWNLOAD_NONE for match in matches):
        raise download_not_offered()
    found = [await _find_offered(backend, match) for match in matches]
    entries = [entry for entry in found if entry]
    if not entries:
        raise Problem(404, "photo_not_found", "There is no photo of you in this event.")
    return await send_archive(backend, asked, make_archive_name(matches[0].event_name), entries)


@router.head("/events/{event_id}/photos.zip", include_in_schema=False)
@router.get("/events/{event_id}/photos.zip", **archive("event_not_found", "organiser_only", *SIGNED))
async def download_event(event_id: UUID, backend: Signed, asked: AskedArchive) -> Response:
    """The originals of all photos of an event, for its organisers, under the names of the uploads, those of guests in a
    folder `guests`, as a ZIP archive like that of `/api/my-photos.zip`. Its file `missing.txt` lists photos that have
    not been read yet or could not be read."""
    event = (await backend.auth.GetEvent(auth_pb2.GetEventRequest(event_id=str(event_id)))).event
    names, names_of_guests, entries, missing = UploadNames(), UploadNames("guests/"), [], []
    async for photo in _list_photos(backend, event_id):
        if photo.state != pb.PHOTO_STATE_INDEXED:
            missing.append(photo)
            continue
        name = (names_of_guests if photo.from_guest else names).add(photo.filename)
        if entry := await _find_original(backend, photo, name):
            entries.append(entry)
    if not entries:
        raise Problem(404, "photo_not_found", "There is no photo in this event that has been read.")
    return await send_archive(backend, asked, make_archive_name(event.name), [*entries, *_tell(missing)])


async def _list_matches(backend: Backends, event_id: UUID, person: UUID | None) -> AsyncIterator[matcher_pb2.Match]:
    page = matcher_pb2.ListMatchesRequest(
        event_id=str(event_id), page_size=PAGE_SIZE, ascending=True, person_id=name_person(person)
    )
    while True:
        answer = await backend.matcher.ListMatches(page)
        for match in answer.matches:
            yield match
        if not answer.next_page_token:
            return
        page.page_token = answer.next_page_token


async def _list_photos(backend: Backends, event_id: UUID) -> AsyncIterator[pb.Photo]:
    page = pb.ListPhotosRequest(event_id=str(event_id), page_size=PAGE_SIZE, ascending=True)
    while True:
        answer = await backend.photos.ListPhotos(page)
        for photo in answer.photos:
            yield photo
        if not answer.next_page_token:
            return
        page.page_token = answer.next_page_token


async def _find_original(backend: Backends, photo: matcher_pb2.Match | pb.Photo, name: str) -> Entry | None:
    """None for a photo deleted since it was listed. The size of photos of earlier versions is read from the picture
    itself."""
    if not photo.original_bytes:
        return await _ask_for(backend, photo, name, pb.VARIANT_ORIGINAL)
    return Entry(StoredFile(name, photo.original_bytes, _wall_clock(photo)), photo.photo_id, photo.original_version)


async def _find_offered(backend: Backends, match: matcher_pb2.Match) -> Entry | None:
    """The picture that a guest may download; None as for `_find_original`."""
    name = make_file_name(match.event_name, match.number, match.photo_id, "image/jpeg")
    if match.download == matcher_pb2.MATCH_DOWNLOAD_PREVIEW:
        return await _ask_for(backend, match, name, pb.VARIANT_PREVIEW)
    return await _find_original(backend, match, name)


async def _ask_for(
    backend: Backends, photo: matcher_pb2.Match | pb.Photo, name: str, variant: pb.Variant
) -> Entry | None:
    request = pb.GetPhotoRequest(photo_id=photo.photo_id, variant=variant, offset=NOWHERE)
    try:
        header, _ = await read_part(backend, request)
    except grpc.aio.AioRpcError as error:
        if has_reason(error, "photo_not_found"):
            return None
        raise
    file = StoredFile(name, header.picture_bytes, _wall_clock(photo))
    return Entry(file, photo.photo_id, header.version, variant=variant)


def _wall_clock(photo: matcher_pb2.Match | pb.Photo) -> datetime:
    """The local time of the camera, else the time of the upload in UTC."""
    if not photo.HasField("take_time"):
        return photo.create_time.ToDatetime(tzinfo=UTC)
    return photo.take_time.ToDatetime(tzinfo=UTC) + timedelta(minutes=photo.take_offset_min)


def _tell(missing: Sequence[pb.Photo]) -> list[Entry]:
    """The list of photos that have no original, if there are any."""
    if not missing:
        return []
    lines = ["These photos of the event are not in this archive:", ""]
    for photo in missing:
        is_failed = photo.state == pb.PHOTO_STATE_FAILED
        lines.append(f"{photo.filename}: {f'could not be read ({photo.reason})' if is_failed else 'not read yet'}")
    content = "\n".join([*lines, ""]).encode(errors="replace")
    modified = max(photo.create_time.ToDatetime(tzinfo=UTC) for photo in missing)
    return [Entry(StoredFile(MISSING, len(content), modified), content=content)]
