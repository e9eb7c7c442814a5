"""SQL of invitations to events."""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, Row, text

from auth_service.domain import NewSession, Recorded, RemovedFromEvent, Role
from auth_service.invitations import (
    INVITATION_S,
    MAX_OPEN,
    Accepted,
    CredentialsRequired,
    InvalidInvitation,
    Invitation,
    TooManyInvitations,
)
from auth_service.permissions import is_promotion
from auth_service.store.accounts import NewUser, insert_user
from auth_service.store.acts import note_act
from auth_service.store.locks import lock_event, lock_user
from auth_service.store.members import add_member, find_member, forget_removal, require_organiser
from auth_service.store.sessions import begin_session
from kit.db.engine import transaction

SELECT = """
SELECT i.*, e.name AS event_name, u.username AS creator
FROM auth.invitations i JOIN auth.events e ON e.id = i.event_id JOIN auth.users u ON u.id = i.created_by
"""
IS_OPEN = "i.used_by IS NULL AND i.expires_at > now()"


class InvitationStore:
    """Creates, lists, withdraws and accepts invitations."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, event_id: UUID, user_id: UUID, role: Role, token_hash: bytes) -> Invitation:
        """Raises EventNotFound, OrganiserOnly, TooManyInvitations."""
        insert = text(
            "INSERT INTO auth.invitations (id, event_id, role, token_hash, created_by, expires_at)"
            " VALUES (:id, :event, :role, :hash, :user, now() + make_interval(secs => :ttl))"
        )
        invitation_id = uuid4()
        values = {"id": invitation_id, "event": event_id, "role": role.value, "hash": token_hash, "user": user_id}
        with transaction(self._engine, "invite") as connection:
            lock_user(connection, user_id)
            lock_event(connection, event_id)
            require_organiser(connection, event_id, user_id)
            if len(_select_open(connection, event_id)) >= MAX_OPEN:
                raise TooManyInvitations
            connection.execute(insert, {**values, "ttl": INVITATION_S})
            note_act(connection, Recorded.INVITATION_MADE, event_id, invitation_id, role.value)
            return _invitation(connection.execute(text(f"{SELECT} WHERE i.id = :id"), values).one())

    def list_open(self, event_id: UUID) -> list[Invitation]:
        """Oldest first."""
        with transaction(self._engine) as connection:
            return [_invitation(row) for row in _select_open(connection, event_id)]

    def revoke(self, event_id: UUID, invitation_id: UUID) -> None:
        query = text("DELETE FROM auth.invitations WHERE event_id = :event AND id = :id AND used_by IS NULL")
        with transaction(self._engine, "revoke") as connection:
            lock_event(connection, event_id)
            connection.execute(query, {"event": event_id, "id": invitation_id})

    def find_open(self, token_hash: bytes) -> Invitation | None:
        with transaction(self._engine) as connection:
            row = connection.execute(text(f"{SELECT} WHERE i.token_hash = :hash AND {IS_OPEN}"), {"hash": token_hash})
            return next(map(_invitation, row), None)

    def accept(self, token_hash: bytes, user_id: UUID) -> Accepted:
        """Returns the user's role now. An invitation that is no promotion for the user is not used up.

        Raises InvalidInvitation, UserNotFound, CredentialsRequired, RemovedFromEvent.
        """
        with transaction(self._engine, "accept") as connection:
            lock_user(connection, user_id)
            invitation = _lock(connection, token_hash)
            member = find_member(connection, invitation.event_id, user_id)
            present = Role(member.role) if member and not member.waiting else None
            if invitation.used_by is not None and (invitation.used_by != user_id or present is None):
                raise InvalidInvitation
            offered = Role(invitation.role)
            if not is_promotion(present, offered):
                return Accepted(invitation.event_id, invitation.event_name, present or offered)
            if invitation.used_by is not None:
                raise InvalidInvitation
            if offered is Role.ORGANISER and not has_password(connection, user_id):
                raise CredentialsRequired
            _require_not_removed_since(connection, invitation, user_id)
            forget_removal(connection, invitation.event_id, user_id)
            self._use(connection, invitation, user_id)
            return Accepted(invitation.event_id, invitation.event_name, offered)

    def register(self, token_hash: bytes, user: NewUser, session: NewSession) -> Accepted | None:
        """Creates the account, its first token and its membership; None if the user name, address or request id is in
        use. Raises InvalidInvitation."""
        with transaction(self._engine, "register-invited") as connection:
            invitation = _lock(connection, token_hash)
            if invitation.used_by is not None:
                raise InvalidInvitation
            if not insert_user(connection, user):
                return None
            begin_session(connection, user.id, session)
            self._use(connection, invitation, user.id)
            return Accepted(invitation.event_id, invitation.event_name, Role(invitation.role))

    def delete_expired(self) -> None:
        with transaction(self._engine) as connection:
            connection.execute(text("DELETE FROM auth.invitations WHERE expires_at <= now()"))

    def _use(self, connection: Connection, invitation: Row[Any], user_id: UUID) -> None:
        use = text("UPDATE auth.invitations SET used_by = :user WHERE id = :id")
        connection.execute(use, {"id": invitation.id, "user": user_id})
        # A role is no consent: a selfie from another event is searched here only with a consent.
        add_member(connection, invitation.event_id, user_id, Role(invitation.role), searched=False)


def _lock(connection: Connection, token_hash: bytes) -> Row[Any]:
    """Returns an unexpired invitation under the lock of its event, which prevents concurrent acceptance and withdrawal.
    Raises InvalidInvitation."""
    event = text("SELECT event_id FROM auth.invitations WHERE token_hash = :hash")
    found = connection.execute(event, {"hash": token_hash}).first()
    if found is None or lock_event(connection, found.event_id) is None:
        raise InvalidInvitation
    query = text(f"{SELECT} WHERE i.token_hash = :hash AND i.expires_at > now()")
    invitation = connection.execute(query, {"hash": token_hash}).first()
    if invitation is None:
        raise InvalidInvitation
    return invitation


def has_password(connection: Connection, user_id: UUID) -> bool:
    query = text("SELECT FROM auth.users WHERE id = :user AND password_hash IS NOT NULL")
    return connection.execute(query, {"user": user_id}).first() is not None


def _require_not_removed_since(connection: Connection, invitation: Row[Any], user_id: UUID) -> None:
    """An invitation readmits a guest who was removed before it was created, but not one who was removed later."""
    query = text("SELECT FROM auth.removals WHERE event_id = :event AND user_id = :user AND removed_at >= :created_at")
    values = {"event": invitation.event_id, "user": user_id, "created_at": invitation.created_at}
    if connection.execute(query, values).first() is not None:
        raise RemovedFromEvent


def _select_open(connection: Connection, event_id: UUID) -> list[Row[Any]]:
    query = text(f"{SELECT} WHERE i.event_id = :event AND {IS_OPEN} ORDER BY i.created_at, i.id")
    return list(connection.execute(query, {"event": event_id}))


def _invitation(row: Row[Any]) -> Invitation:
    return Invitation(
        id=row.id,
        event_id=row.event_id,
        event_name=row.event_name,
        role=Role(row.role),
        created_by=row.creator or "",
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
