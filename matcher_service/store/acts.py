"""SQL of recorded acts."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from kit.audit.store import ActLog
from kit.db.engine import transaction
from kit.rpc.identity import current_caller
from matcher_service.domain import Recorded


class ActStore(ActLog):
    """The audit log of matcher_service."""

    schema = "matcher"

    def note_view(self, event_id: UUID, photo_id: UUID) -> None:
        """Records that the faces of a photo were viewed; repeated views within a minute are recorded once."""
        recent = text(
            "SELECT FROM matcher.acts WHERE event_id = :event AND object_id = :photo AND action = :action"
            " AND actor_id = :actor AND at > clock_timestamp() - interval '1 minute' LIMIT 1"
        )
        action = Recorded.FACES_VIEWED
        values = {"event": event_id, "photo": photo_id, "action": action.value, "actor": current_caller().id}
        with transaction(self._engine, "act-view") as connection:
            if connection.execute(recent, values).first() is None:
                note_act(connection, action, event_id, photo_id)


note_act = ActStore.note


def note_deleted(connection: Connection, event_id: UUID, photo_ids: Sequence[UUID], count: int) -> None:
    """Records how many photos were deleted, if any; for a single photo, also its id."""
    if count:
        photo_id = photo_ids[0] if len(photo_ids) == 1 else None
        note_act(connection, Recorded.PHOTOS_DELETED, event_id, photo_id, str(count))
