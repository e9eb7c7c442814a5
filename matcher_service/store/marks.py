"""Marks events whose matches must be settled."""

from uuid import UUID

from sqlalchemy import Connection, text


def mark_unsettled(connection: Connection, event_id: UUID, *, is_reset: bool) -> None:
    """Must run in the transaction that changes a face, person or refusal, under the event's lock. `is_reset`: something
    was deleted or replaced, so no settlement that began before may publish."""
    connection.execute(
        text(
            """
            INSERT INTO matcher.settlements AS s (event_id, resets) VALUES (:event, CAST(:is_reset AS integer))
            ON CONFLICT (event_id) DO UPDATE SET changes = s.changes + 1, resets = s.resets + excluded.resets,
                since = CASE WHEN s.changes > s.settled THEN s.since ELSE excluded.since END
            """
        ),
        {"event": event_id, "is_reset": is_reset},
    )
