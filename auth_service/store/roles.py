"""SQL of members' roles, and of removed guests."""

from uuid import UUID

from sqlalchemy import Connection, Engine, text

from auth_service.domain import LastOrganiser, MemberNeedsPassword, MemberNotFound, Recorded, RemovedGuest, Role
from auth_service.store.acts import note_act
from auth_service.store.invitations import has_password
from auth_service.store.locks import lock_event, lock_user
from auth_service.store.members import (
    add_member,
    find_member,
    is_last_organiser,
    require_organiser,
    withdraw_invitations,
)
from kit.db.engine import transaction
from kit.db.pages import Page


class RoleStore:
    """Changes roles, and lists removed guests."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def set_role(self, event_id: UUID, user_id: UUID, role: Role, organiser: UUID) -> None:
        """`organiser` is the caller, whose role is checked under the lock of the event: if two organisers demote each
        other concurrently, one succeeds.

        Raises UserNotFound, EventNotFound, OrganiserOnly, MemberNotFound, MemberNeedsPassword, LastOrganiser.
        """
        with transaction(self._engine, "set-role") as connection:
            lock_user(connection, user_id)
            lock_event(connection, event_id)
            self._require_organiser(connection, event_id, organiser)
            member = find_member(connection, event_id, user_id)
            if member is None or member.waiting:
                raise MemberNotFound
            present = Role(member.role)
            if present is role:
                return
            if role is Role.ORGANISER and not has_password(connection, user_id):
                raise MemberNeedsPassword
            if present is Role.ORGANISER:
                if is_last_organiser(connection, event_id, user_id):
                    raise LastOrganiser
                withdraw_invitations(connection, event_id, user_id)
            note_act(connection, Recorded.ROLE_CHANGED, event_id, user_id, role.value)
            add_member(connection, event_id, user_id, role)

    def list_removed(self, event_id: UUID, page: Page) -> list[RemovedGuest]:
        """Most recently removed first; the page key is (removed_at, user_id)."""
        after = "AND (r.removed_at, r.user_id) < (:at, :id)" if page.after else ""
        query = text(
            f"""
            SELECT r.user_id, u.username, u.display_name, r.removed_at
            FROM auth.removals r JOIN auth.users u ON u.id = r.user_id
            WHERE r.event_id = :event {after} ORDER BY r.removed_at DESC, r.user_id DESC LIMIT :limit
            """
        )
        at, last = page.after or ("", "")
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"event": event_id, "at": at, "id": last, "limit": page.fetch_size()})
            return [RemovedGuest(row.user_id, row.username, row.display_name, row.removed_at) for row in rows]

    def _require_organiser(self, connection: Connection, event_id: UUID, user_id: UUID) -> None:
        require_organiser(connection, event_id, user_id)
