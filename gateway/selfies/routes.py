"""The guest's selfie, and the progress of its rematches."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, closing
from hashlib import blake2b
from typing import Annotated
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import grpc
from fastapi import APIRouter, Header, Query, Request, Response
from sse_starlette import EventSourceResponse

from gateway.backends.channels import Backends
from gateway.errors.from_grpc import to_problem
from gateway.errors.openapi import FILE_BODY, OTHER, SIGNED, TEXT, files_body, pictures, problems
from gateway.http.authentication import Signed
from gateway.http.limits import MAX_KEY_LENGTH
from gateway.http.ranges import IfNoneMatch, IfRange, Range, cut_picture, is_known, parse_range
from gateway.http.rates import address_of, rates_of
from gateway.http.uploads import FilePolicy, receive_files
from gateway.selfies.person import Person, name_person
from gateway.selfies.schemas import AcceptedRematch, AcceptedSelfie, RematchStatus
from gateway.selfies.status import is_final, read_status
from kit.settings import MB
from protos.selfie.v1 import selfie_pb2 as pb

FIELDS = ("file", "selfie")
IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp", "image/heic", "image/avif")
PRIVATE = {"Cache-Control": "private, no-store"}
PASSING = (503, 504, 429)  # a stream of states outlives these

router = APIRouter(prefix="/api", tags=["selfies"])

IdempotencyKey = Annotated[
    str, Header(max_length=MAX_KEY_LENGTH, description="the same key: the same upload, however often it is sent")
]

Add = Annotated[bool, Query(description="use it together with the current selfies, three at most")]
LastEventId = Annotated[str, Header(description="`id` of the last event received; an EventSource sends it by itself")]


@router.post(
    "/upload-selfie",
    status_code=202,
    responses=problems(
        "invalid_argument",
        "event_closed",
        "user_not_found",
        "idempotency_key_reused",
        "request_in_progress",
        "queue_full",
        "too_many_selfies",
        "person_not_found",
        "consent_withdrawn",
        *SIGNED,
        *FILE_BODY,
    ),
    openapi_extra=files_body("file", several=False),
)
async def upload_selfie(
    request: Request, backend: Signed, idempotency_key: IdempotencyKey = "", person: Person = None, add: Add = False
) -> AcceptedSelfie:
    """Send a selfie. It is stored when this responds; `/api/rematch-status` shows whether it is accepted. It replaces
    the selfies in use or, with `add`, is used together with them."""
    max_bytes = backend.limits.max_selfie_bytes
    if caller := request.scope["caller"]:
        await rates_of(request).hit("selfies", str(caller.user_id))
        await rates_of(request).hit("selfie_mb", str(caller.user_id), cost=_count_mb(request, max_bytes))
        await rates_of(request).hit("address_selfies", address_of(request))
    # Enough is skipped to find a selfie in another field.
    policy = FilePolicy(FIELDS, 1, max_bytes, max_skipped_bytes=max_bytes, memory=request.app.state.selfie_memory)
    image = b""
    async with aclosing(receive_files(request, policy)) as files:
        async for file in files:  # one, and after it the rest of the body
            with closing(file):
                image = b"" if file.reason else await file.read()
    upload = pb.UploadSelfieRequest(
        request_id=make_request_id(idempotency_key), image=image, person_id=name_person(person), is_addition=add
    )
    answer = await backend.selfie.UploadSelfie(upload)
    return AcceptedSelfie(message="Your photos are being looked for.", selfie_id=answer.selfie_id)


@router.get(
    "/rematch-status",
    response_model_exclude_none=True,
    responses=problems("invalid_argument", "person_not_found", *SIGNED),
)
async def get_rematch_status(backend: Signed, person: Person = None) -> RematchStatus:
    """The status of the newest selfie, and the number of photos in which the guest was found."""
    return await _read(backend, person)


@router.get(
    "/rematch-events",
    response_class=EventSourceResponse,
    responses={
        200: {"description": "Each event is a RematchStatus.", "content": {"text/event-stream": TEXT}},
        204: {"description": "The client has the final status: an EventSource does not connect again."},
        **problems("invalid_argument", "person_not_found", *SIGNED),
    },
)
async def follow_rematch_status(backend: Signed, last_event_id: LastEventId = "", person: Person = None) -> Response:
    """The same as server-sent events: one immediately, one for each change; the stream ends with a final status."""
    status = await _read(backend, person)
    if is_final(status) and last_event_id == _event_id(status):
        return Response(status_code=204, headers=PRIVATE)
    return EventSourceResponse(_follow(backend, status, person), ping=15, headers=PRIVATE)


@router.post(
    "/rematch", status_code=202, responses=problems("invalid_argument", "no_active_selfie", "person_not_found", *SIGNED)
)
async def start_rematch(backend: Signed, person: Person = None) -> AcceptedRematch:
    """Match the active selfie again in every event of the caller."""
    await backend.selfie.StartRematch(pb.StartRematchRequest(person_id=name_person(person)))
    return AcceptedRematch(message="Your photos are being looked for again.")


@router.get(
    "/my-selfie",
    response_class=Response,
    responses={
        200: {"description": "The image as uploaded.", "content": pictures(*IMAGE_TYPES)},
        206: {"description": "The part that `Range` requests.", "content": pictures(*IMAGE_TYPES)},
        304: {"description": "The client already has it."},
        **problems("invalid_argument", "range_not_satisfiable", "person_not_found", *SIGNED, no_active_selfie=404),
    },
)
async def get_my_selfie(
    backend: Signed,
    range: Range = "",
    if_range: IfRange = "",
    if_none_match: IfNoneMatch = "",
    person: Person = None,
) -> Response:
    """The guest's own selfie: the first active one, or the pending one if none is active yet."""
    answer = await backend.selfie.GetSelfie(pb.GetSelfieRequest(person_id=name_person(person)))
    media_type = answer.content_type if answer.content_type in IMAGE_TYPES else OTHER
    tag = f'"{blake2b(answer.image, digest_size=12).hexdigest()}"'
    if is_known(if_none_match, tag):
        return Response(status_code=304, headers={**PRIVATE, "ETag": tag})
    status, body, headers = cut_picture(answer.image, parse_range(range), if_range, tag)
    return Response(body, status, media_type=media_type, headers={**PRIVATE, **headers})


@router.delete("/my-selfie", status_code=204, responses=problems("invalid_argument", "person_not_found", *SIGNED))
async def delete_my_selfie(backend: Signed, person: Person = None) -> None:
    """Delete every selfie of the caller or of a person, and make every event forget the face."""
    await backend.selfie.DeleteSelfie(pb.DeleteSelfieRequest(person_id=name_person(person)))


async def _read(backend: Backends, person: UUID | None) -> RematchStatus:
    request = pb.GetRematchStateRequest(person_id=name_person(person))
    return read_status(await backend.selfie.GetRematchState(request))


async def _follow(backend: Backends, status: RematchStatus, person: UUID | None) -> AsyncIterator[dict[str, str]]:
    """Ends before the token expires; a browser then reconnects by itself."""
    ends_at = asyncio.get_running_loop().time() + backend.limits.follow_s
    yield _sse(status)
    while not is_final(status) and asyncio.get_running_loop().time() < ends_at:
        await asyncio.sleep(backend.limits.poll_s)
        try:
            newer = await _read(backend, person)
        except grpc.aio.AioRpcError as error:
            if to_problem(error).status_code in PASSING:
                continue
            return
        if newer != status:
            status = newer
            yield _sse(status)


def _count_mb(request: Request, max_bytes: int) -> int:
    """The size in millions of bytes, at least one; a body without a declared length counts as the largest one."""
    length = request.headers.get("content-length", "")
    announced = int(length) if length.isascii() and length.isdecimal() else max_bytes
    return max(1, round(min(announced, max_bytes) / MB))


def _sse(status: RematchStatus) -> dict[str, str]:
    return {"id": _event_id(status), "data": status.model_dump_json(exclude_none=True)}


def _event_id(status: RematchStatus) -> str:
    """An id that depends only on the status, so that all processes assign the same one."""
    return blake2b(status.model_dump_json().encode(), digest_size=12).hexdigest()


def make_request_id(key: str) -> str:
    """The UUID of a key: the key itself if it is a UUID; a new one if the key is empty."""
    try:
        return str(UUID(key)) if key else str(uuid4())
    except ValueError:
        return str(uuid5(NAMESPACE_URL, key))
