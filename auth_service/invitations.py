"""Invitations, and the one that makes the first organiser; their faults."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth_service.domain import CODE_ALPHABET, Role
from kit.errors import NotAllowed, NotFound, Precondition

INVITATION_S = 7 * 24 * 3600
MAX_OPEN = 50  # of one event
SETUP_CODE_LENGTH = 16  # 80 random bits


@dataclass(frozen=True)
class Invitation:
    """What whoever holds its secret may become in an event. `created_by`: the user name of an organiser."""

    id: UUID
    event_id: UUID
    event_name: str
    role: Role
    created_by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Accepted:
    """The event of an invitation, and what its acceptor is in it now."""

    event_id: UUID
    event_name: str
    role: Role


class InvalidInvitation(NotFound):
    """This invitation has expired, was withdrawn or was used before: ask for another one."""


class CredentialsRequired(Precondition):
    """An organiser needs an account with a password: give yours one first."""


class TooManyInvitations(Precondition):
    """This event has too many open invitations: withdraw some first."""


class InvalidSetupCode(NotAllowed):
    """This is not the code that auth_service logged at its last start."""


class OrganiserExists(Precondition):
    """There is an organiser already: log in, or ask them for an invitation."""


def new_setup_code() -> str:
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(SETUP_CODE_LENGTH))


def show_setup_code(code: str) -> str:
    """Groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
