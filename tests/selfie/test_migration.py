"""Migrations of earlier versions: every state continues where it was."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import grpc
import pytest
from sqlalchemy import Engine, text

from kit.faces.validation import Examination
from kit.rpc.identity import Signer
from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.domain import ChangeKind
from selfie_service.store.erasing import GRACE
from tests.harness.migrations import downgrade, upgrade
from tests.selfie.world import World, face, image_of, valid

STATES = {"pending": 2, "active": 1, "rejected": 1, "superseded": 1, "error": 1, "deleted": 1}


class Old:
    """A version 0001 database: one guest per state, all in one event."""

    def __init__(self, db: Engine) -> None:
        self._db = db
        downgrade(db, "selfie", "0001")
        self.event = uuid4()
        self.execute("INSERT INTO selfie.events (event_id, closed) VALUES (:event, false)", event=self.event)
        self.guests = {name: self._add(name, revision) for name, revision in STATES.items()}

    def execute(self, statement: str, **values: object) -> None:
        with self._db.begin() as connection:
            connection.execute(text(statement), values)

    def upgrade(self, revision: str = "head") -> None:
        upgrade(self._db, "selfie", revision)

    def _add(self, state: str, revision: int) -> UUID:
        guest = uuid4()
        kept = state in ("pending", "active", "error")
        self.execute(
            "INSERT INTO selfie.users (user_id, revision, started_at) VALUES (:guest, :revision, now())",
            guest=guest,
            revision=revision,
        )
        self.execute(
            "INSERT INTO selfie.selfies (id, user_id, revision, sha256, state, reason, image, content_type, encoding,"
            " decided_at) VALUES (:id, :guest, :revision, '', :state, :reason, :image, 'image/jpeg', :encoding, :at)",
            id=uuid4(),
            guest=guest,
            revision=revision,
            state=state,
            reason="no_face" if state == "rejected" else None,
            image=image_of(state) if kept else None,
            encoding=face(1) if state == "active" else None,
            at=None if state == "pending" else "2026-01-01",
        )
        self.execute(
            "INSERT INTO selfie.enrolments (user_id, event_id, wanted_revision, state)"
            " VALUES (:guest, :event, :wanted, :state)",
            guest=guest,
            event=self.event,
            wanted=1 if state == "active" else 0,
            state="running" if state == "active" else "idle",
        )
        return guest


@pytest.fixture
def old(make_db: Callable[[str], Engine]) -> tuple[Engine, Old]:
    db = make_db("selfie")
    return db, Old(db)


def test_data_of_0001_continues_where_it_was(
    old: tuple[Engine, Old],
    serve: Callable[..., grpc.Channel],
    signer: Callable[[str], Signer],
    tmp_path: Path,
) -> None:
    db, before = old
    before.upgrade()
    world = World(db, serve, signer, tmp_path)
    try:
        guests = before.guests
        assert world.get(guests["active"]).image == image_of("active")
        assert world.get(guests["pending"]).image == image_of("pending")
        for state, expected in (("rejected", pb.SELFIE_STATE_REJECTED), ("error", pb.SELFIE_STATE_ERROR)):
            assert world.state(guests[state]).selfie_state == expected
        assert world.validate(valid(2))
        while world.validate(valid(2)):
            pass
        assert world.row("SELECT count(*) AS n FROM selfie.selfies WHERE image IS NOT NULL").n == 0
        assert world.image(world.row("SELECT * FROM selfie.selfies WHERE state = 'error'")) == image_of("error")
        assert world.get(guests["active"]).image == image_of("active")
        world.rematch()
        sent = {UUID(request.user_id): request.encoding[1] or request.encoding[2] for request in world.matcher.requests}
        assert sent == {guests["active"]: 0.375, guests["pending"]: 0.375}
        # Held back while the event is closed, as for guests of the current version.
        world.publish(ChangeKind.EVENT_UPDATED, event_id=before.event, closed=True)
        world.publish(ChangeKind.JOINED, event_id=world.event(), user_id=guests["active"])
        world.follower.catch_up()
        world.enter(guests["active"], 3)
        world.rematch()
        assert {request.event_id for request in world.matcher.requests[2:]} != {str(before.event)}
        for guest in guests.values():
            world.delete(guest)
        world.rematch()
        world.sweep()
        assert not world.files()
    finally:
        world.close()


def test_an_active_selfie_of_0002_becomes_the_first_one_of_its_guest(
    old: tuple[Engine, Old],
    serve: Callable[..., grpc.Channel],
    signer: Callable[[str], Signer],
    tmp_path: Path,
) -> None:
    db, before = old
    before.upgrade("0002")
    before.upgrade()
    world = World(db, serve, signer, tmp_path)
    try:
        bound = world.row("SELECT array_agg(person_id) AS people FROM selfie.people WHERE bound_encoding IS NOT NULL")
        assert bound.people == [before.guests["active"]]
        assert world.count("bindings") == 0
        while world.validate(valid(1)):
            pass
        for state, verdict in (("active", pb.REJECT_REASON_DIFFERENT_PERSON), ("deleted", 0), ("rejected", 0)):
            world.upload(before.guests[state])
            world.validate(lambda _: Examination(None, face(2, 1)))
            assert world.state(before.guests[state]).reject_reason == verdict
    finally:
        world.close()


def test_an_active_selfie_of_0007_can_be_combined_with_additional_ones(
    old: tuple[Engine, Old],
    serve: Callable[..., grpc.Channel],
    signer: Callable[[str], Signer],
    tmp_path: Path,
) -> None:
    db, before = old
    before.upgrade("0007")
    before.upgrade()
    world = World(db, serve, signer, tmp_path)
    try:
        guest = before.guests["active"]
        while world.validate(valid(1)):
            pass
        world.upload(guest, "further", is_addition=True)
        assert world.validate(valid(1))
        assert world.state(guest).active_count == 2
        (first,) = world.list_people(guest).people
        assert (first.person_id, first.name, first.active_count) == (str(guest), "", 2)
        mia = world.add_person(guest)
        world.upload(guest, "mia", person_id=mia)
        assert world.validate(valid(2))
        world.rematch()
        sent = {request.user_id: request.encoding for request in world.matcher.requests}
        assert (sent[str(guest)][1], sent[mia][2]) == (0.375, 0.375)
    finally:
        world.close()


def test_accounts_without_events_are_dated_from_the_upgrade(old: tuple[Engine, Old]) -> None:
    db, before = old
    before.upgrade("0003")
    gone = uuid4()
    before.execute("INSERT INTO selfie.people (person_id, user_id) VALUES (:gone, :gone)", gone=gone)
    before.upgrade()
    with db.connect() as connection:
        query = text("SELECT user_id FROM selfie.people WHERE without_events_since IS NOT NULL")
        assert connection.execute(query).scalars().all() == [gone]


def test_guests_who_left_before_0011_keep_the_face_for_thirty_days(old: tuple[Engine, Old]) -> None:
    db, before = old
    before.upgrade("0010")
    gone, stays = (uuid4() for _ in range(2))
    add = "INSERT INTO selfie.people (person_id, user_id, without_events_since) VALUES (:id, :id, :since)"
    before.execute(add, id=gone, since="2026-01-01T00:00Z")
    before.execute(add, id=stays, since=None)
    before.upgrade()
    with db.connect() as connection:
        query = text(
            f"SELECT user_id, without_events_since + {GRACE} - '2026-01-01T00:00Z' AS kept FROM selfie.people"
            " WHERE without_events_since IS NOT NULL"
        )
        assert connection.execute(query).all() == [(gone, timedelta(days=30))]


def test_an_upload_removes_the_bytes_of_a_pending_selfie_of_0001(
    old: tuple[Engine, Old],
    serve: Callable[..., grpc.Channel],
    signer: Callable[[str], Signer],
    tmp_path: Path,
) -> None:
    db, before = old
    before.upgrade()
    world = World(db, serve, signer, tmp_path)
    try:
        world.upload(before.guests["pending"], "newer")
        query = "SELECT array_agg(state ORDER BY revision) AS states, count(image) AS in_rows, count(image_key) AS keys"
        found = world.row(f"{query} FROM selfie.selfies WHERE user_id = :guest", guest=before.guests["pending"])
        assert (found.states, found.in_rows, found.keys) == (["superseded", "pending"], 0, 1)
        assert world.count("blob_deletions") == 0
    finally:
        world.close()


def test_guests_searched_in_0008_count_as_consenting_until_they_withdraw(
    old: tuple[Engine, Old],
    serve: Callable[..., grpc.Channel],
    signer: Callable[[str], Signer],
    tmp_path: Path,
) -> None:
    db, before = old
    before.upgrade("0008")
    before.upgrade()
    world = World(db, serve, signer, tmp_path)
    try:
        guest = before.guests["active"]
        assert world.state(guest).events
        assert world.upload(guest, "newer")
        row = world.row("SELECT bool_or(withdrawn) AS any FROM selfie.enrolments")
        assert row.any is False
    finally:
        world.close()
