"""Role checks. Events that the user is not a member of are reported as not found."""

from uuid import UUID

from auth_service.domain import EventNotFound, OrganiserOnly, Role
from auth_service.permissions import Action, may
from auth_service.store import MemberStore


def require_role(members: MemberStore, event_id: UUID, user_id: UUID) -> Role:
    """Raises EventNotFound."""
    role = members.find_role(event_id, user_id)
    if role is None:
        raise EventNotFound
    return role


def require(members: MemberStore, event_id: UUID, user_id: UUID, action: Action) -> Role:
    """Returns the role of a user who may do `action`. Raises EventNotFound, OrganiserOnly."""
    role = require_role(members, event_id, user_id)
    if not may(role, action):
        raise OrganiserOnly
    return role


def require_organiser(members: MemberStore, event_id: UUID, user_id: UUID) -> None:
    """Raises EventNotFound, OrganiserOnly."""
    require(members, event_id, user_id, Action.ADMINISTER)
