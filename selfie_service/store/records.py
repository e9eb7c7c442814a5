"""SQL of the personal data export."""

from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row, text

from kit.db.engine import transaction
from selfie_service.domain import Recorded, RejectReason, SelfieState, StoredImage
from selfie_service.domain.records import PersonRecord, SelfieRecord
from selfie_service.store.acts import note_act


class RecordStore:
    """Reads everything about the people of an account, except data computed from a face."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_records(self, user_id: UUID) -> list[PersonRecord]:
        """Returns the first person first."""
        people = text(
            "SELECT person_id, name, consent_version, created_at FROM selfie.people"
            " WHERE user_id = :user AND deleted_at IS NULL ORDER BY person_id <> :user, created_at, person_id"
        )
        selfies = text(
            "SELECT id, person_id, state, reason, created_at, decided_at, content_type, image_key, image"
            " FROM selfie.selfies WHERE user_id = :user ORDER BY revision"
        )
        user = {"user": user_id}
        with transaction(self._engine) as connection:
            # One snapshot, so that each selfie belongs to a person in the list.
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            found = connection.execute(people, user).all()
            records = [_selfie(row) for row in connection.execute(selfies, user)]
            note_act(connection, Recorded.EXPORTED, object_id=user_id)
        return [
            PersonRecord(
                row.person_id,
                row.name,
                row.consent_version or "",
                row.created_at,
                tuple(record for record in records if record.person_id == row.person_id),
            )
            for row in found
        ]


def _selfie(row: Row[Any]) -> SelfieRecord:
    is_kept = row.image_key is not None or row.image is not None
    return SelfieRecord(
        id=row.id,
        person_id=row.person_id,
        state=SelfieState(row.state),
        reason=RejectReason(row.reason) if row.reason else None,
        created_at=row.created_at,
        decided_at=row.decided_at,
        content_type=row.content_type,
        image=StoredImage(row.image_key, None if row.image is None else bytes(row.image)) if is_kept else None,
    )
