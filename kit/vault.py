"""Encryption of biometric data: encodings in the database, selfies in the file store.

AES-256-GCM (NIST SP 800-38D) with a random nonce for each value. The keys are derived (HKDF with SHA-256, RFC 5869)
from a master key, one for the faces of each event and one for each person, so a value that is moved to another event or
person cannot be decrypted there. The master key is a file outside of all databases, file stores and backups, which
therefore reveal no face.
"""

import base64
import binascii
import hashlib
import os
import secrets
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Self
from uuid import UUID

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kit.errors import Unavailable
from kit.settings import InvalidSetting

KEY_BYTES = 32
MAGIC = b"MNS1"  # no image file begins with it
ID_BYTES = 4
NONCE_BYTES = 12
TAG_BYTES = 16
HEADER_BYTES = len(MAGIC) + ID_BYTES
OVERHEAD_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES
KEPT_SEALS = 4096  # events and people whose keys are cached


class Damaged(ValueError):
    """The encrypted data was changed, or belongs to another event or person."""


class WrongMasterKey(Unavailable):
    """MASTER_KEY is not the key that encrypted the faces; put back the copy of the original file."""

    reason = Unavailable.reason


class Seal:
    """The keys of one event's faces, or of one person: the first encrypts, all of them decrypt."""

    def __init__(self, keys: Sequence[tuple[bytes, bytes]]) -> None:
        """`keys`: pairs of the master key's id and the key. Without any, data is stored unencrypted."""
        self._ciphers = {MAGIC + key_id: AESGCM(key) for key_id, key in keys}
        self.header = MAGIC + keys[0][0] if keys else b""  # the prefix of everything that it encrypts

    def seal(self, data: bytes) -> bytes:
        """Encrypts `data`; the result is OVERHEAD_BYTES longer."""
        if not self.header:
            return data
        nonce = os.urandom(NONCE_BYTES)
        return self.header + nonce + self._ciphers[self.header].encrypt(nonce, data, None)

    def open(self, stored: "bytes | memoryview[int]") -> bytes:
        """Decrypts; data that an earlier version stored unencrypted is returned unchanged. Raises Damaged,
        WrongMasterKey."""
        if not is_sealed(stored):
            return bytes(stored)
        cipher = self._ciphers.get(bytes(stored[:HEADER_BYTES]))
        if cipher is None:
            raise WrongMasterKey
        try:
            return cipher.decrypt(
                bytes(stored[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES]), stored[HEADER_BYTES + NONCE_BYTES :], None
            )
        except InvalidTag:
            raise Damaged from None

    def open_rows(self, rows: npt.NDArray[np.uint8], damaged: bytes) -> npt.NDArray[np.uint8]:
        """Decrypts values of one size, (n, size + OVERHEAD_BYTES), into (n, size). An unencrypted value is preceded by
        OVERHEAD_BYTES zeros; `damaged` replaces one that cannot be decrypted. Raises WrongMasterKey."""
        size = rows.shape[1] - OVERHEAD_BYTES
        if not rows[:, 0].any():
            return np.ascontiguousarray(rows[:, OVERHEAD_BYTES:])
        opened = np.empty((len(rows), size), np.uint8)
        for row, place in zip(rows, opened, strict=True):
            value = memoryview(row)
            try:
                memoryview(place)[:] = self.open(value) if value[0] else value[OVERHEAD_BYTES:]
            except Damaged:
                memoryview(place)[:] = damaged
        return opened

    def is_current(self, stored: "bytes | memoryview[int]") -> bool:
        """Whether the data is encrypted with the first master key."""
        return bool(self.header) and bytes(stored[:HEADER_BYTES]) == self.header


class Vault:
    """Master keys: the first encrypts, all of them decrypt. Without any, nothing is encrypted."""

    def __init__(self, master_keys: Sequence[bytes] = ()) -> None:
        self._masters = [(hashlib.sha256(key).digest()[:ID_BYTES], key) for key in master_keys]
        self._seal = lru_cache(KEPT_SEALS)(self._derive)
        self.sealing: set[str] = set()  # schemas that are known to be encrypted (kit.db.sealing)

    @classmethod
    def read(cls, path: Path) -> Self:
        """From a file with a key of 32 bytes in base64 on each line. Raises InvalidSetting."""
        try:
            lines = path.read_text("ascii").split()
            keys = [base64.b64decode(line, validate=True) for line in lines]
        except (OSError, UnicodeDecodeError, binascii.Error):
            keys = []
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise InvalidSetting(f"MASTER_KEY: {path} must have a line of {KEY_BYTES} bytes in base64 for each key")
        return cls(keys)

    @property
    def has_keys(self) -> bool:
        return bool(self._masters)

    def knows(self, stored: "bytes | memoryview[int]") -> bool:
        """Whether there is a master key that can decrypt it."""
        key_id = bytes(stored[len(MAGIC) : HEADER_BYTES])
        return not is_sealed(stored) or any(known == key_id for known, _ in self._masters)

    def of_event(self, event_id: UUID) -> Seal:
        """The keys of the faces in an event's photos."""
        return self._seal(b"event", event_id)

    def of_person(self, person_id: UUID) -> Seal:
        """The keys of a person's selfies and encodings."""
        return self._seal(b"person", person_id)

    def _derive(self, kind: bytes, owner: UUID) -> Seal:
        info = b"minois " + kind + owner.bytes
        derive = [(key_id, HKDF(SHA256(), KEY_BYTES, None, info).derive(key)) for key_id, key in self._masters]
        return Seal(derive)


def is_sealed(stored: "bytes | memoryview[int]") -> bool:
    return bytes(stored[: len(MAGIC)]) == MAGIC


def create_master_key(path: Path) -> None:
    """Creates a file with a new master key, readable only by its owner, unless it exists."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
    fresh.replace(path)


NO_KEYS = Vault()
