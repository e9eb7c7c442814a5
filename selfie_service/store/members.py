"""SQL of members and their roles, including members whose face is not searched."""

from sqlalchemy import Connection, text

from selfie_service.domain import Change, ChangeKind
from selfie_service.store.people import is_buried

# By kind of change. Rows of newer changes are kept.
STATEMENTS = {
    ChangeKind.JOINED: """
        INSERT INTO selfie.members AS m (event_id, user_id, role, sequence) VALUES (:event, :user, :role, :sequence)
        ON CONFLICT (event_id, user_id) DO UPDATE SET role = excluded.role, sequence = excluded.sequence
            WHERE m.sequence < excluded.sequence
        """,
    ChangeKind.LEFT: """
        DELETE FROM selfie.members WHERE event_id = :event AND user_id = :user AND sequence < :sequence
        """,
    ChangeKind.USER_ERASED: "DELETE FROM selfie.members WHERE user_id = :user",
    ChangeKind.EVENT_DELETED: "DELETE FROM selfie.members WHERE event_id = :event",
}


def apply_to_members(connection: Connection, change: Change) -> None:
    """Requires the lock of the cursor. Joins to a deleted event or by an erased user are ignored."""
    if change.kind not in STATEMENTS:
        return
    is_gone = any(gone and is_buried(connection, gone) for gone in (change.event_id, change.user_id))
    if change.kind is ChangeKind.JOINED and is_gone:
        return
    values = {
        "event": change.event_id,
        "user": change.user_id,
        "role": change.role.value,
        "sequence": change.sequence,
    }
    connection.execute(text(STATEMENTS[change.kind]), values)
