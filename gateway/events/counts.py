"""Counts of events from matcher_service, and of their guests from it and selfie_service."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import TypeVar, cast

import grpc

from gateway.backends.channels import Backends
from gateway.errors.from_grpc import has_reason
from gateway.events.schemas import GuestSelfie, PhotoCounts
from protos.matcher.v1 import matcher_pb2, photo_pb2
from protos.selfie.v1 import selfie_pb2

# The service is unavailable, or of the previous version.
AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNIMPLEMENTED)
Answer = TypeVar("Answer")
PREFIX = "GUEST_SELFIE_"


async def read_states(
    backend: Backends, event_ids: Sequence[str], *, count_guests: bool = False
) -> Mapping[str, photo_pb2.IndexState]:
    """Counts from matcher_service. Events that it does not have yet are omitted."""
    if not event_ids:
        return {}
    request = photo_pb2.GetIndexStateRequest(event_ids=event_ids, count_guests=count_guests)
    try:
        answer = await backend.photos.GetIndexState(request)
    except grpc.aio.AioRpcError as error:
        if not has_reason(error, "event_not_found"):
            raise
        known = [await read_states(backend, [event_id]) for event_id in event_ids] if len(event_ids) > 1 else []
        return {event_id: state for states in known for event_id, state in states.items()}
    return {state.event_id: state for state in answer.states}


def count_photos(state: photo_pb2.IndexState) -> PhotoCounts:
    return PhotoCounts(
        pending=state.pending_count,
        indexed=state.indexed_count,
        failed=state.failed_count,
        total=state.pending_count + state.indexed_count + state.failed_count,
    )


async def count_matches(backend: Backends, event_id: str, user_ids: Sequence[str]) -> Mapping[str, int]:
    """The number of photos of each of these users who is a member. Raises AioRpcError."""
    request = matcher_pb2.CountMatchesRequest(event_id=event_id, user_ids=user_ids)
    answer = await backend.matcher.CountMatches(request)
    return {count.user_id: count.photo_count for count in answer.counts}


async def read_selfies(backend: Backends, event_id: str, user_ids: Sequence[str]) -> Mapping[str, GuestSelfie]:
    """Whether members have a selfie that is searched in the event; false for those without consent. Raises
    AioRpcError."""
    request = selfie_pb2.ListSelfieStatesRequest(event_id=event_id, user_ids=user_ids)
    answer = await backend.selfie.ListSelfieStates(request)
    found: dict[str, GuestSelfie] = dict.fromkeys(user_ids, "none")
    for one in answer.selfies:
        name = selfie_pb2.GuestSelfie.Name(one.selfie)
        found[one.user_id] = cast(GuestSelfie, name.removeprefix(PREFIX).lower())
    return found


async def or_nothing(reading: Awaitable[Mapping[str, Answer]]) -> Mapping[str, Answer]:
    """The result, or nothing if the service is unavailable or does not have the event yet: guests are still listed."""
    try:
        return await reading
    except grpc.aio.AioRpcError as error:
        if error.code() in AWAY or has_reason(error, "event_not_found"):
            return {}
        raise
