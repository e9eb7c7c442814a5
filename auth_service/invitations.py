"""Invitations to events, the setup code for the first organiser, and their errors."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth_service.domain import CODE_ALPHABET, Role
from kit.errors import NotAllowed, NotFound, Precondition

INVITATION_S = 7 * 24 * 3600
MAX_OPEN = 50  # per event
SETUP_CODE_LENGTH = 16  # 80 random bits


@dataclass(frozen=True)
class Invitation:
    """An invitation to a role in an event. `created_by` is the user name of the organiser who created it."""

    id: UUID
    event_id: UUID
    event_name: str
    role: Role
    created_by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Accepted:
    """The event of an accepted invitation, and the member's role in it now."""

    event_id: UUID
    event_name: str
    role: Role


class InvalidInvitation(NotFound):
    """This invitation has expired, was withdrawn or was already used: ask for a new one."""


class CredentialsRequired(Precondition):
    """An organiser needs an account with a password: set a password first."""


class TooManyInvitations(Precondition):
    """This event has too many open invitations: withdraw some first."""


class InvalidSetupCode(NotAllowed):
    """This is not the code that auth_service logged at its last start."""


class OrganiserExists(Precondition):
    """There is an organiser already: sign in, or ask them for an invitation."""


def new_setup_code() -> str:
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(SETUP_CODE_LENGTH))


def show_setup_code(code: str) -> str:
    """Formats the code in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
