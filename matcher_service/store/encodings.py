"""Stored encodings: those of faces are sealed for their event, those of people for the person.

Values stored by an earlier version are unsealed, but readable, until `reencrypt` encrypts them.
"""

from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from kit.db.sealing import seal, vault_of
from kit.vault import OVERHEAD_BYTES, Damaged
from matcher_service.domain import ENCODING_SIZE, NewFace
from matcher_service.matching import Encodings

SCHEMA = "matcher"
ENCODING_BYTES = 4 * ENCODING_SIZE
SEALED_BYTES = ENCODING_BYTES + OVERHEAD_BYTES
# Replaces a damaged encoding, which `check` reports: every comparison with it is false.
NAN = np.full(ENCODING_SIZE, np.nan, "<f4").tobytes()
# SQL: encodings padded to one size, which COPY into an array requires; unsealed ones are preceded by zeros.
SAME_SIZE = f"""
CASE octet_length(encoding) WHEN {SEALED_BYTES} THEN encoding
    WHEN {ENCODING_BYTES} THEN decode(repeat('00', {OVERHEAD_BYTES}), 'hex') || encoding
    ELSE decode(repeat('00', {OVERHEAD_BYTES}) || '{NAN.hex()}', 'hex') END"""
STORED = ("u1", (SEALED_BYTES,))


def seal_face(connection: Connection, event_id: UUID, encoding: bytes) -> bytes:
    return seal(connection, SCHEMA, vault_of(connection).of_event(event_id), encoding)


def seal_new(connection: Connection, event_id: UUID, face: NewFace) -> dict[str, Any]:
    """The columns of a face, with its encoding sealed."""
    return {**vars(face), "encoding": seal_face(connection, event_id, face.encoding)}


def open_face(connection: Connection, event_id: UUID, stored: bytes) -> bytes:
    """The decrypted encoding; NAN if it is damaged. Raises WrongMasterKey."""
    try:
        encoding = vault_of(connection).of_event(event_id).open(stored)
    except Damaged:
        return NAN
    return encoding if len(encoding) == ENCODING_BYTES else NAN


def open_faces(connection: Connection, event_id: UUID, stored: npt.NDArray[np.uint8]) -> Encodings:
    """Decrypts SAME_SIZE (n, SEALED_BYTES) into encodings (n, 128). Raises WrongMasterKey."""
    rows: Any = vault_of(connection).of_event(event_id).open_rows(stored, NAN)
    encodings: Encodings = rows.view("<f4").reshape(len(stored), ENCODING_SIZE)
    return encodings


def seal_person(connection: Connection, person_id: UUID, encoding: bytes | None) -> bytes | None:
    """The sealed encoding; None, for a person who is not searched for, stays None."""
    if encoding is None:
        return None
    return seal(connection, SCHEMA, vault_of(connection).of_person(person_id), encoding)


def open_person(connection: Connection, person_id: UUID, stored: bytes) -> bytes:
    """The decrypted encoding; NAN if it is damaged. Raises WrongMasterKey."""
    try:
        encoding = vault_of(connection).of_person(person_id).open(stored)[:ENCODING_BYTES]
    except Damaged:
        return NAN
    return encoding if len(encoding) == ENCODING_BYTES else NAN
