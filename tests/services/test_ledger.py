"""The ledger of erasures: it survives crashes of its writer, and a replay erases everything in it again."""

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from sqlalchemy import Engine, Row, text
from typing_extensions import override

from auth_service.store.replays import ReplayStore as AuthReplays
from kit.erasure.ledger import BATCH, Erasure, Gone, Ledger, LedgerWriter, replay
from kit.rpc.identity import Signer
from kit.storage.blobs import Blobs
from matcher_service.domain import ChangeKind
from matcher_service.store.ledger import LedgerStore as MatcherLedger
from matcher_service.store.ledger import note_erased
from matcher_service.store.replays import ReplayStore as MatcherReplays
from protos.auth.v1 import auth_pb2 as pb
from protos.selfie.v1.selfie_pb2 import SELFIE_STATE_ACTIVE as ACTIVE
from selfie_service.store.ledger import LedgerStore as SelfieLedger
from selfie_service.store.replays import ReplayStore as SelfieReplays
from tests.auth.scene import AuthScene, running_scene
from tests.matcher.world import World as MatcherWorld
from tests.selfie.world import World as SelfieWorld


@pytest.fixture
def scene(
    make_db: Callable[[str], Engine], serve: Callable[..., grpc.Channel], signer: Callable[[str], Signer]
) -> Iterator[AuthScene]:
    with running_scene(make_db("auth"), serve, signer) as scene:
        yield scene


@pytest.fixture
def selfie(
    make_db: Callable[[str], Engine],
    serve: Callable[..., grpc.Channel],
    signer: Callable[[str], Signer],
    tmp_path: Path,
) -> Iterator[SelfieWorld]:
    world = SelfieWorld(make_db("selfie"), serve, signer, tmp_path / "selfies")
    yield world
    world.close()


@pytest.fixture
def matcher(make_db: Callable[[str], Engine], tmp_path: Path) -> MatcherWorld:
    return MatcherWorld(make_db("matcher"), tmp_path / "blobs")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(Blobs(f"file://{tmp_path}/ledger-files", "ledger"))


class Forgetful(MatcherLedger):
    """A broken twin: settles erasures before they are in the ledger."""

    def list_erasures(self, limit: int) -> list[Erasure]:
        found = super().list_erasures(limit)
        self.settle_erasures([erasure.place for erasure in found])
        return found


class Died(Exception):
    """Simulates a crash of the process during the write."""


def write_and_die(store: MatcherLedger, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(ledger._blobs, "put", die)
        with pytest.raises(Died):
            LedgerWriter(store, ledger).step()


@pytest.fixture
def engine(make_db: Callable[[str], Engine]) -> Engine:
    return make_db("matcher")


def note(engine: Engine, *ids: UUID) -> None:
    with engine.begin() as connection:
        note_erased(connection, Gone.PHOTO, ids)


def test_noted_erasures_reach_the_ledger_even_if_the_writer_dies(
    engine: Engine, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(engine, gone := uuid4())
    write_and_die(MatcherLedger(engine), ledger, monkeypatch)
    LedgerWriter(MatcherLedger(engine), ledger).step()
    assert list(ledger.read(Gone)) == [Erasure(Gone.PHOTO, gone)]
    assert MatcherLedger(engine).list_erasures(10) == []


def test_control_an_erasure_settled_before_the_write_is_lost(
    engine: Engine, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(engine, uuid4())
    write_and_die(Forgetful(engine), ledger, monkeypatch)
    LedgerWriter(MatcherLedger(engine), ledger).step()
    assert list(ledger.read(Gone)) == []


def test_many_ids_are_written_in_batches(engine: Engine, ledger: Ledger) -> None:
    ids = [uuid4() for _ in range(BATCH + 1)]
    note(engine, *ids)
    writer = LedgerWriter(MatcherLedger(engine), ledger)
    assert [writer.step(), writer.step()] == [True, False]
    assert {erasure.id for erasure in ledger.read([Gone.PHOTO])} == set(ids)


def test_the_ledger_files_contain_only_ids(ledger: Ledger, tmp_path: Path) -> None:
    gone = uuid4()
    ledger.append([Erasure(Gone.USER, gone)])
    (file,) = [path for path in (tmp_path / "ledger-files" / "ledger").rglob("*") if path.is_file()]
    assert file.read_text() == f"user {gone}\n"


def test_unknown_kinds_of_a_later_version_are_skipped(ledger: Ledger) -> None:
    ledger._blobs.put(ledger._blobs.new_key(), f"comment {uuid4()}\nuser {(gone := uuid4())}\n".encode())
    assert [erasure.id for erasure in ledger.read(Gone)] == [gone]


# Which service notes what, and what a replay does.


def test_a_replay_erases_accounts_and_events_again(scene: AuthScene, ledger: Ledger) -> None:
    event, other = scene.event(olga := scene.organiser()), scene.event(olga, "Other")
    gone, stays = scene.guest(event, "gone"), scene.guest(event, "stays")
    ledger.append([Erasure(Gone.USER, UUID(gone.user_id)), Erasure(Gone.EVENT, UUID(other.event_id))])
    ledger.append([Erasure(Gone.USER, uuid4()), Erasure(Gone.PHOTO, uuid4()), Erasure(Gone.USER, UUID(gone.user_id))])
    before = scene.last_change()
    assert replay(ledger, AuthReplays(scene.db)) == {"erased": 2, "in_ledger": 3}
    assert {change.kind for change in scene.changes(before)} == {
        pb.Change.KIND_USER_ERASED,
        pb.Change.KIND_EVENT_DELETED,
    }
    assert [row.username for row in scene.sql("SELECT username FROM auth.users ORDER BY 1")] == ["olga", "stays"]
    assert scene.memberships(stays)
    assert replay(ledger, AuthReplays(scene.db)) == {"erased": 0, "in_ledger": 3}


def test_a_deleted_person_is_noted_and_deleted_again_by_a_replay(selfie: SelfieWorld, ledger: Ledger) -> None:
    event = selfie.event()
    guest = selfie.guest(event)
    mia, stays = selfie.add_person(guest, "Mia"), selfie.add_person(guest, "Ben")
    selfie.delete_person(guest, mia)
    assert not LedgerWriter(SelfieLedger(selfie.db), ledger).step()
    assert list(ledger.read(Gone)) == [Erasure(Gone.PERSON, UUID(mia))]
    selfie.execute(f"UPDATE selfie.people SET deleted_at = NULL, name = 'Mia' WHERE person_id = '{mia}'")  # restored
    assert replay(ledger, SelfieReplays(selfie.db)) == {"erased": 1, "in_ledger": 1}
    assert [person.person_id for person in selfie.list_people(guest).people] == [str(guest), stays]


def restore(selfie: SelfieWorld, backup: Sequence[Row[Any]]) -> None:
    """Restores the selfies of a backup and deletes newer ones."""
    update = text("UPDATE selfie.selfies SET state = :state, image_key = :key, encoding = :encoding WHERE id = :id")
    with selfie.db.begin() as connection:
        delete = text("DELETE FROM selfie.selfies WHERE NOT id = ANY(:ids)")
        connection.execute(delete, {"ids": [row.id for row in backup]})
        for row in backup:
            values = {"id": row.id, "state": row.state, "key": row.image_key, "encoding": row.encoding}
            connection.execute(update, values)


def back_up(selfie: SelfieWorld) -> Sequence[Row[Any]]:
    with selfie.db.connect() as connection:
        return connection.execute(text("SELECT id, state, image_key, encoding FROM selfie.selfies")).all()


class Silent(Ledger):
    """A broken twin: contains no selfies, as in earlier versions."""

    @override
    def read(self, kinds: Collection[Gone]) -> Iterator[Erasure]:
        return super().read([kind for kind in kinds if kind is not Gone.SELFIE])


def delete_and_restore(selfie: SelfieWorld, ledger: Ledger) -> list[bool]:
    """Whether selfies are active after a replay: of a guest who replaced and deleted theirs after the backup, of one
    who had deleted theirs and uploaded another before it, and of one who deleted nothing."""
    event = selfie.event()
    deletes, begins_again, stays = (selfie.guest(event) for _ in range(3))
    for number, guest in enumerate((deletes, begins_again, stays)):
        selfie.enter(guest, number)
    selfie.delete(begins_again)
    selfie.enter(begins_again, 1)
    backup = back_up(selfie)
    selfie.enter(deletes, 0)
    selfie.delete(deletes)
    while LedgerWriter(SelfieLedger(selfie.db), ledger).step():
        pass
    restore(selfie, backup)
    replay(ledger, SelfieReplays(selfie.db))
    selfie.rematch()
    return [selfie.state(guest).selfie_state == ACTIVE for guest in (deletes, begins_again, stays)]


def test_a_deleted_selfie_does_not_return_after_a_restore(selfie: SelfieWorld, ledger: Ledger) -> None:
    assert delete_and_restore(selfie, ledger) == [False, True, True]
    assert replay(ledger, SelfieReplays(selfie.db))["erased"] == 0


def test_control_without_selfies_in_the_ledger_it_returns(selfie: SelfieWorld, ledger: Ledger) -> None:
    assert delete_and_restore(selfie, Silent(ledger._blobs)) == [True, True, True]


def test_a_replay_makes_events_forget_the_face(selfie: SelfieWorld, ledger: Ledger) -> None:
    guest = selfie.guest(event := selfie.event())
    kept = selfie.enter(guest, 1)
    selfie.rematch()
    ledger.append([Erasure(Gone.SELFIE, kept), Erasure(Gone.SELFIE, uuid4())])
    assert replay(ledger, SelfieReplays(selfie.db)) == {"erased": 1, "in_ledger": 2}
    selfie.rematch()
    last = selfie.matcher.requests[-1]
    assert (last.user_id, last.event_id, list(last.encoding)) == (str(guest), str(event), [])
    selfie.sweep()
    assert not selfie.files()


def test_the_matcher_notes_photos_accounts_and_events(matcher: MatcherWorld, ledger: Ledger) -> None:
    event = matcher.event()
    guest = matcher.join(event)
    gone, stays = matcher.add(event, 1), matcher.add(event, 2)
    matcher.photo_store.delete(event, [gone])
    matcher.change(ChangeKind.USER_ERASED, user_id=guest)
    matcher.change(ChangeKind.EVENT_DELETED, event_id=event)
    LedgerWriter(MatcherLedger(matcher.db), ledger).step()
    assert {(erasure.kind, erasure.id) for erasure in ledger.read(Gone)} == {
        (Gone.PHOTO, gone),
        (Gone.USER, guest),
        (Gone.EVENT, event),
    }, "the photos of a deleted event need no line"
    assert stays


def test_a_replay_deletes_a_photo_again(matcher: MatcherWorld, ledger: Ledger) -> None:
    event = matcher.event()
    gone, stays = matcher.add(event, 1), matcher.add(event, 2)
    ledger.append([Erasure(Gone.PHOTO, gone), Erasure(Gone.PHOTO, uuid4())])
    assert replay(ledger, MatcherReplays(matcher.db)) == {"erased": 1, "in_ledger": 2}
    with matcher.db.connect() as connection:
        assert connection.execute(text("SELECT id FROM matcher.photos")).scalars().all() == [stays]
