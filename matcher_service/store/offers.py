"""SQL of what events offer their members: photos once they are released, by the database's clock, and downloads.

Lists, counts, pictures, decisions about photos, and hints all use these expressions.
"""

from matcher_service.domain import Action, roles_for

SEES_ALL = ", ".join(f"'{role}'" for role in roles_for(Action.SEE_ALL))

# Whether guests see photos of the event `e`.
IS_RELEASED = "(NOT e.held OR coalesce(e.releases_at <= now(), false))"


def sees_photos(member: str, event: str) -> str:
    """Whether this member of this event sees any photo of it."""
    return f"({member}.role IN ({SEES_ALL}) OR NOT {event}.held OR coalesce({event}.releases_at <= now(), false))"


def offered(member: str, event: str) -> str:
    """The Download that this member of this event may use."""
    return f"CASE WHEN {member}.role IN ({SEES_ALL}) THEN 'original' ELSE {event}.download END"
