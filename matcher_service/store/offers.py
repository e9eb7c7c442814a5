"""SQL of what events offer their members: photos from the release on, and downloads; by the database's clock.

Lists, counts, pictures, decisions about photos and hints all ask here.
"""


def is_open(member: str, event: str) -> str:
    """Whether this member of this event sees any photo of it."""
    return f"({member}.role = 'organiser' OR NOT {event}.held OR coalesce({event}.releases_at <= now(), false))"


def offered(member: str, event: str) -> str:
    """The Download that this member of this event may have."""
    return f"CASE WHEN {member}.role = 'organiser' THEN 'original' ELSE {event}.download END"
