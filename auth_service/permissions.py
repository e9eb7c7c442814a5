"""Who may do what in an event, by role."""

from collections.abc import Mapping
from enum import Enum

from auth_service.domain import Role


class Action(Enum):
    """What a member does with an event, beyond being a guest of it."""

    FIND = "find"  # among the events that one works on
    ADMINISTER = "administer"  # its settings, members and invitations, and its end


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
    """`present`: None for who is no member."""
    return present is None or ASCENDING.index(offered) > ASCENDING.index(present)
