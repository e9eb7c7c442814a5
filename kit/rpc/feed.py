"""The client of the change feed: long polls for changes and for ended sessions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

import grpc
from google.protobuf.duration_pb2 import Duration

from kit.errors import ServiceUnavailable
from kit.rpc.client import ServiceCalls
from kit.rpc.ended import Endings

CALL_S = 5.0  # in addition to the time that a long poll may wait

AnyChange = TypeVar("AnyChange")


class FeedClient(Generic[AnyChange]):
    """Reads from auth_service: its `stub`, and the module with its `messages`. `convert` turns the message of a change
    into the follower's own type."""

    def __init__(self, stub: Any, messages: Any, calls: ServiceCalls, convert: Callable[[Any], AnyChange]) -> None:
        self._stub = stub
        self._messages = messages
        self._calls = calls
        self._convert = convert

    def fetch(self, after: int, wait_s: float) -> list[AnyChange]:
        """The changes after a position, as soon as there are any; empty after `wait_s`. Raises ServiceUnavailable."""
        response = self._poll(self._stub.ListChanges, self._messages.ListChangesRequest, after, wait_s)
        return [self._convert(change) for change in response.changes]

    def fetch_endings(self, after: int, wait_s: float) -> Endings:
        """Sessions and users that ended after a position, as soon as there are any. Raises ServiceUnavailable."""
        response = self._poll(self._stub.ListEndedSessions, self._messages.ListEndedSessionsRequest, after, wait_s)
        return Endings(tuple(UUID(one.session_id or one.user_id) for one in response.sessions), response.place)

    def _poll(self, method: Callable[..., Any], make_request: Callable[..., Any], after: int, wait_s: float) -> Any:
        wait = Duration()
        wait.FromTimedelta(timedelta(seconds=wait_s))
        try:
            return self._calls.send(method, make_request(after=after, wait=wait), wait_s + CALL_S)
        except grpc.RpcError as error:
            raise ServiceUnavailable from error
