"""selfie_service without its processes: the real service, stores and loops on real gRPC and a real database.

The engine, the change feed and the matcher are scripted.
"""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import grpc
import numpy as np
from sqlalchemy import Engine, Row, create_engine, text

from kit.db.notices import Notices
from kit.faces.validation import Examination, Reason
from kit.feed import Follower
from kit.rpc.client import ServiceCalls
from kit.rpc.identity import Signer
from kit.rpc.server import Registration
from kit.storage.blobs import Blobs
from kit.storage.sweeper import Sweeper
from kit.vault import Vault
from protos.selfie.v1 import selfie_pb2, selfie_pb2_grpc
from selfie_service.binding import BindingRule
from selfie_service.domain import Change, ChangeKind, Judge, Role, StoredImage
from selfie_service.domain.people import FACES_PER_GUEST
from selfie_service.feed import AuthFeed
from selfie_service.guests import GuestSelfies
from selfie_service.images import Images
from selfie_service.people import People
from selfie_service.records import Records
from selfie_service.rematcher import Rematcher
from selfie_service.service import Selfies
from selfie_service.servicer import SelfieServicer
from selfie_service.store import ActStore, FeedStore, PersonStore, RecordStore, RematchStore, RoleStore, SelfieStore
from selfie_service.store.changes import is_join
from selfie_service.store.hints import HINTS_CHANNEL
from selfie_service.worker import Validator
from tests.harness.calls import Metadata, as_user
from tests.harness.databases import VAULT
from tests.selfie.scripted import ScriptedFeed, ScriptedMatcher, start_others

LEASE_S = 30.0
STREAM_S = 20.0
WAIT_S = 10.0
RULE = BindingRule()


Examine = Callable[[bytes], Examination]


def image_of(name: str) -> bytes:
    """A file with the signature of a JPEG."""
    return b"\xff\xd8\xff\xe0" + name.encode()


def face(number: int, size: float = 0.375) -> bytes:
    """An encoding of a person; encodings of the default size are within the tolerance of each other."""
    encoding = np.zeros(128, dtype="<f4")
    encoding[number] = size
    return encoding.tobytes()


def valid(number: int = 1) -> Examine:
    return lambda _: Examination(None, face(number))


def invalid(reason: Reason) -> Examine:
    return lambda _: Examination(reason)


def wait_until(condition: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + WAIT_S
    pause = Event()
    while not condition():
        assert time.monotonic() < ends_at, "the condition did not become true in time"
        pause.wait(0.01)


class World:
    """All parts of selfie_service, wired by hand; stores and workers can be replaced by broken twins for controls."""

    def __init__(
        self,
        db: Engine,
        serve: Callable[..., grpc.Channel],
        signer: Callable[[str], Signer],
        folder: Path,
        selfie_store: type[SelfieStore] = SelfieStore,
        rematch_store: type[RematchStore] = RematchStore,
        change_store: type[FeedStore] = FeedStore,
        person_store: type[PersonStore] = PersonStore,
        validator: type[Validator] = Validator,
        calls: type[ServiceCalls] = ServiceCalls,
        blobs: type[Blobs] = Blobs,
        judge: Judge | None = RULE.judge,
        vault: Vault = VAULT,
    ) -> None:
        # Tests hold locks for longer than a service's lock timeout.
        patient = {"options": "-c lock_timeout=20s"}
        self.db = create_engine(db.url, pool_size=10, connect_args=patient, execution_options={"vault": vault})
        self.selfies, self.rematches = selfie_store(self.db), rematch_store(self.db)
        self.changes = change_store(self.db)
        self.folder = folder
        self.blobs = blobs(f"file://{folder}", "selfies")
        self.feed, self.matcher = ScriptedFeed(), ScriptedMatcher()
        self.stop = Event()
        self._signer, self._validator = signer, validator
        self.judge = judge
        self._others, self._channel = start_others(self.feed, self.matcher)
        self.auth_feed = AuthFeed(self._channel, calls(signer("selfie"), "auth"))
        self.follower = Follower(self.auth_feed.fetch, self.changes.cursor, self.changes.apply, is_join)
        self.rematcher = Rematcher(
            self.rematches, self._channel, calls(signer("selfie"), "matcher"), STREAM_S, self.stop
        )
        self.people_store = person_store(self.db)
        self.people = People(self.people_store, FACES_PER_GUEST)
        self.images = Images(self.blobs, vault, self.selfies.is_sealing)
        self.service = Selfies(
            self.selfies, self.rematches, self.people, self.images, self.follower.catch_up, 15_000_000
        )
        self.guests = GuestSelfies(RoleStore(self.db), ActStore(self.db), self.auth_feed.fetch, self.follower.catch_up)
        self.records = Records(RecordStore(self.db), self.images)
        self.hints = Notices(db.url.render_as_string(hide_password=False), HINTS_CHANNEL)
        self.stub = self._connect(serve)

    def _connect(self, serve: Callable[..., grpc.Channel]) -> selfie_pb2_grpc.SelfieServiceStub:
        return selfie_pb2_grpc.SelfieServiceStub(
            serve(
                Registration(
                    SelfieServicer(self.service, self.people, self.guests, self.records, self.hints),
                    selfie_pb2_grpc.add_SelfieServiceServicer_to_server,
                    selfie_pb2.DESCRIPTOR.services_by_name["SelfieService"],
                )
            )
        )

    def close(self) -> None:
        self.stop.set()
        self._channel.close()
        self._others.stop(0).wait()
        self.db.dispose()

    # Changes from auth_service.

    def publish(self, kind: ChangeKind, **fields: Any) -> Change:
        """Appends a change to the feed, without reading it."""
        change = Change(len(self.feed.changes) + 1, kind, **fields)
        self.feed.add(change)
        return change

    def event(self, **fields: Any) -> UUID:
        event_id = uuid4()
        self.publish(ChangeKind.EVENT_UPDATED, event_id=event_id, **fields)
        return event_id

    def guest(self, *events: UUID) -> UUID:
        """A member who has joined, with the feed applied."""
        user_id = uuid4()
        for event_id in events:
            self.publish(ChangeKind.JOINED, event_id=event_id, user_id=user_id)
        self.follower.catch_up()
        return user_id

    def organiser(self, event_id: UUID) -> UUID:
        """An organiser of an event, in the feed only."""
        user_id = uuid4()
        self.publish(ChangeKind.JOINED, event_id=event_id, user_id=user_id, role=Role.ORGANISER)
        return user_id

    # Actions of a guest.

    def as_user(self, user_id: UUID) -> Metadata:
        return as_user(self._signer("auth"), user_id)

    def upload(self, user_id: UUID, name: str = "selfie", request_id: str = "", **fields: Any) -> UUID:
        request = selfie_pb2.UploadSelfieRequest(image=image_of(name), request_id=request_id, **fields)
        return UUID(self.stub.UploadSelfie(request, metadata=self.as_user(user_id)).selfie_id)

    def delete(self, user_id: UUID, person: str = "") -> None:
        self.stub.DeleteSelfie(selfie_pb2.DeleteSelfieRequest(person_id=person), metadata=self.as_user(user_id))

    def state(self, user_id: UUID, person: str = "") -> selfie_pb2.GetRematchStateResponse:
        response: selfie_pb2.GetRematchStateResponse = self.stub.GetRematchState(
            selfie_pb2.GetRematchStateRequest(person_id=person), metadata=self.as_user(user_id)
        )
        return response

    def start_rematch(self, user_id: UUID, person: str = "") -> None:
        self.stub.StartRematch(selfie_pb2.StartRematchRequest(person_id=person), metadata=self.as_user(user_id))

    def get(self, user_id: UUID, person: str = "") -> selfie_pb2.GetSelfieResponse:
        response: selfie_pb2.GetSelfieResponse = self.stub.GetSelfie(
            selfie_pb2.GetSelfieRequest(person_id=person), metadata=self.as_user(user_id)
        )
        return response

    def add_person(self, user_id: UUID, name: str = "Mia", request_id: str = "", consent: str = "1") -> str:
        request = selfie_pb2.CreatePersonRequest(name=name, request_id=request_id, consent_version=consent)
        response = self.stub.CreatePerson(request, metadata=self.as_user(user_id))
        return str(response.person.person_id)

    def list_people(self, user_id: UUID) -> selfie_pb2.ListPeopleResponse:
        response: selfie_pb2.ListPeopleResponse = self.stub.ListPeople(
            selfie_pb2.ListPeopleRequest(), metadata=self.as_user(user_id)
        )
        return response

    def delete_person(self, user_id: UUID, person: str) -> None:
        self.stub.DeletePerson(selfie_pb2.DeletePersonRequest(person_id=person), metadata=self.as_user(user_id))

    # Steps of the workers.

    def validator(self, examine: Examine) -> Validator:
        return self._validator(self.selfies, self.images, examine, self.judge, lambda: None, LEASE_S, self.stop)

    def validate(self, examine: Examine) -> bool:
        return self.validator(examine).step()

    def enter(self, user_id: UUID, number: int = 1) -> UUID:
        """Uploads a selfie and accepts it."""
        selfie_id = self.upload(user_id, f"person {number}")
        assert self.validate(valid(number))
        return selfie_id

    def rematch(self) -> None:
        """Sends the rematches that are due."""
        while self.rematcher.step():
            pass

    # Contents of the database.

    def row(self, query: str, **values: object) -> Row[Any]:
        with self.db.connect() as connection:
            return connection.execute(text(query), values).one()

    def selfie(self, selfie_id: UUID) -> Row[Any]:
        return self.row("SELECT * FROM selfie.selfies WHERE id = :id", id=selfie_id)

    def image(self, row: Row[Any]) -> bytes | None:
        """The bytes of the file that the selfie's row names."""
        assert row.image is None
        return self.images.read(row.person_id, StoredImage(row.image_key)) if row.image_key else None

    def encoding(self, row: Row[Any]) -> bytes | None:
        """The encoding of a selfie."""
        return None if row.encoding is None else VAULT.of_person(row.person_id).open(bytes(row.encoding))

    def enrolment(self, user_id: UUID, event_id: UUID) -> Row[Any]:
        query = "SELECT * FROM selfie.enrolments WHERE user_id = :user AND event_id = :event"
        return self.row(query, user=user_id, event=event_id)

    def count(self, table: str) -> int:
        found: int = self.row(f"SELECT count(*) AS found FROM selfie.{table}").found
        return found

    def count_waiting(self) -> int:
        """The number of transactions that wait for a lock."""
        waiting: int = self.row(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ).n
        return waiting

    def files(self) -> set[str]:
        """The keys of all files."""
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}

    def sweep(self) -> None:
        """Deletes the files whose deletion is queued."""
        sweeper = Sweeper(self.selfies, self.blobs)
        while sweeper.step():
            pass

    def execute(self, statement: str) -> None:
        with self.db.begin() as connection:
            connection.execute(text(statement))

    def end_leases(self) -> None:
        """Expires all leases."""
        for table in ("selfies", "enrolments"):
            self.execute(f"UPDATE selfie.{table} SET lease_until = now() - interval '1 ms' WHERE lease_until > now()")

    def end_backoff(self) -> None:
        self.execute("UPDATE selfie.enrolments SET retry_at = now()")


MakeWorld = Callable[..., World]
