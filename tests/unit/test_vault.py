"""Encryption of faces: a sealed value opens unchanged, only with the right master key and only for its owner."""

import stat
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.settings import InvalidSetting
from kit.vault import OVERHEAD_BYTES, Damaged, Seal, Vault, WrongMasterKey, create_master_key, is_sealed

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
EVENT = UUID(int=7)


@given(st.binary(max_size=2000))
def test_a_sealed_value_opens_unchanged(data: bytes) -> None:
    seal = Vault([NEW]).of_event(EVENT)
    sealed = seal.seal(data)
    assert is_sealed(sealed)
    assert len(sealed) == len(data) + OVERHEAD_BYTES
    assert seal.open(sealed) == data
    assert len(data) < 16 or data not in sealed


def test_sealing_a_value_twice_gives_different_ciphertexts() -> None:
    seal = Vault([NEW]).of_event(EVENT)
    assert seal.seal(b"face") != seal.seal(b"face")


@pytest.mark.parametrize(
    "other", [Vault([NEW]).of_event(UUID(int=8)), Vault([NEW]).of_person(EVENT)], ids=["event", "person"]
)
def test_a_value_opens_only_for_its_owner(other: Seal) -> None:
    with pytest.raises(Damaged):
        other.open(Vault([NEW]).of_event(EVENT).seal(b"face"))


def test_a_flipped_bit_is_detected() -> None:
    seal = Vault([NEW]).of_person(EVENT)
    sealed = bytearray(seal.seal(b"face" * 100))
    sealed[50] ^= 1
    with pytest.raises(Damaged):
        seal.open(bytes(sealed))


def test_old_values_open_while_the_previous_master_key_is_configured() -> None:
    sealed = Vault([OLD]).of_event(EVENT).seal(b"face")
    both = Vault([NEW, OLD])
    assert both.of_event(EVENT).open(sealed) == b"face"
    assert not both.of_event(EVENT).is_current(sealed)
    assert both.of_event(EVENT).is_current(both.of_event(EVENT).seal(b"face"))
    assert both.knows(sealed)
    assert not Vault([NEW]).knows(sealed)
    with pytest.raises(WrongMasterKey):
        Vault([NEW]).of_event(EVENT).open(sealed)


def test_unencrypted_values_of_an_earlier_version_are_read_as_they_are() -> None:
    seal = Vault([NEW]).of_event(EVENT)
    assert seal.open(b"\xff\xd8\xff\xe0 a JPEG") == b"\xff\xd8\xff\xe0 a JPEG"
    assert not seal.is_current(b"a face")


def test_without_keys_values_are_not_sealed() -> None:
    assert Vault().of_event(EVENT).seal(b"face") == b"face"


@pytest.mark.parametrize("plain", [0, 1, 3])
def test_rows_of_one_size_are_opened_together(plain: int) -> None:
    seal = Vault([NEW]).of_event(EVENT)
    faces = [bytes([no]) * 512 for no in range(3)]
    stored = [bytes(OVERHEAD_BYTES) + face if no < plain else seal.seal(face) for no, face in enumerate(faces)]
    rows = np.frombuffer(b"".join(stored), np.uint8).reshape(3, -1).copy()
    assert seal.open_rows(rows, b"?" * 512).tobytes() == b"".join(faces)
    rows[2, -1] ^= 1
    damaged = b"?" * 512 if plain < 3 else faces[2][:-1] + bytes([faces[2][-1] ^ 1])
    assert seal.open_rows(rows, b"?" * 512).tobytes() == b"".join(faces[:2]) + damaged


def test_no_rows_give_no_rows() -> None:
    seal = Vault([NEW]).of_event(uuid4())
    assert seal.open_rows(np.empty((0, 512 + OVERHEAD_BYTES), np.uint8), b"").shape == (0, 512)


def test_a_master_key_is_created_once_and_readable_only_by_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "master" / "master.key"
    create_master_key(path)
    first = path.read_text()
    create_master_key(path)
    assert path.read_text() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sealed = Vault.read(path).of_event(EVENT).seal(b"face")
    assert Vault.read(path).of_event(EVENT).open(sealed) == b"face"


@pytest.mark.parametrize("content", ["", "not base64!", "c2hvcnQ=", "\xe9"])
def test_an_invalid_master_key_file_is_reported_in_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "key").write_text(content, "latin-1")
    with pytest.raises(InvalidSetting, match=r"MASTER_KEY: .* must have a line of 32 bytes in base64"):
        Vault.read(tmp_path / "key")
