"""Permissions of roles in an event."""

from collections.abc import Mapping
from enum import Enum

from auth_service.domain import Role


class Action(Enum):
    """An action on an event that guests may not do."""

    FIND = "find"  # list the event among one's own
    ADMINISTER = "administer"  # change its settings, members and invitations, and delete it


ALLOWED: Mapping[Role, frozenset[Action]] = {
    Role.GUEST: frozenset(),
    Role.PHOTOGRAPHER: frozenset({Action.FIND}),
    Role.COUPLE: frozenset({Action.FIND}),
    Role.ORGANISER: frozenset({Action.FIND, Action.ADMINISTER}),
}
ASCENDING = (Role.GUEST, Role.PHOTOGRAPHER, Role.COUPLE, Role.ORGANISER)
INVITED = (Role.ORGANISER, Role.COUPLE, Role.PHOTOGRAPHER)


def may(role: Role, action: Action) -> bool:
    return action in ALLOWED[role]


def roles_for(action: Action) -> list[Role]:
    return [role for role in Role if may(role, action)]


def is_promotion(present: Role | None, offered: Role) -> bool:
    """`present` is None for an account that is not a member."""
    return present is None or ASCENDING.index(offered) > ASCENDING.index(present)
