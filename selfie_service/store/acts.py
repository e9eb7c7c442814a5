"""SQL of the audit log."""

from uuid import UUID

from sqlalchemy import Connection, text

from kit.audit.store import DONE, ActLog
from selfie_service.domain import Recorded


class ActStore(ActLog):
    """The audit log of this service."""

    schema = "selfie"


note_act = ActStore.note


def note_new_face(connection: Connection, person_id: UUID) -> None:
    """Records the new face in every event in which the person is enrolled, since it is searched there from now on."""
    insert = text(
        """
        INSERT INTO selfie.acts (id, at, actor_id, action, event_id, object_id, result, network)
        SELECT gen_random_uuid(), clock_timestamp(), p.user_id, :action, e.event_id, p.person_id, :result, ''
        FROM selfie.people p JOIN selfie.enrolments e USING (person_id)
        WHERE p.person_id = :person AND NOT e.withdrawn
        """
    )
    connection.execute(insert, {"person": person_id, "action": Recorded.NEW_FACE.value, "result": DONE})
