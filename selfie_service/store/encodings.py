"""Stored encodings, sealed for the person whom they show; those of earlier versions are unsealed until `reencrypt`."""

from uuid import UUID

from sqlalchemy import Connection

from kit.db.sealing import seal, vault_of

SCHEMA = "selfie"


def seal_person(connection: Connection, person_id: UUID, encoding: bytes) -> bytes:
    return seal(connection, SCHEMA, vault_of(connection).of_person(person_id), encoding)


def open_person(connection: Connection, person_id: UUID, stored: bytes) -> bytes:
    """Raises Damaged, WrongMasterKey."""
    return vault_of(connection).of_person(person_id).open(stored)
