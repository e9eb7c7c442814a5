"""Selfies and their encodings are encrypted in rows and files: in a new installation from the start, in an old one
after `reencrypt`, and again after a change of the master key.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import grpc
import pytest
from sqlalchemy import Engine, text

from kit.db.engine import create_db
from kit.errors import DatabaseUnavailable
from kit.rpc.identity import Signer
from kit.storage.blobs import BlobNotFound
from kit.vault import Vault, is_sealed
from selfie_service.domain import StoredImage
from selfie_service.images import Images
from selfie_service.reencryption import reencrypt
from selfie_service.store import ReencryptionStore, SelfieStore
from tests.harness.databases import KEY, NEXT_KEY, with_vault
from tests.selfie.world import MakeWorld, World, face, image_of


def stored(world: World) -> list[bytes]:
    """Every stored encoding and file, as the raw bytes."""
    query = (
        "SELECT encoding FROM selfie.selfies WHERE encoding IS NOT NULL"
        " UNION ALL SELECT bound_encoding FROM selfie.people WHERE bound_encoding IS NOT NULL"
    )
    with world.db.begin() as connection:
        rows = [bytes(value) for value in connection.execute(text(query)).scalars()]
    return rows + [path.read_bytes() for path in world.folder.rglob("*") if path.is_file()]


def enter(world: World) -> UUID:
    guest = world.guest(world.event())
    world.enter(guest, 1)
    return guest


def test_a_new_installation_encrypts_everything_it_stores(make_world: MakeWorld) -> None:
    world = make_world()
    guest = enter(world)
    kept = stored(world)
    assert len(kept) == 3
    assert all(is_sealed(value) for value in kept)
    assert not any(value in one for one in kept for value in (face(1), image_of("person 1")))
    assert world.get(guest).image == image_of("person 1")


def test_a_file_decrypts_only_for_its_person(make_world: MakeWorld) -> None:
    world = make_world()
    guest, other = enter(world), enter(world)
    key = world.row("SELECT image_key FROM selfie.selfies WHERE user_id = :guest", guest=guest).image_key
    assert world.images.read(guest, StoredImage(key)) == image_of("person 1")
    with pytest.raises(BlobNotFound):
        world.images.read(other, StoredImage(key))


@pytest.fixture
def old(
    make_db: Callable[[str], Engine],
    serve: Callable[..., grpc.Channel],
    signer: Callable[[str], Signer],
    tmp_path: Path,
) -> Iterator[World]:
    """An installation of the previous version, which did not encrypt, with the processes of this one."""
    db = make_db("selfie")
    with db.begin() as connection:
        connection.execute(text("DELETE FROM selfie.encryption"))
    vault = Vault([KEY])
    world = World(with_vault(db, vault), serve, signer, tmp_path, vault=vault)
    yield world
    world.close()


def test_an_old_installation_encrypts_on_request(old: World) -> None:
    guest = enter(old)
    assert not any(is_sealed(value) for value in stored(old)), "the previous version could not read them"
    store = ReencryptionStore(old.db)
    assert not store.has_begun()
    assert reencrypt(store, old.images) == {"encodings": 2, "selfies": 1}
    assert store.has_begun()
    assert reencrypt(store, old.images) == {}
    old.sweep()
    assert all(is_sealed(value) for value in stored(old))
    assert len(stored(old)) == 3, "the former file is deleted"
    assert old.get(guest).image == image_of("person 1")
    enter(old)
    assert all(is_sealed(value) for value in stored(old)), "a process started earlier encrypts as well"


def test_selfies_are_re_encrypted_for_a_new_master_key(make_world: MakeWorld) -> None:
    world = make_world()
    guest = enter(world)
    both = Vault([NEXT_KEY, KEY])
    db = with_vault(world.db, both)
    assert reencrypt(ReencryptionStore(db), Images(world.blobs, both, SelfieStore(db).is_sealing)) == {
        "encodings": 2,
        "selfies": 1,
    }
    world.sweep()
    key = world.row("SELECT image_key FROM selfie.selfies WHERE user_id = :guest", guest=guest).image_key
    only = Images(world.blobs, Vault([NEXT_KEY]), lambda: True)
    assert only.read(guest, StoredImage(key)) == image_of("person 1")


def test_a_selfie_deleted_meanwhile_leaves_no_file(make_world: MakeWorld) -> None:
    world = make_world()
    guest = enter(world)
    both = Vault([NEXT_KEY, KEY])
    store = ReencryptionStore(with_vault(world.db, both))
    (key,) = store.list_files(guest)

    def write_late() -> str:
        world.selfies.delete_selfies(guest)
        return world.images.write(guest, image_of("person 1"))

    assert not store.replace_file(guest, key, write_late)
    world.sweep()
    assert stored(world) == []


def test_an_unreachable_database_is_reported_as_unavailable() -> None:
    """The caller is asked to retry: the first upload of a process checks whether files are encrypted yet."""
    nowhere = create_db("postgresql://minois@127.0.0.1:1/nothing", 1, 0, "test", Vault([KEY]))
    with pytest.raises(DatabaseUnavailable):
        SelfieStore(nowhere).is_sealing()
