"""All services in one process behind a real gateway: real stores, real gRPC, the real change feed."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import Event as Signal
from typing import Any

import grpc
import httpx2
from sqlalchemy import Engine, TextClause, text

from auth_service.passwords import Passwords
from auth_service.service import Auth
from auth_service.store import Stores
from auth_service.tokens import TokenMaker
from gateway.backends.channels import Addresses
from kit.db.notices import Notices
from kit.faces.types import LogoReading
from kit.feed import Follower
from kit.rpc.client import ServiceCalls
from kit.rpc.identity import Signer, Verifier
from kit.rpc.server import Registration
from kit.storage.blobs import Blobs
from kit.worker import start_thread
from matcher_service.feed import AuthFeed as MatcherFeed
from matcher_service.logos import Logos
from matcher_service.service import Members
from matcher_service.store import LogoStore
from matcher_service.store.hints import HINTS_CHANNEL as MATCHER_HINTS
from matcher_service.store.members import is_join as is_matcher_join
from protos.selfie.v1 import selfie_pb2, selfie_pb2_grpc
from selfie_service.domain.people import FACES_PER_GUEST
from selfie_service.feed import AuthFeed as SelfieFeed
from selfie_service.guests import GuestSelfies
from selfie_service.images import Images
from selfie_service.people import People
from selfie_service.records import Records
from selfie_service.service import Selfies
from selfie_service.servicer import SelfieServicer
from selfie_service.store import ActStore, FeedStore, PersonStore, RecordStore, RematchStore, RoleStore, SelfieStore
from selfie_service.store.changes import is_join as is_selfie_join
from selfie_service.store.hints import HINTS_CHANNEL as SELFIE_HINTS
from selfie_service.worker import Validator
from tests.auth.scene import AuthScene, WatchedPasswords, registration
from tests.gateway.world import LIMITS, running_gateway
from tests.harness.databases import VAULT
from tests.harness.running import Serve
from tests.matcher.world import World as MatcherWorld
from tests.selfie.world import LEASE_S, RULE, valid

MAX_SELFIE_BYTES = 15_000_000
STREAMS = 32  # of each server; long polls and hints use one each

LOGO_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)

# The tables whose contents make up a fingerprint.
TABLES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = :schema AND table_type = 'BASE TABLE' AND table_name <> 'alembic_version' ORDER BY table_name
"""


def read_logo(_: bytes) -> LogoReading:
    return LogoReading(None, LOGO_PNG, 1, 1)


class Followed(MatcherWorld):
    """matcher_service that follows the real change feed and accepts any logo."""

    follower: "Follower[Any]"

    def __init__(self, db: Engine, folder: Path) -> None:
        super().__init__(db, folder)
        self.logos = Logos(LogoStore(db), Members(self.member_store, self.catch_up), self.blobs, read_logo)

    def catch_up(self) -> None:
        self.follower.catch_up()


class SelfieParts:
    """The parts of selfie_service, wired manually."""

    def __init__(self, db: Engine, folder: Path, fetch: Callable[..., Any], hints: Notices) -> None:
        self.store, changes = SelfieStore(db), FeedStore(db)
        self.images = Images(Blobs(f"file://{folder}", "selfies"), VAULT, self.store.is_sealing)
        self.follower = Follower(fetch, changes.cursor, changes.apply, is_selfie_join)
        people = People(PersonStore(db), FACES_PER_GUEST)
        selfies = Selfies(self.store, RematchStore(db), people, self.images, self.follower.catch_up, MAX_SELFIE_BYTES)
        guests = GuestSelfies(RoleStore(db), ActStore(db), fetch, self.follower.catch_up)
        records = Records(RecordStore(db), self.images)
        self.registration = Registration(
            SelfieServicer(selfies, people, guests, records, hints),
            selfie_pb2_grpc.add_SelfieServiceServicer_to_server,
            selfie_pb2.DESCRIPTOR.services_by_name["SelfieService"],
        )

    def validate(self, face: int) -> None:
        """Validates the pending selfies, as if they showed this face."""
        validator = Validator(self.store, self.images, valid(face), RULE.judge, lambda: None, LEASE_S, Signal())
        while validator.step():
            pass


@dataclass
class System:
    """The services, and a client of the gateway in front of them."""

    auth: AuthScene
    matcher: Followed
    selfie: SelfieParts
    channels: dict[str, grpc.Channel]
    sign: Callable[[str], Signer]
    client: httpx2.Client
    databases: dict[str, Engine]

    def catch_up(self) -> None:
        """Applies the change feed in every service."""
        self.matcher.catch_up()
        self.selfie.follower.catch_up()

    def fingerprint(self) -> dict[str, str]:
        """A digest of every table of every service; equal if nothing has changed."""
        self.catch_up()
        digests: dict[str, str] = {}
        for schema, db in self.databases.items():
            with db.begin() as connection:
                for table, digest in connection.execute(self._queries[schema]):
                    digests[table] = digest
        return digests

    @cached_property
    def _queries(self) -> dict[str, TextClause]:
        """By schema, the query that returns the name and the digest of each table."""
        return {schema: _write_query(db, schema) for schema, db in self.databases.items()}


def _write_query(db: Engine, schema: str) -> TextClause:
    with db.begin() as connection:
        tables = connection.execute(text(TABLES), {"schema": schema}).scalars()
        parts = [
            f"SELECT '{schema}.{table}', count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0)"
            f" FROM {schema}.{table} t"
            for table in tables
        ]
        return text(" UNION ALL ".join(parts))


@contextmanager
def running_system(
    make_db: Callable[[str], Engine], serve_at: Serve, sign: Callable[[str], Signer], keys: Path, folder: Path
) -> Iterator[System]:
    databases = {name: make_db(name) for name in ("auth", "selfie", "matcher")}
    stop = Signal()
    passwords: Passwords = WatchedPasswords()
    auth = Auth(Stores(databases["auth"]), passwords, TokenMaker(sign("auth")), stop, sends_mail=True)
    channel, auth_address = serve_at(registration(auth), max_streams=STREAMS)
    scene = AuthScene(databases["auth"], channel, auth, passwords, stop)  # type: ignore[arg-type]
    scene.sign = sign

    hints = {
        name: Notices(databases[name].url.render_as_string(hide_password=False), heard)
        for name, heard in (("selfie", SELFIE_HINTS), ("matcher", MATCHER_HINTS))
    }
    listening = [start_thread(lambda of=of: of.run(stop), "hints") for of in hints.values()]  # type: ignore[misc]
    matcher = Followed(databases["matcher"], folder / "photos")
    fetch = MatcherFeed(channel, ServiceCalls(sign("matcher"), "auth")).fetch
    matcher.follower = Follower(fetch, matcher.member_store.cursor, matcher.member_store.apply, is_matcher_join)
    selfie = SelfieParts(
        databases["selfie"],
        folder / "selfies",
        SelfieFeed(channel, ServiceCalls(sign("selfie"), "auth")).fetch,
        hints["selfie"],
    )
    selfie_channel, selfie_address = serve_at(selfie.registration, max_streams=STREAMS)
    of_matcher = matcher.registrations(hints["matcher"], sign("matcher"))
    matcher_channel, matcher_address = serve_at(*of_matcher, max_streams=STREAMS)
    addresses, limits = Addresses(auth_address, selfie_address, matcher_address), replace(LIMITS, call_s=30)
    channels = {"auth": channel, "selfie": selfie_channel, "matcher": matcher_channel}
    try:
        with running_gateway(addresses, limits, Verifier.read(keys), signer=sign("gateway")) as (client, _):
            client.timeout = 30
            yield System(scene, matcher, selfie, channels, sign, client, databases)
    finally:
        stop.set()
        for thread in listening:
            thread.join(10)
