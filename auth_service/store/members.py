"""SQL of memberships, of what members agreed to, and of how many they are."""

from uuid import UUID

from sqlalchemy import Connection, Engine, text

from auth_service.domain import ChangeKind, Guest, Membership, Role
from auth_service.store.changes import append_change
from auth_service.store.locks import lock_event, lock_user
from kit.db import transaction
from kit.pages import Page


class MemberStore:
    """Who is in which event."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_role(self, event_id: UUID, user_id: UUID) -> Role | None:
        query = text("SELECT role FROM auth.memberships WHERE event_id = :event AND user_id = :user")
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"event": event_id, "user": user_id}).first()
        return Role(row.role) if row else None

    def list_memberships(self, user_id: UUID) -> list[Membership]:
        """Oldest first."""
        query = text(
            """
            SELECT m.event_id, e.name, m.role, m.joined_at,
                   e.closed OR coalesce(e.expires_at <= now(), false) AS shut, e.code, e.expires_at,
                   ARRAY(SELECT u.username FROM auth.memberships o JOIN auth.users u ON u.id = o.user_id
                         WHERE o.event_id = e.id AND o.role = 'organiser' ORDER BY o.joined_at, u.id) AS organisers,
                   coalesce((SELECT c.version FROM auth.consents c WHERE c.user_id = m.user_id
                         AND c.event_id = e.id ORDER BY c.given_at DESC LIMIT 1), '') AS consent_version
            FROM auth.memberships m JOIN auth.events e ON e.id = m.event_id
            WHERE m.user_id = :user ORDER BY m.joined_at, m.event_id
            """
        )
        with transaction(self._engine) as connection:
            return [
                Membership(
                    event_id=row.event_id,
                    event_name=row.name,
                    role=Role(row.role),
                    shut=row.shut,
                    joined_at=row.joined_at,
                    code=row.code,
                    expires_at=row.expires_at,
                    organisers=tuple(row.organisers),
                    consent_version=row.consent_version,
                )
                for row in connection.execute(query, {"user": user_id})
            ]

    def record_consent(self, user_id: UUID, event_id: UUID, version: str) -> bool:
        """False when the user is no member."""
        query = text(
            """
            INSERT INTO auth.consents (user_id, event_id, version)
            SELECT user_id, event_id, :version FROM auth.memberships WHERE event_id = :event AND user_id = :user
            ON CONFLICT (user_id, event_id, version) DO UPDATE SET given_at = now()
            """
        )
        with transaction(self._engine) as connection:
            values = {"user": user_id, "event": event_id, "version": version}
            return connection.execute(query, values).rowcount == 1

    def join(self, event_id: UUID, user_id: UUID) -> bool:
        """Whether the user is a guest now: not where the event was shut or deleted meanwhile. Raises UserNotFound."""
        with transaction(self._engine, "join") as connection:
            lock_user(connection, user_id)
            event = lock_event(connection, event_id)
            member = text("SELECT FROM auth.memberships WHERE event_id = :event AND user_id = :user")
            if event is None:
                return False
            if connection.execute(member, {"event": event_id, "user": user_id}).first() is not None:
                return True
            if event.shut:
                return False
            add_member(connection, event_id, user_id, Role.GUEST)
            return True

    def leave(self, event_id: UUID, user_id: UUID) -> None:
        """Ends a guest's membership; an organiser's stays."""
        query = text("DELETE FROM auth.memberships WHERE event_id = :event AND user_id = :user AND role = 'guest'")
        with transaction(self._engine, "leave") as connection:
            lock_event(connection, event_id)
            if connection.execute(query, {"event": event_id, "user": user_id}).rowcount:
                _count_guests(connection, event_id, -1)
                append_change(connection, ChangeKind.LEFT, event_id=event_id, user_id=user_id)

    def repair_counts(self) -> None:
        """Counts again where a process of the previous version added or removed members without counting them."""
        drifted = text(
            """
            SELECT e.id FROM auth.events e
            LEFT JOIN (SELECT event_id, count(*) FROM auth.memberships GROUP BY event_id) m ON m.event_id = e.id
            WHERE e.member_count <> coalesce(m.count, 0)
            """
        )
        count = text(
            "UPDATE auth.events SET member_count = (SELECT count(*) FROM auth.memberships WHERE event_id = :event)"
            " WHERE id = :event"
        )
        with transaction(self._engine) as connection:
            events = [row.id for row in connection.execute(drifted)]
        for event in events:
            with transaction(self._engine) as connection:
                lock_event(connection, event)
                connection.execute(count, {"event": event})

    def list_guests(self, event_id: UUID, page: Page) -> list[Guest]:
        """In the order in which they joined; the key of a page is (joined_at, user_id)."""
        after = "AND (m.joined_at, m.user_id) > (:at, :id)" if page.after else ""
        query = text(
            f"""
            SELECT m.user_id, u.username, u.display_name, m.role, m.joined_at
            FROM auth.memberships m JOIN auth.users u ON u.id = m.user_id
            WHERE m.event_id = :event {after} ORDER BY m.joined_at, m.user_id LIMIT :limit
            """
        )
        at, last = page.after or ("", "")
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"event": event_id, "at": at, "id": last, "limit": page.fetch_size()})
            return [Guest(row.user_id, row.username, row.display_name, Role(row.role), row.joined_at) for row in rows]


def add_member(connection: Connection, event_id: UUID, user_id: UUID, role: Role) -> None:
    """Under the event's lock."""
    connection.execute(
        text("INSERT INTO auth.memberships (event_id, user_id, role) VALUES (:event, :user, :role)"),
        {"event": event_id, "user": user_id, "role": role.value},
    )
    _count_guests(connection, event_id, 1)
    append_change(connection, ChangeKind.JOINED, event_id=event_id, user_id=user_id, role=role)


def uncount_guest(connection: Connection, user_id: UUID) -> None:
    """Before an account is erased, and under the locks of its events: one guest less in each of them."""
    events = "SELECT event_id FROM auth.memberships WHERE user_id = :user"
    count = text(f"UPDATE auth.events SET member_count = member_count - 1 WHERE id IN ({events})")
    connection.execute(count, {"user": user_id})


def _count_guests(connection: Connection, event_id: UUID, change: int) -> None:
    query = text("UPDATE auth.events SET member_count = member_count + :change WHERE id = :event")
    connection.execute(query, {"event": event_id, "change": change})


def insert_consent(connection: Connection, user_id: UUID, event_id: UUID, version: str) -> None:
    query = text("INSERT INTO auth.consents (user_id, event_id, version) VALUES (:user, :event, :version)")
    connection.execute(query, {"user": user_id, "event": event_id, "version": version})
