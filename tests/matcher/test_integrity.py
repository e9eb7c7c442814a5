"""`check` reports what is missing, damaged or contradictory, and repairs what can be regenerated."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from kit.storage.blobs import Blobs
from matcher_service.domain import ChangeKind
from matcher_service.faces import FoundFace
from matcher_service.integrity import Integrity
from matcher_service.store import IntegrityStore, MatchStore
from matcher_service.store.logos import LogoStore
from tests.matcher.party import Party, check
from tests.matcher.world import MakeWorld, World, make_rematch

Harm = Callable[[Party], object]


@pytest.fixture
def party(world: World) -> Party:
    return Party(world)


def test_control_a_healthy_system_reports_nothing(party: Party) -> None:
    integrity = Integrity(IntegrityStore(party.world.db), LogoStore(party.world.db), party.world.blobs, repair=True)
    assert list(integrity.check()) == []
    assert integrity.seen == {"photo": 3, "file": 11, "face": 3, "match": 2, "person": 1, "member": 2, "event": 1}


def test_every_page_is_checked(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher_service.integrity.PAGE", 1)
    integrity = Integrity(IntegrityStore(party.world.db), LogoStore(party.world.db), party.world.blobs, repair=False)
    assert list(integrity.check()) == []
    assert integrity.seen == {"photo": 3, "file": 11, "face": 3, "match": 2, "person": 1, "member": 2, "event": 1}


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (lambda party: party.delete(party.photo, "thumb"), "picture_missing"),
        (lambda party: party.delete(party.photo, "preview"), "picture_missing"),
        (lambda party: party.delete(party.photo, "original"), "picture_missing"),
        (lambda party: party.delete(party.photo, "medium"), "picture_missing"),
        (lambda party: party.truncate(party.photo, "preview", 8), "picture_damaged"),
        (lambda party: party.truncate(party.photo, "original", 1), "picture_damaged"),
        (lambda party: party.truncate(party.photo, "thumb", 0), "picture_damaged"),
        (lambda party: party.disturb("UPDATE matcher.photos SET thumb_key = NULL WHERE id = :photo"), "key_missing"),
    ],
)
def test_a_lost_picture_is_regenerated(party: Party, harm: Harm, problem: str) -> None:
    world = party.world
    harm(party)
    found = [problem] if problem != "key_missing" else [problem, "young_orphan"]
    assert check(world) == found
    assert check(world, repair=True)[0] == f"{problem}+"
    assert party.photo not in world.found(party.guest)
    world.index_all()
    assert world.found(party.guest) == {party.photo, party.other}
    world.sweep()
    assert [fault for fault in check(world) if fault != "young_orphan"] == []


def test_a_photo_reset_for_rereading_leaves_the_index_and_is_found_once(party: Party) -> None:
    world = party.world
    party.delete(party.photo, "thumb")
    check(world, repair=True)
    assert world.rematch(party.event, party.guest, 2, who=1) == "DONE"
    assert world.found(party.guest) == {party.other}
    world.index_all()
    assert world.rematch(party.event, party.guest, 3, who=1) == "DONE"
    assert world.found(party.guest) == {party.photo, party.other}
    assert check(world) == []


class MatchesAnything(MatchStore):
    """A broken twin: publishes photos regardless of their state."""

    def _replace(self, connection, person, found, **_):  # type: ignore[no-untyped-def]
        super()._replace(connection, person, [])
        query = (
            "INSERT INTO matcher.matches (event_id, person_id, photo_id, created_at, sorted_at)"
            " SELECT :event, :person, unnest(CAST(:photos AS uuid[])), now(), now()"
        )
        connection.execute(text(query), {**person, "photos": [face.photo_id for face in found]})


def publish_late(world: World) -> list[str]:
    """The findings after a comparison ends later than the repair of a photo that it matched."""
    party = Party(world)
    party.delete(party.photo, "thumb")
    check(world, repair=True)
    late = make_rematch(party.event, party.guest, 2, 1)
    world.match_store.publish(
        late, [FoundFace(photo, 0, 0.1) for photo in (party.photo, party.other)], 99, lambda _: []
    )
    return check(world)


def test_a_comparison_that_ends_after_a_repair_restores_no_match(world: World) -> None:
    assert publish_late(world) == []


def test_control_published_regardless_of_state_a_photo_has_matches_but_no_faces(make_world: MakeWorld) -> None:
    assert publish_late(make_world(match_store=MatchesAnything)) == ["unread_with_faces"]


def test_a_reading_that_ends_after_a_repair_is_discarded(party: Party) -> None:
    world = party.world
    job = world.job_store.claim(60)
    assert job is not None
    assert world.indexer.read_photo(job) == "indexed"
    party.delete(job.photo_id, "thumb")
    assert check(world, repair=True) == ["picture_missing+"]
    assert world.indexer.read_photo(job) == "outdated"


@pytest.mark.parametrize(
    ("harm", "problems"),
    [
        (lambda party: party.delete(party.photo, "upload"), ["upload_missing"]),
        (lambda party: party.flip(party.photo, "upload"), ["upload_damaged"]),
        (lambda party: party.truncate(party.waiting, "upload", 5), ["upload_damaged"]),
        (
            lambda party: (party.delete(party.photo, "upload"), party.delete(party.photo, "thumb")),
            ["picture_missing", "upload_missing"],
        ),
    ],
)
def test_a_loss_that_cannot_be_repaired_is_only_reported(party: Party, harm: Harm, problems: list[str]) -> None:
    harm(party)
    assert check(party.world, repair=True) == problems
    assert party.world.found(party.guest) == {party.photo, party.other}


def test_a_photo_lost_before_it_is_read_is_marked_as_failed(party: Party) -> None:
    party.delete(party.waiting, "upload")
    assert check(party.world) == ["upload_missing"]
    assert check(party.world, repair=True) == ["upload_missing+"]
    query = text("SELECT state, reason FROM matcher.photos WHERE id = :photo")
    with party.world.db.begin() as connection:
        assert tuple(connection.execute(query, {"photo": party.waiting}).one()) == ("failed", "file_missing")
    assert check(party.world) == []


OLD, FRESH = "photos/aa/" + "a" * 32, "photos/bb/" + "b" * 32


class TwoDaysLater(Blobs):
    """Reports every file except one as two days old."""

    def list(self) -> Iterator[tuple[str, datetime]]:
        for key, written_at in super().list():
            yield key, written_at if key == FRESH else written_at - timedelta(days=2)


def test_old_files_without_a_row_are_deleted_and_new_ones_are_not_reported(make_world: MakeWorld) -> None:
    world = make_world(blobs=TwoDaysLater)
    party = Party(world)
    world.photos.delete_photo(world.organiser, party.other)
    for key in (OLD, FRESH):
        world.blobs.put(key, b"no row")
    findings = list(Integrity(IntegrityStore(world.db), LogoStore(world.db), world.blobs, repair=False).check())
    assert [(f.defect.value, f.subject, f.is_wrong) for f in findings] == [
        ("orphan", f"file {OLD}", True),
        ("young_orphan", f"file {FRESH}", False),
    ]
    assert check(world, repair=True) == ["orphan+", "young_orphan"]
    assert (world.folder / FRESH).exists()
    assert check(world) == ["young_orphan"]
    assert len(world.files()) == 12, "files whose deletion is queued are left to the sweeper"


INSERT_FACE = """
INSERT INTO matcher.faces (event_id, photo_id, face_no, version, encoding, "left", top, width, height, size_px,
    sharpness, brightness, yaw) VALUES (:event, :waiting, 0, 1, :person, 0, 0, 9, 9, 9, 1, 1, 0)
"""


@pytest.mark.parametrize(
    ("statement", "problem", "is_repaired"),
    [
        (INSERT_FACE, "unread_with_faces", True),
        (
            "INSERT INTO matcher.matches SELECT :event, :guest, :waiting, 0, 0.1, now(), now()",
            "unread_with_faces",
            True,
        ),
        ("INSERT INTO matcher.tombstones VALUES (:event)", "photo_of_deleted_event", False),
        ("UPDATE matcher.faces SET version = 99 WHERE photo_id = :photo", "face_too_new", False),
        ("UPDATE matcher.events SET pending_count = 7", "counts_wrong", True),
        ("UPDATE matcher.faces SET encoding = 'x' WHERE photo_id = :photo", "face_size", False),
        (
            "INSERT INTO matcher.matches SELECT :event, :stranger, :photo, 0, 0.1, now(), now()",
            "match_of_stranger",
            True,
        ),
        ("UPDATE matcher.photos SET visibility = 'hidden' WHERE id = :photo", "match_shown_wrong", True),
        ("UPDATE matcher.matches SET shown = false", "match_shown_wrong", True),
        ("UPDATE matcher.people SET encodings = 'x'", "person_size", False),
        ("INSERT INTO matcher.tombstones SELECT user_id FROM matcher.people", "person_erased", False),
    ],
)
def test_contradictory_rows_are_reported(party: Party, statement: str, problem: str, is_repaired: bool) -> None:
    party.disturb(statement)
    assert problem in check(party.world)
    assert f"{problem}{'+' if is_repaired else ''}" in check(party.world, repair=True)
    assert (problem in check(party.world)) is not is_repaired


def test_a_match_without_an_encoding_and_an_erased_member_are_reported(party: Party) -> None:
    party.disturb("UPDATE matcher.people SET encodings = NULL")
    party.disturb("INSERT INTO matcher.tombstones VALUES (:guest)")
    assert check(party.world) == ["match_without_face", "match_without_face", "member_erased"]


class Meanwhile(Blobs):
    """Runs a callback before a file is opened or listed."""

    happens: Callable[[], object] = staticmethod(lambda: None)

    def open(self, key: str) -> tuple[int, Iterator[bytes]]:
        happens, self.happens = self.happens, lambda: None
        happens()
        return super().open(key)

    def list(self) -> Iterator[tuple[str, datetime]]:
        for key, written_at in list(super().list()):
            yield key, written_at - timedelta(days=2)


def test_a_photo_deleted_during_the_check_is_not_a_finding(make_world: MakeWorld) -> None:
    world = make_world(blobs=Meanwhile)
    party = Party(world)
    assert isinstance(world.blobs, Meanwhile)

    def delete_all() -> None:
        world.change(ChangeKind.EVENT_DELETED, event_id=party.event)
        world.sweep()

    world.blobs.happens = delete_all
    assert check(world) == []


def test_a_file_deleted_after_it_was_listed_is_no_orphan(world: World) -> None:
    party = Party(world)
    store = IntegrityStore(world.db)

    class DeletesFirst(IntegrityStore):
        def find_strays(self, keys):  # type: ignore[no-untyped-def]
            world.photos.delete_photo(world.organiser, party.photo)
            world.sweep()
            return store.find_strays(keys)

    assert list(Integrity(DeletesFirst(world.db), LogoStore(world.db), world.blobs, repair=True).check()) == []
