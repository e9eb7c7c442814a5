"""Client of matcher_service: hints about guests' photos, and their counts."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import grpc

from auth_service.mails import PhotoCounts
from kit.errors import ServiceUnavailable
from kit.rpc.client import ServiceCalls
from protos.matcher.v1 import matcher_pb2 as pb
from protos.matcher.v1.matcher_pb2_grpc import MatcherServiceStub

CALL_S = 10.0
# When a stream ends, every waiting guest is checked again, which also recovers from silently lost hints.
WATCH_S = 600.0


class MatchFeed:
    """Receives hints and counts over one channel."""

    def __init__(self, channel: grpc.Channel, calls: ServiceCalls) -> None:
        self._stub = MatcherServiceStub(channel)
        self._calls = calls

    def watch(self) -> Iterator[tuple[UUID, Sequence[UUID]] | None]:
        """Yields None first, since earlier changes may have been missed, then the hints of one stream until it ends.
        Raises ServiceUnavailable."""
        try:
            stream = self._stub.WatchMatches(pb.WatchMatchesRequest(), timeout=WATCH_S, metadata=self._calls.metadata())
            for hint in stream:
                if not hint.event_id:
                    yield None
                elif not hint.event_deleted:
                    yield UUID(hint.event_id), [UUID(user_id) for user_id in hint.user_ids]
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
                raise ServiceUnavailable from error

    def count(self, event_id: UUID, user_ids: Sequence[UUID]) -> PhotoCounts:
        """Counts the photos of an event and those of the given guests. Raises ServiceUnavailable."""
        request = pb.CountMatchesForNoticesRequest(
            event_id=str(event_id), user_ids=[str(user_id) for user_id in user_ids]
        )
        try:
            answer = self._calls.send(self._stub.CountMatchesForNotices, request, CALL_S)
        except grpc.RpcError as error:
            raise ServiceUnavailable from error
        return PhotoCounts(
            of_each={UUID(count.user_id): count.photo_count for count in answer.counts},
            for_everyone=answer.everyone_count,
            total=answer.total_count,
            released=answer.released,
        )
