"""Errors of AuthService; the docstring of each is its message to users."""

from collections.abc import Sequence

from kit.errors import Exhausted, InvalidInput, NotAllowed, NotFound, Precondition, Unauthenticated, Violation


class InvalidEventCode(NotFound):
    """There is no event with this code: check it with your host."""


class EventClosed(Precondition):
    """This event is closed."""


class InvalidCredentials(Unauthenticated):
    """The user name or the password is wrong."""


class InvalidSignInLink(Unauthenticated):
    """This link has expired or was already used: request a new one."""


class InvalidRefreshToken(Unauthenticated):
    """This session has ended: sign in again."""


class SessionExpired(Unauthenticated):
    """This session has expired: sign in again."""


class IdempotencyKeyReused(InvalidInput):
    """This request id was already used by another request, or too long ago."""


class CredentialsSet(Precondition):
    """This account already has a user name and a password."""


class GuestOfOthers(Precondition):
    """This guest is also in an event that you do not organise: only the guest can create a link."""


class UserNotFound(NotFound):
    """This account does not exist."""


class MemberNotFound(NotFound):
    """This person is not a member of the event: they left, were removed, or are waiting to be admitted."""

    reason = "USER_NOT_FOUND"  # kept for compatibility with existing clients


class MemberNeedsPassword(Precondition):
    """An organiser needs an account with a password, which this person does not have yet."""

    reason = "CREDENTIALS_REQUIRED"


class AccountNeedsPassword(Precondition):
    """This account has no password: choose a user name and a password first."""

    reason = "CREDENTIALS_REQUIRED"


class TooManyRequests(Exhausted):
    """Many people are signing in right now: try again in a moment."""


class EventNotFound(NotFound):
    """Event not found."""


class OrganiserOnly(NotAllowed):
    """Only organisers may do this."""


class RemovedFromEvent(NotAllowed):
    """The organiser has removed you from this event: only they can admit you again."""


class OrganiserCannotLeave(Precondition):
    """The last organiser cannot leave the event: delete it instead."""


class LastOrganiser(Precondition):
    """The event needs an organiser: give another member this role first."""


class MailNotOffered(NotFound):
    """This server sends no e-mail."""


class InvalidForm(InvalidInput):
    """Some fields need your attention."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__(violations=violations)


class NoFreeCode(Exception):
    """Every generated code was already in use."""
