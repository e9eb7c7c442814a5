"""All data of the caller as one ZIP archive: JSON for programs, and the selfies as files."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import grpc
from fastapi import APIRouter, Request, Response
from google.protobuf.message import Message

from gateway.accounts.memberships import ROLES
from gateway.backends.channels import Backends
from gateway.backends.pages import paginate
from gateway.enums import names_of
from gateway.errors.from_grpc import has_reason
from gateway.errors.openapi import BINARY, SIGNED, problems
from gateway.http.authentication import Signed
from gateway.photos.archive_entries import Entry, SelfieFile
from gateway.photos.archive_stream import MEDIA_TYPE, Asked, send_archive
from gateway.photos.file_names import EXTENSIONS
from gateway.photos.zip_records import StoredFile
from gateway.selfies.schemas import REJECTIONS
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import matcher_pb2, photo_pb2
from protos.selfie.v1 import selfie_pb2

FILE_NAME = "my-data.zip"
PAGE_SIZE = 200
SELFIE_STATES = names_of(selfie_pb2.SelfieState)

router = APIRouter(prefix="/api", tags=["accounts"])


@router.head("/me/export", include_in_schema=False)
@router.get(
    "/me/export",
    response_class=Response,
    responses={
        200: {"description": "The archive.", "content": {MEDIA_TYPE: BINARY}},
        **problems("user_not_found", *SIGNED),
    },
)
async def export_me(backend: Signed, request: Request) -> Response:
    """All data of the caller: `account.json` (with memberships), `consents.json`, `people.json`,
    `photos.json` (the photos that show them or that they added, with ids and times) and the selfies. Times are ISO 8601
    in UTC. Face encodings are not included."""
    user = await backend.auth.GetUser(auth_pb2.GetUserRequest())
    consents = (await backend.auth.ListConsents(auth_pb2.ListConsentsRequest())).consents
    people = (await backend.selfie.ListRecords(selfie_pb2.ListRecordsRequest())).people
    matches = [photo async for photo in _list_matches(backend, people)]
    uploads = [photo for membership in user.memberships async for photo in _list_uploads(backend, membership.event_id)]
    modified = user.create_time.ToDatetime(tzinfo=UTC)
    documents = {
        "account.json": _show_account(user),
        "consents.json": [_show_consent(consent) for consent in consents],
        "people.json": [_show_person(person) for person in people],
        "photos.json": {"of_me": matches, "added_by_me": uploads},
    }
    entries = [_document(name, document, modified) for name, document in documents.items()]
    entries += [_selfie(person, selfie) for person in people for selfie in person.selfies if selfie.image_bytes]
    return await send_archive(backend, Asked(request), FILE_NAME, entries, is_of_photos=False)


async def _list_matches(
    backend: Backends, people: Sequence[selfie_pb2.PersonRecord]
) -> AsyncIterator[dict[str, object]]:
    for person in people:
        request = matcher_pb2.ListMatchesRequest(page_size=PAGE_SIZE, ascending=True, person_id=person.person_id)
        async for page in paginate(backend.matcher.ListMatches, request):
            for match in page.matches:
                if not match.only_for_everyone:
                    yield {"person_id": person.person_id, **_show_photo(match), "event_name": match.event_name}


async def _list_uploads(backend: Backends, event_id: str) -> AsyncIterator[dict[str, object]]:
    request = photo_pb2.ListUploadsRequest(event_id=event_id, page_size=PAGE_SIZE)
    try:
        async for page in paginate(backend.photos.ListUploads, request):
            for photo in page.photos:
                yield {**_show_photo(photo), "file_name": photo.filename}
    except grpc.aio.AioRpcError as error:
        if not has_reason(error, "event_not_found"):  # the caller waits for admission, or has just left
            raise


def _show_account(user: auth_pb2.GetUserResponse) -> dict[str, object]:
    return {
        "user_id": user.user_id,
        "username": user.username,
        "email": user.email,
        "display_name": user.display_name,
        "organiser": user.organiser,
        "created_at": _show_time(user, "create_time"),
        "memberships": [
            {
                "event_id": membership.event_id,
                "event_name": membership.event_name,
                "role": ROLES.get(membership.role, "guest"),
                "joined_at": _show_time(membership, "join_time"),
                "waiting": membership.waiting,
                "searched": not membership.without_search,
                "notice_email": membership.notice_email,
            }
            for membership in user.memberships
        ],
    }


def _show_consent(consent: auth_pb2.Consent) -> dict[str, object]:
    return {
        "event_id": consent.event_id,
        "version": consent.version,
        "language": consent.language,
        "given_at": _show_time(consent, "give_time"),
        "withdrawn_at": _show_time(consent, "withdraw_time"),
    }


def _show_person(person: selfie_pb2.PersonRecord) -> dict[str, object]:
    return {
        "person_id": person.person_id,
        "name": person.name,
        "consent_version": person.consent_version,
        "created_at": _show_time(person, "create_time"),
        "selfies": [
            {
                "selfie_id": selfie.selfie_id,
                "state": SELFIE_STATES.get(selfie.state),
                "reject_reason": REJECTIONS.get(selfie.reject_reason),
                "created_at": _show_time(selfie, "create_time"),
                "decided_at": _show_time(selfie, "decide_time"),
                "file": _file_name(selfie) if selfie.image_bytes else None,
            }
            for selfie in person.selfies
        ],
    }


def _show_photo(photo: matcher_pb2.Match | photo_pb2.Photo) -> dict[str, object]:
    return {
        "photo_id": photo.photo_id,
        "event_id": photo.event_id,
        "taken_at": _show_time(photo, "take_time"),
        "uploaded_at": _show_time(photo, "create_time"),
    }


def _show_time(message: Message, field: str) -> str | None:
    if not message.HasField(field):
        return None
    moment: datetime = getattr(message, field).ToDatetime(tzinfo=UTC)
    return moment.isoformat(timespec="seconds")


def _document(name: str, content: Any, modified: datetime) -> Entry:
    written = json.dumps(content, indent=2, ensure_ascii=False).encode(errors="replace")
    return Entry(StoredFile(name, len(written), modified), content=written)


def _selfie(person: selfie_pb2.PersonRecord, selfie: selfie_pb2.SelfieRecord) -> Entry:
    modified = selfie.create_time.ToDatetime(tzinfo=UTC)
    file = StoredFile(_file_name(selfie), selfie.image_bytes, modified)
    return Entry(file, selfie=SelfieFile(person.person_id, selfie.selfie_id))


def _file_name(selfie: selfie_pb2.SelfieRecord) -> str:
    return f"selfies/{selfie.selfie_id}.{EXTENSIONS.get(selfie.content_type, 'bin')}"
