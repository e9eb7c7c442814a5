"""SQL of memberships."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text

from auth_service.domain import (
    NO_CONSENT,
    ChangeKind,
    EventClosed,
    EventNotFound,
    GivenConsent,
    GuestPhotos,
    Member,
    MemberNotFound,
    Membership,
    OrganiserCannotLeave,
    OrganiserOnly,
    Recorded,
    RemovedFromEvent,
    Role,
)
from auth_service.store.acts import note_act
from auth_service.store.changes import append_change, append_event_change, append_joined, append_left
from auth_service.store.consents import agree, has_withdrawn, insert_consent
from auth_service.store.counts import count_guests
from auth_service.store.locks import lock_event, lock_sessions, lock_user
from auth_service.store.offers import COMPUTED, STORED, read_offer
from auth_service.store.phones import find_phone, mark_phone
from auth_service.store.sessions import end_last_sessions
from kit.db.engine import transaction
from kit.db.pages import Page


class MemberStore:
    """Reads and changes memberships."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_role(self, event_id: UUID, user_id: UUID) -> Role | None:
        with transaction(self._engine) as connection:
            member = find_member(connection, event_id, user_id)
        return Role(member.role) if member else None

    def list_memberships(self, user_id: UUID) -> list[Membership]:
        """Oldest first."""
        query = text(
            f"""
            SELECT m.event_id, e.name, m.role, m.joined_at, m.waiting, m.searched, e.guest_photos, {STORED}, {COMPUTED},
                   e.closed OR coalesce(e.expires_at <= now(), false) AS ended, e.code, e.expires_at,
                   ARRAY(SELECT u.username FROM auth.memberships o JOIN auth.users u ON u.id = o.user_id
                         WHERE o.event_id = e.id AND o.role = 'organiser' ORDER BY o.joined_at, u.id) AS organisers,
                   coalesce((SELECT c.version FROM auth.consents c WHERE c.user_id = m.user_id AND m.searched
                         AND c.event_id = e.id ORDER BY c.given_at DESC LIMIT 1), '') AS consent_version,
                   coalesce((SELECT n.email FROM auth.notices n WHERE n.event_id = e.id
                         AND n.user_id = m.user_id), '') AS notice_email
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
                    ended=row.ended,
                    joined_at=row.joined_at,
                    code=row.code,
                    expires_at=row.expires_at,
                    organisers=tuple(row.organisers),
                    consent_version=row.consent_version,
                    waiting=row.waiting,
                    offer=read_offer(row),
                    guest_photos=GuestPhotos(row.guest_photos),
                    notice_email=row.notice_email,
                    searched=row.searched,
                )
                for row in connection.execute(query, {"user": user_id})
            ]

    def record_consent(self, user_id: UUID, event_id: UUID, consent: GivenConsent) -> bool:
        """Also enables face search for the user. Returns False if they are not a member. Raises UserNotFound."""
        with transaction(self._engine, "consent") as connection:
            lock_user(connection, user_id)
            return agree(connection, event_id, user_id, consent)

    def is_waiting(self, event_id: UUID, user_id: UUID) -> bool:
        with transaction(self._engine) as connection:
            member = find_member(connection, event_id, user_id)
        return member is not None and member.waiting

    def join(
        self,
        event_id: UUID,
        user_id: UUID,
        searched: bool = True,
        consent: GivenConsent = NO_CONSENT,
        phone_hash: bytes | None = None,
    ) -> bool | None:
        """Returns whether the user waits to be admitted; None if the event has ended or was deleted. `searched`
        applies to new members; for existing ones, only a consent enables face search.

        Raises UserNotFound, RemovedFromEvent.
        """
        with transaction(self._engine, "join") as connection:
            lock_user(connection, user_id)
            event = lock_event(connection, event_id)
            if event is None:
                return None
            if member := find_member(connection, event_id, user_id):
                if consent.version:
                    agree(connection, event_id, user_id, consent)
                return bool(member.waiting)
            if _is_removed(connection, event_id, user_id):
                raise RemovedFromEvent
            if event.ended:
                return None
            if consent.version:
                insert_consent(connection, user_id, event_id, consent)
            is_searched = searched or bool(consent.version)
            add_member(connection, event_id, user_id, Role.GUEST, waiting=event.admission, searched=is_searched)
            mark_phone(connection, event_id, user_id, phone_hash)
            return bool(event.admission)

    def admit(self, event_id: UUID, user_id: UUID) -> None:
        """Admits a user who is waiting or was removed; a member stays a member.

        Raises UserNotFound, MemberNotFound, EventNotFound, EventClosed.
        """
        with transaction(self._engine, "admit") as connection:
            lock_user(connection, user_id)
            event = lock_event(connection, event_id)
            if event is None:
                raise EventNotFound
            member = find_member(connection, event_id, user_id)
            if member and not member.waiting:
                return
            if not member and not _is_removed(connection, event_id, user_id):
                raise MemberNotFound
            if event.ended:
                raise EventClosed
            searched = forget_removal(connection, event_id, user_id)
            note_act(connection, Recorded.GUEST_ADMITTED, event_id, user_id)
            add_member(connection, event_id, user_id, Role.GUEST, searched=searched)

    def leave(self, event_id: UUID, user_id: UUID) -> bool:
        """Ends a membership. Returns whether the user's sessions ended with it. Raises OrganiserCannotLeave."""
        with transaction(self._engine, "leave") as connection:
            lock_sessions(connection, user_id)
            lock_event(connection, event_id)
            if _end_membership(connection, event_id, user_id) is None:
                return False
            is_over = end_last_sessions(connection, user_id)
            append_left(connection, event_id, [user_id])
            return is_over

    def remove(self, event_id: UUID, user_id: UUID, code: str) -> bool | None:
        """Like `leave`, and keeps the user out: records the removal, makes all new guests wait, and replaces the code,
        unless the user was only waiting. Returns None if the new code is in use."""
        with transaction(self._engine, "remove") as connection:
            lock_sessions(connection, user_id)
            lock_event(connection, event_id)
            if is_taken(connection, code):
                return None
            phone = find_phone(connection, event_id, user_id)
            member = _end_membership(connection, event_id, user_id)
            if member is None:
                return False
            is_over = end_last_sessions(connection, user_id)
            remember = text(
                "INSERT INTO auth.removals (event_id, user_id, searched, phone_hash)"
                " VALUES (:event, :user, :searched, :phone)"
            )
            values = {"event": event_id, "user": user_id, "searched": member.searched, "phone": phone}
            connection.execute(remember, values)
            note_act(connection, Recorded.GUEST_REMOVED, event_id, user_id)
            guard = text(
                "UPDATE auth.events SET admission = true, code = CASE WHEN :waiting THEN code ELSE :code END"
                " WHERE id = :event"
            )
            connection.execute(guard, {"event": event_id, "waiting": member.waiting, "code": code})
            append_left(connection, event_id, [user_id])
            append_event_change(connection, event_id)
            return is_over

    def list_members(self, event_id: UUID, page: Page) -> list[Member]:
        """Lists members in the order in which they joined; the page key is (joined_at, user_id)."""
        after = "AND (m.joined_at, m.user_id) > (:at, :id)" if page.after else ""
        query = text(
            f"""
            SELECT m.user_id, u.username, u.display_name, m.role, m.joined_at, m.waiting
            FROM auth.memberships m JOIN auth.users u ON u.id = m.user_id
            WHERE m.event_id = :event {after} ORDER BY m.joined_at, m.user_id LIMIT :limit
            """
        )
        at, last = page.after or ("", "")
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"event": event_id, "at": at, "id": last, "limit": page.fetch_size()})
            return [
                Member(row.user_id, row.username, row.display_name, Role(row.role), row.joined_at, row.waiting)
                for row in rows
            ]


def add_member(
    connection: Connection, event_id: UUID, user_id: UUID, role: Role, waiting: bool = False, searched: bool = True
) -> None:
    """Adds a member, admits a waiting one, or changes a member's role; for the latter two, face search stays as it is.
    A user who withdrew their consent is not searched. For a waiting user only WAITING is sent, so that no service
    treats them as a member. Requires the event's lock."""
    searched = searched and not has_withdrawn(connection, user_id)
    before = find_member(connection, event_id, user_id)
    is_searched = connection.execute(
        text(
            "INSERT INTO auth.memberships (event_id, user_id, role, waiting, searched)"
            " VALUES (:event, :user, :role, :waiting, :searched)"
            " ON CONFLICT (event_id, user_id) DO UPDATE SET waiting = excluded.waiting, role = excluded.role"
            " RETURNING searched"
        ),
        {"event": event_id, "user": user_id, "role": role.value, "waiting": waiting, "searched": searched},
    ).scalar_one()
    if waiting:
        append_change(connection, ChangeKind.WAITING, event_id=event_id)
    else:
        if before is None or before.waiting:
            count_guests(connection, event_id, 1)
        append_joined(connection, event_id, user_id, role, is_searched)


def find_member(connection: Connection, event_id: UUID, user_id: UUID) -> Row[Any] | None:
    query = text("SELECT role, waiting, searched FROM auth.memberships WHERE event_id = :event AND user_id = :user")
    return connection.execute(query, {"event": event_id, "user": user_id}).first()


def require_organiser(connection: Connection, event_id: UUID, user_id: UUID) -> None:
    """Requires the event's lock. Raises EventNotFound, and OrganiserOnly for a member who is not an organiser (any
    more)."""
    member = find_member(connection, event_id, user_id)
    if member is None or member.waiting:
        raise EventNotFound
    if Role(member.role) is not Role.ORGANISER:
        raise OrganiserOnly


def find_members(connection: Connection, event_id: UUID) -> list[UUID]:
    """Includes waiting members. Requires the event's lock."""
    query = text("SELECT user_id FROM auth.memberships WHERE event_id = :event")
    return list(connection.execute(query, {"event": event_id}).scalars())


def is_taken(connection: Connection, code: str) -> bool:
    """Whether an event uses this code."""
    query = text("SELECT FROM auth.events WHERE code = :code")
    return connection.execute(query, {"code": code}).first() is not None


def _end_membership(connection: Connection, event_id: UUID, user_id: UUID) -> Row[Any] | None:
    """Returns the former membership, or None if there was none. Withdraws the open invitations that the user created.
    Requires the event's lock. Raises OrganiserCannotLeave for the last organiser."""
    member = find_member(connection, event_id, user_id)
    if member is None:
        return None
    if Role(member.role) is Role.ORGANISER and is_last_organiser(connection, event_id, user_id):
        raise OrganiserCannotLeave
    values = {"event": event_id, "user": user_id}
    connection.execute(text("DELETE FROM auth.memberships WHERE event_id = :event AND user_id = :user"), values)
    withdraw_invitations(connection, event_id, user_id)
    if not member.waiting:
        count_guests(connection, event_id, -1)
    return member


def withdraw_invitations(connection: Connection, event_id: UUID, user_id: UUID) -> None:
    """Withdraws the open invitations that the user created. Requires the event's lock."""
    query = text("DELETE FROM auth.invitations WHERE event_id = :event AND created_by = :user AND used_by IS NULL")
    connection.execute(query, {"event": event_id, "user": user_id})


def is_last_organiser(connection: Connection, event_id: UUID, user_id: UUID) -> bool:
    query = text(
        "SELECT FROM auth.memberships WHERE event_id = :event AND user_id <> :user AND role = 'organiser' LIMIT 1"
    )
    return connection.execute(query, {"event": event_id, "user": user_id}).first() is None


def forget_removal(connection: Connection, event_id: UUID, user_id: UUID) -> bool:
    """Deletes the record of a removal. Returns whether the user's face may be searched. Requires the event's lock."""
    forget = text("DELETE FROM auth.removals WHERE event_id = :event AND user_id = :user RETURNING searched")
    removal = connection.execute(forget, {"event": event_id, "user": user_id}).first()
    return removal is None or bool(removal.searched)


def _is_removed(connection: Connection, event_id: UUID, user_id: UUID) -> bool:
    query = text("SELECT FROM auth.removals WHERE event_id = :event AND user_id = :user")
    return connection.execute(query, {"event": event_id, "user": user_id}).first() is not None
