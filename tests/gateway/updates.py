"""A gateway with live updates, scripted services that publish changes, and pages that receive them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from queue import Queue
from threading import Condition
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import grpc
import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client import REGISTRY

from gateway.backends.channels import Addresses
from kit.rpc.identity import USER_ISSUER, Signer
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import matcher_pb2
from protos.selfie.v1 import selfie_pb2
from tests.gateway.world import KEY, LIMITS, USER_ID, Services, running_gateway, running_services
from tests.selfie.world import wait_until

GATEWAY = Signer("gateway", Ed25519PrivateKey.generate())
ONE, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"  # events


class Source:
    """A stream of a service: an empty first response, then the responses that the test sends."""

    def __init__(self, empty: Any) -> None:
        self._empty = empty
        self._streams: list[Queue[Any]] = []

    def __call__(self, _: Any) -> Iterator[Any]:
        queue: Queue[Any] = Queue()
        for replaced in self._streams[:-1]:  # their callers have left, which this thread cannot detect
            replaced.put(None)
        self._streams = [*self._streams[-1:], queue]
        yield self._empty
        while (response := queue.get(timeout=120)) is not None:
            yield response

    def say(self, response: Any) -> None:
        for stream in self._streams:
            stream.put(response)

    def end(self) -> None:
        """Ends all open streams."""
        self.say(None)
        self._streams.clear()


class ChangeFeed:
    """ListChanges of auth_service; one change exists from the start."""

    def __init__(self) -> None:
        self.is_followed = False
        self._changes = [auth_pb2.Change(sequence=1, kind=auth_pb2.Change.KIND_USER_ERASED, user_id=str(USER_ID))]
        self._news = Condition()

    def __call__(self, request: auth_pb2.ListChangesRequest) -> auth_pb2.ListChangesResponse:
        with self._news:
            if request.newest:
                return auth_pb2.ListChangesResponse(changes=self._changes[-1:])
            self.is_followed = True
            self._news.wait_for(lambda: len(self._changes) > request.after, 0.5)
            return auth_pb2.ListChangesResponse(changes=self._changes[request.after :])

    def add(self, kind: auth_pb2.Change.Kind, user_id: UUID | str, event_id: str = "") -> None:
        with self._news:
            sequence = len(self._changes) + 1
            self._changes.append(auth_pb2.Change(sequence=sequence, kind=kind, user_id=str(user_id), event_id=event_id))
            self._news.notify_all()


class EndedList:
    """ListEndedSessions of auth_service, which returns after half a second or when a session ends."""

    def __init__(self) -> None:
        self._ended: list[auth_pb2.EndedSession] = []
        self._news = Condition()
        self.read_count = 0  # the highest position that a caller has read

    def __call__(self, request: auth_pb2.ListEndedSessionsRequest) -> auth_pb2.ListEndedSessionsResponse:
        with self._news:
            self._news.wait_for(lambda: len(self._ended) > request.after, 0.5)
            self.read_count = max(self.read_count, request.after)
            return auth_pb2.ListEndedSessionsResponse(sessions=self._ended[request.after :], place=len(self._ended))

    def add(self, session_id: UUID) -> None:
        self._add(auth_pb2.EndedSession(session_id=str(session_id)))

    def erase(self, user_id: UUID) -> None:
        self._add(auth_pb2.EndedSession(user_id=str(user_id)))

    def _add(self, ending: auth_pb2.EndedSession) -> None:
        with self._news:
            self._ended.append(ending)
            self._news.notify_all()


class MemberLists:
    """ListMemberIds of auth_service, in pages of two."""

    def __init__(self) -> None:
        self.of: dict[str, list[UUID]] = {}
        self.faults: list[grpc.StatusCode] = []  # the next responses

    def __call__(self, request: auth_pb2.ListMemberIdsRequest) -> Any:
        if self.faults:
            return self.faults.pop(0)
        start = int(request.page_token or 0)
        ids = [str(user_id) for user_id in self.of.get(request.event_id, [])]
        more = str(start + 2) if len(ids) > start + 2 else ""
        return auth_pb2.ListMemberIdsResponse(user_ids=ids[start : start + 2], next_page_token=more)


@dataclass(frozen=True)
class Heard:
    """An event of a stream."""

    kind: str
    data: dict[str, Any]
    id: str


class Page:
    """An open page that has received its first event."""

    def __init__(
        self,
        client: httpx2.Client,
        user_id: UUID,
        last_event_id: str = "",
        ttl_s: int = 3600,
        path: str = "/api/updates",
        first: str = "hello",
        session_id: UUID | None = None,
    ) -> None:
        headers = signed(user_id, ttl_s, session_id)
        if last_event_id:
            headers["last-event-id"] = last_event_id
        self._opening = client.stream("GET", path, headers=headers, timeout=20)
        self.answer = self._opening.__enter__()
        assert self.answer.status_code == 200, self.answer.read()
        self._lines = self.answer.iter_lines()
        self.comments = 0
        self.hello = self.next()
        assert self.hello.kind == first

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opening.__exit__(kind, error, trace)

    def next(self) -> Heard:
        """The next event. Raises StopIteration at the end of the stream."""
        fields: dict[str, str] = {}
        while line := next(self._lines):
            name, _, value = line.partition(": ")
            if name == ":":
                self.comments += 1
                next(self._lines)
                continue
            fields[name] = value
        return Heard(fields["event"], json.loads(fields["data"]), fields.get("id", ""))

    def next_comment(self) -> str:
        """The lines before the next comment."""
        lines = []
        while not (line := next(self._lines)).startswith(":"):
            lines.append(line)
        return "".join(lines)

    def rest(self) -> list[Heard]:
        """The events until the stream ends."""
        heard = []
        try:
            while True:
                heard.append(self.next())
        except StopIteration:
            return heard


class LiveWorld:
    """A gateway that follows the scripted services."""

    def __init__(self, services: Services, client: httpx2.Client) -> None:
        self.services, self.client = services, client
        self.matches = Source(matcher_pb2.WatchMatchesResponse())
        self.selfies = Source(selfie_pb2.WatchSelfiesResponse())
        self.changes = ChangeFeed()
        self.members = MemberLists()
        self.ended = EndedList()
        services.answers |= {
            "WatchMatches": self.matches,
            "WatchSelfies": self.selfies,
            "ListChanges": self.changes,
            "ListMemberIds": self.members,
            "ListEndedSessions": self.ended,
        }

    def open(self, user_id: UUID, last_event_id: str = "", ttl_s: int = 3600, session_id: UUID | None = None) -> Page:
        return Page(self.client, user_id, last_event_id, ttl_s, session_id=session_id)

    def update_event(self, event_id: str) -> None:
        self.changes.add(auth_pb2.Change.KIND_EVENT_UPDATED, "", event_id)

    def refuse(self, user_id: UUID) -> httpx2.Response:
        """The response to a request for a page that is expected to fail."""
        return self.client.get("/api/updates", headers=signed(user_id, 3600))

    def photos(self, *user_ids: UUID, event_id: str = ONE, deleted: bool = False) -> None:
        users = [str(user_id) for user_id in user_ids]
        self.matches.say(matcher_pb2.WatchMatchesResponse(event_id=event_id, user_ids=users, event_deleted=deleted))

    def selfie(self, user_id: UUID) -> None:
        self.selfies.say(selfie_pb2.WatchSelfiesResponse(user_ids=[str(user_id)]))


def signed(user_id: UUID, ttl_s: int, session_id: UUID | None = None) -> dict[str, str]:
    return {"authorization": f"Bearer {Signer(USER_ISSUER, KEY).sign(str(user_id), ttl_s, session_id)}"}


def count(what: str) -> float:
    """The number of hint streams that the gateways of this process have started to read."""
    return REGISTRY.get_sample_value("updates_watches_total", {"what": what}) or 0.0


@contextmanager
def live_world(erased: UUID | None = None, **limits: Any) -> Iterator[LiveWorld]:
    """`erased`: an account that was erased just before the gateway starts."""
    with running_services() as (services, address):
        world, begun = LiveWorld(services, httpx2.Client()), (count("matches"), count("selfies"))
        if erased:
            world.ended.erase(erased)
        addresses = Addresses(address, address, address)
        try:
            with running_gateway(addresses, replace(LIMITS, **limits), signer=GATEWAY) as (client, _):
                world.client = client
                wait_until(lambda: count("matches") > begun[0] and count("selfies") > begun[1])
                wait_until(lambda: world.changes.is_followed)
                yield world
        finally:
            world.matches.end()
            world.selfies.end()


def until_mark(world: LiveWorld, page: Page, user_id: UUID) -> list[tuple[str, str | None]]:
    """Kind and event of the updates that a page receives before a hint that is sent now."""
    mark = str(uuid4())
    world.photos(user_id, event_id=mark)
    heard = []
    while (update := page.next()).data.get("event_id") != mark:
        heard.append((update.kind, update.data.get("event_id")))
    return heard
