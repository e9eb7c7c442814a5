"""SQL of what members are in their events, and of their selfies as organisers may know them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Engine, text

from kit.db import transaction
from selfie_service.domain import Change, ChangeKind, GuestSelfie, Role, SelfieState, show_to_organisers


class RoleStore:
    """Roles, as the change feed tells them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_role(self, event_id: UUID, user_id: UUID) -> Role | None:
        query = text("SELECT role FROM selfie.enrolments WHERE event_id = :event AND user_id = :user LIMIT 1")
        with transaction(self._engine) as connection:
            role = connection.execute(query, {"event": event_id, "user": user_id}).scalar()
        return Role(role) if role else None

    def list_selfies(self, event_id: UUID, user_ids: Sequence[UUID]) -> dict[UUID, GuestSelfie]:
        """Of those of the users who are members; an account's selfie is that of its first person."""
        query = text(
            """
            SELECT e.user_id, coalesce(
                (SELECT s.state FROM selfie.selfies s WHERE s.person_id = e.person_id AND s.state = 'active'),
                (SELECT s.state FROM selfie.selfies s WHERE s.person_id = e.person_id ORDER BY s.revision DESC LIMIT 1)
            ) AS state
            FROM selfie.enrolments e
            WHERE e.event_id = :event AND e.user_id = ANY(:users) AND e.person_id = e.user_id
            """
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"event": event_id, "users": list(user_ids)})
            return {row.user_id: show_to_organisers(SelfieState(row.state) if row.state else None) for row in rows}

    def find_unread(self) -> int | None:
        """After which place of the feed roles were not read; None where they were read as far as all else."""
        query = text("SELECT roles_sequence FROM selfie.feed_cursor WHERE roles_sequence < sequence")
        with transaction(self._engine) as connection:
            place: int | None = connection.execute(query).scalar()
            return place

    def read_roles(self, changes: Sequence[Change]) -> None:
        """Of members whom we know; a role that a later change told stays."""
        lock = text("SELECT sequence FROM selfie.feed_cursor FOR UPDATE")
        tell = text(
            "UPDATE selfie.enrolments SET role = :role, role_sequence = :sequence"
            " WHERE event_id = :event AND user_id = :user AND role_sequence < :sequence"
        )
        move = text("UPDATE selfie.feed_cursor SET roles_sequence = greatest(roles_sequence, :last)")
        with transaction(self._engine, "roles-read") as connection:
            applied: int = connection.execute(lock).scalar_one()
            known = [change for change in changes if change.sequence <= applied]
            for change in known:
                if change.kind is ChangeKind.JOINED:
                    values = {"event": change.event_id, "user": change.user_id, "sequence": change.sequence}
                    connection.execute(tell, {**values, "role": change.role.value})
            connection.execute(move, {"last": max((change.sequence for change in known), default=0)})
