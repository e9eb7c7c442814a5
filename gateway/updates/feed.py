"""Follows the changes of the services: one stream or long poll of each per process, for any number of pages."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import grpc
from prometheus_client import Counter

from gateway.backends.channels import Backends
from gateway.updates.hub import Hub
from gateway.updates.live import Live
from gateway.updates.members import list_members
from gateway.updates.page import SPREAD_S, Hint
from gateway.updates.schemas import Kind
from kit.rpc.client import ServiceCalls
from kit.rpc.ended import Endings
from kit.rpc.identity import Signer
from kit.telemetry.logs import get_logger
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import matcher_pb2
from protos.selfie.v1 import selfie_pb2

BACKOFF_S = 1.0
POLL_S = 15.0
PAGES_PER_S = 100  # rate at which pages read again after one change of an event
OVERLAP_S = 40.0  # of a stream and the next one, at most
EMPTY_S = 0.1  # after an empty response, which a stopping service returns immediately

log = get_logger()
watches = Counter("updates_watches_total", "Streams of changes that began", ["what"])


class Feed:
    """Follows the services until it is cancelled, and notifies the open pages: the hub, and the live view of events."""

    def __init__(self, backends: Backends, signer: Signer, hub: Hub, live: Live) -> None:
        self._backends = backends
        self._calls = {name: ServiceCalls(signer, name) for name in ("auth", "selfie", "matcher")}
        self._hub = hub
        self._live = live
        self._unavailable: set[str] = set()
        self._call_s = backends.limits.call_s
        self._rotate_s = backends.limits.rotate_s

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch("matches", self._open_matches, self._on_match))
            tasks.create_task(self._watch("selfies", self._open_selfies, self._on_selfie))
            tasks.create_task(self._follow_changes())
            tasks.create_task(self._follow_endings())

    def _open_matches(self) -> Any:
        return self._open("matcher", self._backends.matcher.WatchMatches, matcher_pb2.WatchMatchesRequest())

    def _open_selfies(self) -> Any:
        return self._open("selfie", self._backends.selfie.WatchSelfies, selfie_pb2.WatchSelfiesRequest())

    def _open(self, callee: str, method: Any, request: Any) -> Any:
        return method(request, metadata=self._calls[callee].metadata(), timeout=self._rotate_s + OVERLAP_S)

    async def _watch(self, what: str, open_stream: Callable[[], Any], handle: Callable[[Any], None]) -> None:
        """Opens one stream after the other. If one ends before the next has begun, hints may be lost."""
        reading: asyncio.Task[None] | None = None
        while True:
            stream = await self._start(what, open_stream)
            if stream is None:
                await asyncio.sleep(BACKOFF_S)
                continue
            if reading is None or reading.done():
                self._hub.reload_all()
                self._live.change_all()
            else:
                reading.cancel()
            watches.labels(what).inc()
            reading = asyncio.create_task(self._read(what, stream, handle))
            await asyncio.wait({reading}, timeout=self._rotate_s)
            if reading.done():
                await asyncio.sleep(BACKOFF_S)

    async def _start(self, what: str, open_stream: Callable[[], Any]) -> Any:
        """Returns a stream that has begun, or None."""
        stream = open_stream()
        try:
            async with asyncio.timeout(self._call_s):
                if await stream.read() is not grpc.aio.EOF:
                    self._unavailable.discard(what)
                    return stream
        except Exception as error:
            self._warn(what, error)
        stream.cancel()
        return None

    async def _read(self, what: str, stream: Any, handle: Callable[[Any], None]) -> None:
        try:
            while (response := await stream.read()) is not grpc.aio.EOF:
                handle(response)
        except Exception as error:
            self._warn(what, error)
        finally:
            stream.cancel()

    async def _follow_changes(self) -> None:
        """Polls the change feed, which is read from a cursor and, unlike the streams, loses no change."""
        place: int | None = None
        while True:
            try:
                place = await self._read_changes(place)
                self._unavailable.discard("events")
            except Exception as error:
                self._warn("events", error)
                await asyncio.sleep(BACKOFF_S)

    async def _read_changes(self, after: int | None) -> int:
        """Returns the position of the last change; with None, at the start, no changes are read."""
        wait_s = 0 if after is None else POLL_S
        request = auth_pb2.ListChangesRequest(newest=after is None, after=after or 0)
        request.wait.FromTimedelta(timedelta(seconds=wait_s))
        timeout_s = wait_s + self._call_s
        answer = await self._backends.auth.ListChanges(
            request, metadata=self._calls["auth"].metadata(), timeout=timeout_s
        )
        changes = answer.changes if after is not None else ()
        for change in changes:
            self._on_change(change)
        updated = [change.event_id for change in changes if change.kind == auth_pb2.Change.KIND_EVENT_UPDATED]
        for event_id in dict.fromkeys(updated):
            await self._notify_members(event_id)
        if not answer.changes:
            await asyncio.sleep(EMPTY_S)
            return after or 0
        return int(answer.changes[-1].sequence)

    async def _follow_endings(self) -> None:
        """Follows the list of ended sessions, including those that ended before this process started."""
        place = 0
        while True:
            request = auth_pb2.ListEndedSessionsRequest(after=place)
            request.wait.FromTimedelta(timedelta(seconds=POLL_S))
            method, timeout_s = self._backends.auth.ListEndedSessions, POLL_S + self._call_s
            try:
                answer = await method(request, metadata=self._calls["auth"].metadata(), timeout=timeout_s)
                ids = tuple(UUID(one.session_id or one.user_id) for one in answer.sessions)
                self._hub.end_sessions(Endings(ids, answer.place))
                self._unavailable.discard("sessions")
            except Exception as error:
                self._warn("sessions", error)
                await asyncio.sleep(BACKOFF_S)
                continue
            if answer.place == place:
                await asyncio.sleep(EMPTY_S)
            place = answer.place

    async def _notify_members(self, event_id: str) -> None:
        """Notifies the members of an event, since the change feed does not name them. If their list cannot be read, the
        changes are read again."""
        try:
            user_ids = await list_members(self._backends, self._calls["auth"], event_id)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNIMPLEMENTED:  # a service of the previous version
                raise
            return
        within_s = min(SPREAD_S, len(user_ids) / PAGES_PER_S)
        for user_id in user_ids:
            self._hub.publish(Hint(Kind.EVENTS, UUID(user_id), event_id, within_s))

    def _warn(self, what: str, error: Exception) -> None:
        """Logs once per outage; the feed continues after any fault."""
        if not isinstance(error, grpc.aio.AioRpcError | TimeoutError):
            log.exception("Reading changes failed and will be retried.", action="updates_failed", what=what)
        elif what not in self._unavailable:
            code = error.code().name if isinstance(error, grpc.aio.AioRpcError) else "TIMEOUT"
            log.warning("A service's changes cannot be read.", action="updates_wait", what=what, code=code)
        self._unavailable.add(what)

    def _on_match(self, response: Any) -> None:
        self._live.change_photos(response.event_id, response.user_ids)
        kind = Kind.EVENTS if response.event_deleted else Kind.PHOTOS
        for user_id in response.user_ids:
            self._hub.publish(Hint(kind, UUID(user_id), response.event_id))

    def _on_selfie(self, response: Any) -> None:
        for user_id in response.user_ids:
            self._hub.publish(Hint(Kind.SELFIE, UUID(user_id)))
            self._live.change_selfie(user_id)

    def _on_change(self, change: Any) -> None:
        """The guests of a deleted event are notified by matcher_service, which still lists them."""
        self._live.change_members(change)
        if change.kind == auth_pb2.Change.KIND_USER_ERASED:
            self._hub.end_user(UUID(change.user_id))
        elif change.kind in (auth_pb2.Change.KIND_JOINED, auth_pb2.Change.KIND_LEFT):
            self._hub.publish(Hint(Kind.EVENTS, UUID(change.user_id), change.event_id))


async def stop(*tasks: "asyncio.Task[Any]") -> None:
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
