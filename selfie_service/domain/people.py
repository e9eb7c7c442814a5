"""People: the faces that an account looks for, with their rules and errors. Pure."""

from dataclasses import dataclass
from uuid import UUID

from kit.errors import InvalidInput, NotFound, Precondition
from selfie_service.domain import GuestSelfie

FACES_PER_GUEST = 3
MAX_NAME_LENGTH = 40
MAX_VERSION_LENGTH = 32


@dataclass(frozen=True)
class Person:
    """A person, as their account sees them; the first one has no name."""

    id: UUID
    name: str
    selfie: GuestSelfie
    active_count: int


@dataclass(frozen=True)
class NewPerson:
    """A person to add, once per `idempotency_key`."""

    id: UUID
    user_id: UUID
    idempotency_key: UUID | None
    name: str
    consent_version: str


class PersonNotFound(NotFound):
    """You have not added this person."""


class TooManySelfies(Precondition):
    """You already have three selfies in use."""


class TooManyPeople(Precondition):
    """You have added as many people as allowed: delete one of them first."""


class FirstPerson(Precondition):
    """This person is you: delete your selfie instead."""


class InvalidName(InvalidInput):
    """A name has 1 to 40 characters."""


class ConsentRequired(InvalidInput):
    """The person, or a parent or guardian, has to agree first."""


class ConsentWithdrawn(Precondition):
    """You have withdrawn your consent: agree again before you send a selfie."""


def check_name(name: str) -> str:
    """Returns the name as it is stored. Raises InvalidName."""
    kept = name.strip()
    if not kept or len(kept) > MAX_NAME_LENGTH or not kept.isprintable():
        raise InvalidName
    return kept


def check_consent(version: str) -> str:
    """Raises ConsentRequired."""
    if not version or len(version) > MAX_VERSION_LENGTH or not version.isascii() or not version.isprintable():
        raise ConsentRequired
    return version
