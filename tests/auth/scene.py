"""The real servicer of auth_service on a real database, and helpers that create people and events."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event as Signal
from typing import Any
from uuid import uuid4

import grpc
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import Engine, text

from auth_service.passwords import Passwords
from auth_service.service import Auth
from auth_service.servicer import AuthServicer
from auth_service.store import Stores
from auth_service.tokens import TokenMaker
from kit.rpc.identity import Signer
from kit.rpc.server import Registration
from protos.auth.v1 import auth_pb2, auth_pb2_grpc
from protos.auth.v1 import auth_pb2 as pb
from tests.harness.calls import Metadata, as_user, bearer

PASSWORD = "correct horse"


class WatchedHasher:
    """Records the cost of every hash that is computed or verified."""

    def __init__(self, hasher: PasswordHasher, work: list[Any]) -> None:
        self._hasher = hasher
        self._work = work

    def hash(self, password: str) -> str:
        self._work.append("hash")
        return self._hasher.hash(password)

    def verify(self, password_hash: str, password: str) -> bool:
        self._work.append((extract_parameters(password_hash), len(password)))
        return self._hasher.verify(password_hash, password)


class WatchedPasswords(Passwords):
    """Passwords that record their hashing work."""

    def __init__(self) -> None:
        super().__init__(max_calls=100)  # races start with more concurrent calls than a server accepts
        self.work: list[Any] = []
        self.meanwhile: Callable[[], object] = lambda: None
        self._hasher = WatchedHasher(self._hasher, self.work)  # type: ignore[assignment]

    def hash(self, password: str) -> str:
        """Calls `meanwhile` first, which simulates concurrent work."""
        self.meanwhile()
        return super().hash(password)


@dataclass(frozen=True)
class Person:
    """A user; `metadata` authenticates their calls."""

    user_id: str
    username: str
    metadata: Metadata
    tokens: pb.TokenPair | None = None


class AuthScene:
    """One auth_service, its database and its clients."""

    def __init__(self, db: Engine, channel: grpc.Channel, auth: Auth, passwords: WatchedPasswords, stopping: Signal):
        self.db = db
        self.channel = channel
        self.stub = auth_pb2_grpc.AuthServiceStub(channel)
        self.auth = auth
        self.passwords = passwords
        self.stopping = stopping
        self.sign: Callable[[str], Signer]

    def organiser(self, username: str = "olga") -> Person:
        user_id = str(self.auth.organisers.add(username, f"{username}@example.org", PASSWORD))
        return Person(user_id, username, self.as_user(user_id))

    def event(self, organiser: Person, name: str = "Summer party", **fields: Any) -> pb.Event:
        """Creates an event that is kept until it is deleted, unless `fields` say otherwise."""
        fields = {"without_end": "expire_time" not in fields, "is_kept": "keep_days" not in fields, **fields}
        request = pb.CreateEventRequest(name=name, **fields)
        return self.stub.CreateEvent(request, metadata=organiser.metadata).event

    def guest(self, event: pb.Event, username: str = "gina") -> Person:
        answer = self.stub.Register(register_form(event, username))
        return Person(answer.user_id, username, bearer(answer.tokens.access_token), answer.tokens)

    def visitor(self, event: pb.Event) -> Person:
        """A guest without user name and password."""
        answer = self.stub.CreateGuest(pb.CreateGuestRequest(event_code=event.event_code))
        return Person(answer.user_id, "", bearer(answer.tokens.access_token), answer.tokens)

    def admission(self, event: pb.Event, organiser: Person, is_on: bool = True) -> None:
        request = pb.UpdateEventRequest(event_id=event.event_id, admission={"value": is_on})
        self.stub.UpdateEvent(request, metadata=organiser.metadata)

    def admit(self, event: pb.Event, guest: Person, organiser: Person) -> None:
        request = pb.AdmitGuestRequest(event_id=event.event_id, user_id=guest.user_id)
        self.stub.AdmitGuest(request, metadata=organiser.metadata)

    def remove(self, event: pb.Event, guest: Person, organiser: Person) -> pb.LeaveEventResponse:
        request = pb.LeaveEventRequest(event_id=event.event_id, user_id=guest.user_id)
        return self.stub.LeaveEvent(request, metadata=organiser.metadata)

    def invite(self, event: pb.Event, organiser: Person, role: int = pb.ROLE_PHOTOGRAPHER) -> str:
        """The secret of a new invitation."""
        request = pb.CreateInvitationRequest(event_id=event.event_id, role=pb.Role.Name(role))
        token: str = self.stub.CreateInvitation(request, metadata=organiser.metadata).token
        return token

    def accept(self, token: str, person: Person) -> int:
        """Returns the new role of the person."""
        answer = self.stub.AcceptInvitation(pb.AcceptInvitationRequest(token=token), metadata=person.metadata)
        return int(answer.role)

    def member(self, event: pb.Event, organiser: Person, role: int, username: str) -> Person:
        """Registers a guest who then gets the role by invitation."""
        person = self.guest(event, username)
        assert self.accept(self.invite(event, organiser, role), person) == role
        return person

    def set_role(self, event: pb.Event, person: Person, role: int, organiser: Person) -> None:
        request = pb.SetRoleRequest(event_id=event.event_id, user_id=person.user_id, role=pb.Role.Name(role))
        self.stub.SetRole(request, metadata=organiser.metadata)

    def get_event(self, event: pb.Event, organiser: Person) -> pb.Event:
        return self.stub.GetEvent(pb.GetEventRequest(event_id=event.event_id), metadata=organiser.metadata).event

    def memberships(self, person: Person) -> list[pb.Membership]:
        return list(self.stub.GetUser(pb.GetUserRequest(), metadata=person.metadata).memberships)

    def kinds_about(self, person: Person) -> list[int]:
        """The kinds of all changes about a person, in order."""
        return [change.kind for change in self.changes() if change.user_id == person.user_id]

    def stranger(self, username: str = "sven") -> Person:
        """Creates an account that is in no event."""
        return self.organiser(username)

    def changes(self, after: int = 0) -> list[pb.Change]:
        request = pb.ListChangesRequest(after=after)
        return list(self.stub.ListChanges(request, metadata=self.as_service("selfie")).changes)

    def last_change(self) -> int:
        return max((change.sequence for change in self.changes()), default=0)

    def as_user(self, user_id: str) -> Metadata:
        return as_user(self.sign("auth"), user_id)

    def as_service(self, name: str) -> Metadata:
        return bearer(self.sign(name).sign_service())

    def sql(self, statement: str, **values: object) -> list[Any]:
        with self.db.begin() as connection:
            result = connection.execute(text(statement), values)
            return list(result) if result.returns_rows else []

    def wait_until_blocked_or_done(self, work: "Future[Any]") -> None:
        """Waits until work in another thread is done, or a connection of this database waits for a lock."""
        blocked = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        while not work.done() and not self.sql(blocked):
            wait([work], timeout=0.01)


def register_form(event: pb.Event, username: str = "gina", **other: Any) -> pb.RegisterRequest:
    fields = {
        "request_id": str(uuid4()),
        "username": username,
        "email": f"{username}@example.org",
        "password": PASSWORD,
        "event_code": event.event_code,
    }
    return pb.RegisterRequest(**{**fields, **other})


def registration(auth: Auth) -> Registration:
    return Registration(
        AuthServicer(auth),
        auth_pb2_grpc.add_AuthServiceServicer_to_server,
        auth_pb2.DESCRIPTOR.services_by_name["AuthService"],
    )


@contextmanager
def running_scene(
    db: Engine, serve: Callable[..., grpc.Channel], signer: Callable[[str], Signer]
) -> Iterator[AuthScene]:
    """Serves auth_service on a database."""
    passwords, stopping = WatchedPasswords(), Signal()
    auth = Auth(Stores(db), passwords, TokenMaker(signer("auth")), stopping)
    scene = AuthScene(db, serve(registration(auth)), auth, passwords, stopping)
    scene.sign = signer
    yield scene
    stopping.set()
