"""An event with open organiser pages, and the counts that scripted services return for it."""

from typing import Any
from uuid import UUID, uuid4

import grpc
import jwt

from kit.errors import Fault
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import photo_pb2
from tests.gateway.updates import LiveWorld, Page

Change = auth_pb2.Change


class Party:
    """An event with the counts and refusals that the services return, by reader."""

    def __init__(self, world: LiveWorld) -> None:
        self.world = world
        self.id = str(uuid4())
        self.guests = [uuid4(), uuid4()]
        self.counts = {"pending_count": 1, "indexed_count": 2, "failed_count": 3, "face_count": 9}
        self.refusals: dict[str, Fault | grpc.StatusCode] = {}
        self.readers: list[str] = []
        self.roles: dict[str, auth_pb2.Role] = {}
        self.own_counts: dict[str, dict[str, int]] = {}  # of readers who only see their own photos
        world.members.of[self.id] = self.guests
        world.services.answers |= {"GetEvent": self.get_event, "GetIndexState": self.count}

    def get_event(self, _: Any) -> Any:
        reader = self._reader()
        self.readers.append(reader)
        if refusal := self.refusals.get(reader) or self.refusals.get(""):
            return refusal
        role = self.roles.get(reader, auth_pb2.ROLE_ORGANISER)
        event = auth_pb2.Event(event_id=self.id, guest_count=4, role=auth_pb2.Role.Name(role))
        if role == auth_pb2.ROLE_ORGANISER:
            event.waiting_count = 5
        return auth_pb2.GetEventResponse(event=event)

    def _reader(self) -> str:
        token = self.world.services.calls[-1].metadata["authorization"].removeprefix("Bearer ")
        return str(jwt.decode(token, options={"verify_signature": False})["sub"])

    def count(self, request: photo_pb2.GetIndexStateRequest) -> photo_pb2.GetIndexStateResponse:
        assert request.count_guests
        reader = self._reader()
        of_guests = {"searched_count": 7, "unmatched_count": 6} if reader not in self.roles else {}
        counts = {**self.own_counts.get(reader, self.counts), **of_guests}
        return photo_pb2.GetIndexStateResponse(states=[photo_pb2.IndexState(event_id=self.id, **counts)])

    @property
    def path(self) -> str:
        return f"/api/events/{self.id}/updates"

    def open(self, organiser: UUID, ttl_s: int = 3600) -> Page:
        return Page(self.world.client, organiser, ttl_s=ttl_s, path=self.path, first="state")

    def read_photo(self, *user_ids: UUID) -> None:
        """Indexes a photo that shows these guests, and raises `face_count` so that the state changes."""
        self.counts = {**self.counts, "face_count": self.counts["face_count"] + 1}
        self.world.photos(*user_ids, event_id=self.id)

    def say(self, kind: Change.Kind, user_id: UUID | str = "") -> None:
        self.world.changes.add(kind, user_id, self.id)


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """The kinds whose version changed."""
    return {kind for kind, version in after["versions"].items() if version != before["versions"][kind]}


def changes(page: Page, last: dict[str, Any], kinds: set[str]) -> dict[str, Any]:
    """Reads states until exactly these kinds have changed; returns the last state."""
    while changed(last, state := page.next().data) != kinds:
        assert changed(last, state) < kinds
    return state
