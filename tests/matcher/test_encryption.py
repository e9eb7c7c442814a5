"""Encodings in the database are encrypted: in a new installation from the start, in an old one after `reencrypt`, and
again after a change of the master key; galleries do not change.
"""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from kit.db.engine import create_db
from kit.db.sealing import require_master_key
from kit.settings import InvalidSetting
from kit.vault import Vault, WrongMasterKey, is_sealed
from matcher_service.reencryption import reencrypt
from matcher_service.store import ReencryptionStore
from tests.harness.databases import KEY, NEXT_KEY, with_vault
from tests.matcher.scripted_photos import person
from tests.matcher.world import World, make_rematch

WITHOUT_KEYS = Vault()


def stored(db: Engine) -> list[bytes]:
    """Every stored encoding, as the bytes in the database."""
    query = (
        "SELECT encoding FROM matcher.faces UNION ALL SELECT encodings FROM matcher.people WHERE encodings IS NOT NULL"
    )
    with db.begin() as connection:
        return [bytes(value) for value in connection.execute(text(query)).scalars()]


def party(world: World) -> tuple[UUID, UUID, set[UUID]]:
    """An event, a guest, and the photos that show the guest."""
    event = world.event()
    photos = {world.add(event, 1, 2), world.add(event, 1)}
    world.add(event, 3)
    guest = world.join(event)
    assert world.rematch(event, guest, 1, 1) == "DONE"
    assert world.found(guest) == photos
    return event, guest, photos


def find_again(db: Engine, folder: Path, event: UUID, guest: UUID, revision: int) -> set[UUID]:
    """The photos that a newly started process finds for a guest."""
    world = World(db, folder)
    *_, last = world.matches.rematch(make_rematch(event, guest, revision, 1))
    assert last.state.name == "DONE"
    world.settle_all()
    return world.found(guest)


@pytest.fixture
def old(make_db: Callable[[str], Engine]) -> Engine:
    """A database of the previous version, which did not encrypt, opened by processes with a vault."""
    db = make_db("matcher")
    with db.begin() as connection:
        connection.execute(text("DELETE FROM matcher.encryption"))
    return with_vault(db, Vault([KEY]))


def test_a_new_installation_encrypts_everything_it_stores(make_db: Callable[[str], Engine], tmp_path: Path) -> None:
    db = make_db("matcher")
    event, guest, photos = party(World(db, tmp_path))
    kept = stored(db)
    assert len(kept) == 5
    assert all(is_sealed(value) for value in kept)
    assert not any(person(no) in value for value in kept for no in (1, 2, 3))
    assert find_again(db, tmp_path, event, guest, 2) == photos


def test_control_without_a_master_key_encodings_are_readable(make_db: Callable[[str], Engine], tmp_path: Path) -> None:
    db = with_vault(make_db("matcher"), WITHOUT_KEYS)
    party(World(db, tmp_path))
    assert person(1) in stored(db)


def test_an_old_installation_encrypts_on_request(old: Engine, tmp_path: Path) -> None:
    world = World(old, tmp_path)
    event, guest, photos = party(world)
    assert not any(is_sealed(value) for value in stored(old)), "the previous version could not read them"
    store = ReencryptionStore(old)
    assert not store.has_begun()
    assert reencrypt(store) == {"faces": 4, "people": 1}
    assert store.has_begun()
    assert all(is_sealed(value) for value in stored(old))
    assert reencrypt(store) == {}
    assert find_again(old, tmp_path, event, guest, 2) == photos
    added = world.add(event, 1)
    assert all(is_sealed(value) for value in stored(old)), "a process started earlier encrypts as well"
    assert world.found(guest) == photos | {added}


def test_faces_are_re_encrypted_for_a_new_master_key(make_db: Callable[[str], Engine], tmp_path: Path) -> None:
    db = make_db("matcher")
    event, guest, photos = party(World(db, tmp_path))
    both = with_vault(db, Vault([NEXT_KEY, KEY]))
    assert find_again(both, tmp_path, event, guest, 2) == photos
    assert reencrypt(ReencryptionStore(both)) == {"faces": 4}  # the rematch already re-encrypted the guest's
    only = with_vault(db, Vault([NEXT_KEY]))
    require_master_key(only, ("matcher.faces", "encoding"))
    assert find_again(only, tmp_path, event, guest, 3) == photos


def test_a_wrong_master_key_is_reported_and_decrypts_nothing(make_db: Callable[[str], Engine], tmp_path: Path) -> None:
    db = make_db("matcher")
    event, guest, _ = party(World(db, tmp_path))
    wrong = with_vault(db, Vault([NEXT_KEY]))
    for table, column in (("people", "encodings"), ("faces", "encoding")):
        with pytest.raises(InvalidSetting, match="MASTER_KEY: not the key that encrypted the faces"):
            require_master_key(wrong, (f"matcher.{table}", column))
    with pytest.raises(WrongMasterKey):
        list(World(wrong, tmp_path).matches.rematch(make_rematch(event, guest, 2, 1)))


def test_an_unreachable_database_does_not_prevent_startup() -> None:
    nowhere = create_db("postgresql://minois@127.0.0.1:1/nothing", 1, 0, "test", Vault([KEY]))
    require_master_key(nowhere, ("matcher.people", "encodings"))


def test_a_damaged_face_matches_no_one(make_db: Callable[[str], Engine], tmp_path: Path) -> None:
    db = make_db("matcher")
    event, guest, photos = party(World(db, tmp_path))
    damaged = min(photos)
    with db.begin() as connection:
        flipped = "set_byte(encoding, 60, get_byte(encoding, 60) # 1)"
        query = text(f"UPDATE matcher.faces SET encoding = {flipped} WHERE photo_id = :photo")
        connection.execute(query, {"photo": damaged})
    assert find_again(db, tmp_path, event, guest, 2) == photos - {damaged}
