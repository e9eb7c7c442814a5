"""The services that selfie_service calls, scripted: the change feed and the matcher."""

from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from threading import Condition, Event
from typing import Any

import grpc

from kit.rpc.timestamps import to_timestamp
from protos.auth.v1 import auth_pb2, auth_pb2_grpc
from protos.matcher.v1 import matcher_pb2, matcher_pb2_grpc
from selfie_service.domain import Change

DONE = matcher_pb2.REMATCH_STATE_DONE
RUNNING = matcher_pb2.REMATCH_STATE_RUNNING
FAILED = matcher_pb2.REMATCH_STATE_FAILED
SUPERSEDED = matcher_pb2.REMATCH_STATE_SUPERSEDED

Answer = Callable[[matcher_pb2.RematchRequest], Iterable[matcher_pb2.RematchResponse]]


class ScriptedFeed(auth_pb2_grpc.AuthServiceServicer):
    """auth_service, reduced to ListChanges."""

    def __init__(self) -> None:
        self.changes: list[auth_pb2.Change] = []
        self.callers: list[str] = []
        self.deadlines: list[float | None] = []
        self.abandoned = 0
        self.unavailable = False
        self.ready = Event()  # while cleared, no call is answered
        self.ready.set()
        self._news = Condition()

    def add(self, change: Change) -> None:
        with self._news:
            self.changes.append(
                auth_pb2.Change(
                    sequence=change.sequence,
                    kind=auth_pb2.Change.Kind.Value(f"KIND_{change.kind.name}"),
                    event_id=str(change.event_id or ""),
                    user_id=str(change.user_id or ""),
                    closed=change.closed,
                    expire_time=to_timestamp(change.expires_at),
                    role=f"ROLE_{change.role.name}",
                    without_search=change.without_search,
                    last_membership=change.last_membership,
                )
            )
            self._news.notify_all()

    def ListChanges(
        self, request: auth_pb2.ListChangesRequest, context: grpc.ServicerContext
    ) -> auth_pb2.ListChangesResponse:
        self.callers.append(_token(context))
        self.deadlines.append(context.time_remaining())
        if self.unavailable:
            context.abort(grpc.StatusCode.UNAVAILABLE, "unavailable")
        while context.is_active() and not self.ready.wait(0.01):
            pass
        self.abandoned += not context.is_active()
        with self._news:
            self._news.wait_for(lambda: len(self.changes) > request.after, request.wait.ToTimedelta().total_seconds())
        return auth_pb2.ListChangesResponse(changes=self.changes[request.after :])


class ScriptedMatcher(matcher_pb2_grpc.MatcherServiceServicer):
    """matcher_service, reduced to Rematch. `answer` scripts the outcome of a request."""

    def __init__(self) -> None:
        self.requests: list[matcher_pb2.RematchRequest] = []
        self.metadata: list[dict[str, str]] = []
        self.deadlines: list[float | None] = []
        self.answer: Answer = _find_nothing
        self.unavailable = False

    def Rematch(
        self, requests: Iterator[matcher_pb2.RematchRequest], context: grpc.ServicerContext
    ) -> Iterator[matcher_pb2.RematchResponse]:
        if self.unavailable:
            context.abort(grpc.StatusCode.UNAVAILABLE, "unavailable")
        self.deadlines.append(context.time_remaining())
        self.metadata.append({key: str(value) for key, value in context.invocation_metadata()})
        for request in requests:
            self.requests.append(request)
            yield matcher_pb2.RematchResponse(rematch_id=request.rematch_id, state=matcher_pb2.REMATCH_STATE_ACCEPTED)
            yield from self.answer(request)


def answer_with(state: matcher_pb2.RematchState, **fields: Any) -> Answer:
    return lambda request: [matcher_pb2.RematchResponse(rematch_id=request.rematch_id, state=state, **fields)]


_find_nothing = answer_with(DONE)


def _token(context: grpc.ServicerContext) -> str:
    metadata = {key: str(value) for key, value in context.invocation_metadata()}
    return metadata["authorization"].removeprefix("Bearer ")


def start_others(feed: ScriptedFeed, matcher: ScriptedMatcher) -> tuple[grpc.Server, grpc.Channel]:
    """Serves the scripted feed and matcher; returns their server and a channel to it."""
    server = grpc.server(futures.ThreadPoolExecutor(8))
    auth_pb2_grpc.add_AuthServiceServicer_to_server(feed, server)
    matcher_pb2_grpc.add_MatcherServiceServicer_to_server(matcher, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, grpc.insecure_channel(f"127.0.0.1:{port}")
