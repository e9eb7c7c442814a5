"""SQL of the roles of members, and of their selfies as shown to organisers."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Engine, text

from kit.db.engine import transaction
from selfie_service.domain import Change, GuestSelfie, Role, SelfieState, show_to_organisers
from selfie_service.store.members import apply_to_members


class RoleStore:
    """Roles from the change feed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_role(self, event_id: UUID, user_id: UUID) -> Role | None:
        """As of the position up to which roles were read: see `find_unread`."""
        query = text("SELECT role FROM selfie.members WHERE event_id = :event AND user_id = :user")
        with transaction(self._engine) as connection:
            role = connection.execute(query, {"event": event_id, "user": user_id}).scalar()
        return Role(role) if role else None

    def list_selfies(self, event_id: UUID, user_ids: Sequence[UUID]) -> dict[UUID, GuestSelfie]:
        """Returns only users who are searched in the event; an account's selfie is that of its first person."""
        query = text(
            """
            SELECT e.user_id, coalesce(
                (SELECT s.state FROM selfie.selfies s
                    WHERE s.person_id = e.person_id AND s.state = 'active' LIMIT 1),
                (SELECT s.state FROM selfie.selfies s WHERE s.person_id = e.person_id ORDER BY s.revision DESC LIMIT 1)
            ) AS state
            FROM selfie.enrolments e
            WHERE e.event_id = :event AND e.person_id = ANY(:users)
                AND EXISTS (SELECT FROM selfie.people p WHERE p.person_id = e.person_id AND p.user_id = e.person_id)
            """
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"event": event_id, "users": list(user_ids)})
            return {row.user_id: show_to_organisers(SelfieState(row.state) if row.state else None) for row in rows}

    def find_unread(self) -> int | None:
        """Returns the position after which roles were not read; None if they are complete. Until then, a role may be
        outdated."""
        query = text("SELECT members_sequence FROM selfie.feed_cursor WHERE members_sequence < sequence")
        with transaction(self._engine) as connection:
            place: int | None = connection.execute(query).scalar()
            return place

    def read_roles(self, changes: Sequence[Change]) -> None:
        """Reads roles from changes that an earlier version applied without them; newer ones are kept."""
        lock = text("SELECT sequence FROM selfie.feed_cursor FOR UPDATE")
        move = text("UPDATE selfie.feed_cursor SET members_sequence = greatest(members_sequence, :last)")
        with transaction(self._engine, "roles-read") as connection:
            applied: int = connection.execute(lock).scalar_one()
            known = [change for change in changes if change.sequence <= applied]
            for change in known:
                apply_to_members(connection, change)
            connection.execute(move, {"last": max((change.sequence for change in known), default=0)})
