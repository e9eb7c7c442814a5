"""Permissions of each role on the photos of an event, in addition to those of every member as a guest."""

from collections.abc import Mapping
from enum import Enum

from matcher_service.domain.changes import Role


class Action(Enum):
    """Actions on the photos of an event."""

    SEE_ALL = "see_all"
    SEE_OWN = "see_own"  # the photos that they added
    ADD = "add"
    HIDE = "hide"  # from guests, and show them again
    ADMINISTER = "administer"  # decide who sees them, read them again, delete them


ALLOWED: Mapping[Role, frozenset[Action]] = {
    Role.GUEST: frozenset(),
    Role.PHOTOGRAPHER: frozenset({Action.SEE_OWN, Action.ADD}),
    Role.COUPLE: frozenset({Action.SEE_OWN, Action.SEE_ALL, Action.HIDE}),
    Role.ORGANISER: frozenset(Action),
}


def may(role: Role, action: Action) -> bool:
    return action in ALLOWED[role]


def roles_for(action: Action) -> list[str]:
    """The stored values of the roles with this permission."""
    return [role.value for role in Role if may(role, action)]
