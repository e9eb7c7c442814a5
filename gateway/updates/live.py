"""The live view of events for organisers, couples and photographers: after a change an event is read once for all open
pages with the same view."""

import asyncio
import secrets
from uuid import UUID, uuid4

import grpc
from prometheus_client import Counter

from gateway.backends.channels import Backends
from gateway.backends.interceptors import CALLER, Caller
from gateway.updates.hub import Hub
from gateway.updates.members import list_members
from gateway.updates.pace import Pace
from gateway.updates.page import Stream
from gateway.updates.state import EventState, Versions, make_state, read_counts
from kit.rpc import identity
from kit.rpc.client import ServiceCalls
from kit.rpc.identity import Signer
from kit.telemetry.logs import get_logger
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import photo_pb2

RECHECK_S = 10.0  # while photos are pending, so that the rate falls if none are read
REFUSALS = (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED)
MEMBERSHIP = (auth_pb2.Change.KIND_JOINED, auth_pb2.Change.KIND_LEFT)
EVENT = (auth_pb2.Change.KIND_EVENT_UPDATED, auth_pb2.Change.KIND_EVENT_DELETED)

# The audience of one set of counts: the members of a role; each photographer by itself, who sees only their own photos.
View = int | UUID

log = get_logger()
reads = Counter("updates_event_reads_total", "Reads of the state of an event for its open pages")


class StatePage(Stream):
    """The stream of a page of an event: the newest state that has not been sent. `is_proven`: its token was accepted
    after the last change of its user; `view`: whose counts it was shown then; `opened` is done when the token is first
    accepted or rejected."""

    def __init__(self, caller: identity.Caller, token: str) -> None:
        super().__init__(caller)
        self.token = token
        self.is_proven = False
        self.view: View | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._newest = self._sent = b""

    def end(self) -> None:
        super().end()
        if not self.opened.done():
            self.opened.set_result(None)

    def show(self, state: bytes) -> None:
        if state != self._newest:
            self._newest = state
            self._wake.set()

    def _begin(self) -> bytes:
        return self._take()

    def _take(self) -> bytes:
        if self._sent == self._newest:
            return b""
        self._sent = self._newest
        return b"event: state\ndata: " + self._sent + b"\n\n"


class Watched:
    """An event with open pages. `members`: None while unknown, `joined`: since the first page was opened."""

    def __init__(self, event_id: UUID, version: str) -> None:
        self.event_id = event_id
        self.pages: list[StatePage] = []
        self.members: set[str] | None = None
        self.joined: set[str] = set()
        self.is_listed = False
        self.versions = Versions(event=version, photos=version, guests=version)
        self.pace = Pace()
        self.is_stale = False
        self.task: asyncio.Task[None] | None = None
        self.recheck: asyncio.TimerHandle | None = None

    def may_have(self, user_id: str) -> bool:
        return self.members is None or user_id in self.members


class Live:
    """The events with open pages. All calls are made in one event loop."""

    def __init__(self, backends: Backends, signer: Signer, hub: Hub) -> None:
        self._backends = backends
        self._calls = ServiceCalls(signer, "auth")
        self._hub = hub
        self._pause_s = backends.limits.state_s
        self._events: dict[str, Watched] = {}
        self._boot_id = secrets.token_hex(4)
        self._number = 0
        self._is_away = False

    async def open(self, event_id: UUID, caller: identity.Caller, token: str) -> StatePage:
        """Opens a page that has a state. Raises Problem, and AioRpcError if the services refuse its token."""
        page = StatePage(caller, token)
        self._hub.register(page)
        watched = self._events.get(str(event_id))
        if watched is None:
            watched = self._events[str(event_id)] = Watched(event_id, self._next_version())
        watched.pages.append(page)
        self._refresh(watched)
        try:
            await page.opened
        except BaseException:
            self.close(event_id, page)
            raise
        return page

    def close(self, event_id: UUID, page: StatePage) -> None:
        self._hub.close(page)
        watched = self._events[str(event_id)]
        watched.pages.remove(page)
        if not watched.pages:
            del self._events[str(event_id)]
            if watched.recheck:
                watched.recheck.cancel()
            if watched.task:
                watched.task.cancel()

    def change_all(self) -> None:
        """Reads all events again, because hints may be lost."""
        for watched in self._events.values():
            watched.is_listed = False
            self._change(watched, "event", "photos", "guests")

    def change_photos(self, event_id: str, user_ids: object) -> None:
        """`user_ids`: guests whose photos have changed."""
        if watched := self._events.get(event_id):
            self._change(watched, "photos", *(["guests"] if user_ids else []))

    def change_selfie(self, user_id: str) -> None:
        for watched in self._events.values():
            if watched.may_have(user_id):
                self._change(watched, "guests")

    def change_members(self, change: auth_pb2.Change) -> None:
        """Handles any change of auth_service's feed."""
        if change.kind == auth_pb2.Change.KIND_USER_ERASED:
            self.change_selfie(change.user_id)
        elif watched := self._events.get(change.event_id):
            if change.kind in EVENT:
                self._change(watched, "event", "guests")
            elif change.kind in MEMBERSHIP:
                self._doubt(watched, change.user_id)
                self._change(watched, "guests")
            elif change.kind == auth_pb2.Change.KIND_WAITING:
                watched.is_listed = False
                self._change(watched, "guests")

    def _doubt(self, watched: Watched, user_id: str) -> None:
        """Has the token of a user verified again, who may no longer be an organiser of the event."""
        watched.joined.add(user_id)
        if watched.members is not None:
            watched.members.add(user_id)
        for page in watched.pages:
            if str(page.user_id) == user_id:
                page.is_proven = False

    def _change(self, watched: Watched, *kinds: str) -> None:
        watched.versions = watched.versions.model_copy(update=dict.fromkeys(kinds, self._next_version()))
        self._refresh(watched)

    def _next_version(self) -> str:
        self._number += 1
        return f"{self._boot_id}-{self._number}"

    def _refresh(self, watched: Watched) -> None:
        """Reads now, or after the pause since the last read."""
        watched.is_stale = True
        if watched.task is None or watched.task.done():
            watched.task = asyncio.create_task(self._read_on(watched))

    async def _read_on(self, watched: Watched) -> None:
        while watched.is_stale:
            watched.is_stale = False
            try:
                await self._read(watched)
                self._is_away = False
            except Exception as error:
                watched.is_stale = True
                self._warn(error)
            await asyncio.sleep(self._pause_s)

    async def _read(self, watched: Watched) -> None:
        """Reads with the token of each page whose token is unproven, and with that of one page of each view."""
        if not watched.is_listed:
            await self._list_members(watched)
        seen: set[View | None] = set()
        is_busy = False
        pages = [page for page in watched.pages if not page.is_over]
        for page in sorted(pages, key=lambda page: page.is_proven):
            if page.is_proven and page.view in seen:
                continue
            versions, page.is_proven = watched.versions, True
            CALLER.set(Caller(uuid4().hex, page.token))
            reads.inc()
            try:
                counted = await read_counts(self._backends, watched.event_id)
            except grpc.aio.AioRpcError as error:
                self._refuse(watched, page, error)
                continue
            page.view = _view_of(page, counted[0])
            seen.add(page.view)
            is_busy |= counted[1].pending_count > 0
            state = make_state(counted, _pace_of(watched, page.view, counted[1]), versions)
            self._show(watched, page.view, state)
            if not page.opened.done():
                page.opened.set_result(None)
        if seen:
            self._recheck(watched, is_busy)

    def _show(self, watched: Watched, view: View, state: EventState) -> None:
        shown = state.model_dump_json().encode()
        for page in watched.pages:
            if page.is_proven and page.view == view:
                page.show(shown)

    def _refuse(self, watched: Watched, page: StatePage, error: grpc.aio.AioRpcError) -> None:
        """Raises errors that do not concern the page, unless it is only being opened."""
        watched.is_stale = True
        page.is_proven = False
        if not page.opened.done():
            page.opened.set_exception(error)
            page.end()
        elif error.code() in REFUSALS:
            page.end()
        else:
            raise error

    def _recheck(self, watched: Watched, is_busy: bool) -> None:
        if watched.recheck:
            watched.recheck.cancel()
            watched.recheck = None
        if is_busy:
            watched.recheck = asyncio.get_running_loop().call_later(RECHECK_S, self._refresh, watched)

    async def _list_members(self, watched: Watched) -> None:
        """Reads the members, because a selfie's update names only its user; until then, any user may be a guest."""
        watched.members, watched.is_listed = None, True
        try:
            user_ids = await list_members(self._backends, self._calls, str(watched.event_id))
        except grpc.aio.AioRpcError:  # a service of an earlier version, or an outage: retried after the next change
            watched.is_listed = False
        else:
            watched.members = watched.joined.union(user_ids)

    def _warn(self, error: Exception) -> None:
        """Logs once per outage; any fault is retried."""
        if not isinstance(error, grpc.aio.AioRpcError):
            log.exception("The state of an event could not be read and will be read again.", action="state_failed")
        elif not self._is_away:
            log.warning("The state of an event cannot be read.", action="state_waits", code=error.code().name)
        self._is_away = True


def _view_of(page: StatePage, event: auth_pb2.Event) -> View:
    return page.user_id if event.role == auth_pb2.ROLE_PHOTOGRAPHER else int(event.role)


def _pace_of(watched: Watched, view: View, photos: photo_pb2.IndexState) -> Pace:
    """The pace for views of all photos; it is not measured for each photographer."""
    pace = Pace() if isinstance(view, UUID) else watched.pace
    now = asyncio.get_running_loop().time()
    pace.note(now, photos.indexed_count + photos.failed_count, photos.pending_count)
    return pace
