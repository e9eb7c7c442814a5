"""SQL of hints to users whose selfie or progress changes, sent by NOTIFY when the transaction commits."""

from uuid import UUID

from sqlalchemy import Connection, text

HINTS_CHANNEL = "selfie_hints"


def hint(connection: Connection, user_id: UUID) -> None:
    connection.execute(text("SELECT pg_notify(:channel, :user)"), {"channel": HINTS_CHANNEL, "user": str(user_id)})


def hint_owner(connection: Connection, person_id: UUID) -> None:
    """Notifies the user of this person."""
    query = text("SELECT pg_notify(:channel, CAST(user_id AS text)) FROM selfie.people WHERE person_id = :person")
    connection.execute(query, {"channel": HINTS_CHANNEL, "person": person_id})
