"""SQL of accounts."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.exc import IntegrityError

from auth_service.domain import (
    NO_CONSENT,
    REPEAT_S,
    ChangeKind,
    GivenConsent,
    NewSession,
    Recorded,
    Role,
    User,
    fold,
    fold_case,
)
from auth_service.store.acts import note_act
from auth_service.store.changes import append_change, append_left, bury
from auth_service.store.consents import insert_consent
from auth_service.store.counts import uncount_guest
from auth_service.store.endings import append_ended
from auth_service.store.locks import lock_event
from auth_service.store.members import add_member, find_members
from auth_service.store.phones import mark_phone, require_not_removed
from auth_service.store.sessions import begin_session
from kit.db.engine import transaction


@dataclass(frozen=True)
class NewUser:
    """A new account, created once per `idempotency_key`. A guest has no user name, e-mail address or password."""

    id: UUID
    idempotency_key: UUID | None
    username: str | None = None
    email: str | None = None
    password_hash: str | None = None
    organiser: bool = False
    display_name: str = ""


class AccountStore:
    """Accounts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_taken(self, username: str, email: str, event_id: UUID | None = None) -> tuple[bool, bool]:
        """Returns whether an account has the user name, and whether one has the e-mail address; with `event_id`, only
        the addresses of its members count."""
        query = text(
            """
            SELECT username_key = :username AS username,
                email_key = :email AND (CAST(:event AS uuid) IS NULL OR EXISTS (
                    SELECT FROM auth.memberships WHERE event_id = :event AND user_id = u.id)) AS email
            FROM auth.users u WHERE username_key = :username OR email_key = :email
            """
        )
        values = {"username": fold(username), "email": fold(email), "event": event_id}
        with transaction(self._engine) as connection:
            rows = connection.execute(query, values).all()
        return any(row.username for row in rows), any(row.email for row in rows)

    def register(
        self,
        user: NewUser,
        event_id: UUID,
        session: NewSession,
        consent: GivenConsent = NO_CONSENT,
        searched: bool = True,
        phone_hash: bytes | None = None,
    ) -> bool | None:
        """Creates the account, its membership, its first token and its consent. Returns whether the user waits to be
        admitted; None if the name, address or idempotency key is in use, or if the event has ended or was deleted.

        Raises RemovedFromEvent.
        """
        with transaction(self._engine, "register") as connection:
            event = lock_event(connection, event_id)
            if event is None or event.ended:
                return None
            require_not_removed(connection, event_id, phone_hash)
            if not insert_user(connection, user):
                return None
            begin_session(connection, user.id, session)
            if consent.version:
                insert_consent(connection, user.id, event_id, consent)
            is_searched = searched or bool(consent.version)
            add_member(connection, event_id, user.id, Role.GUEST, waiting=event.admission, searched=is_searched)
            mark_phone(connection, event_id, user.id, phone_hash)
            return bool(event.admission)

    def set_credentials(self, user_id: UUID, username: str, email: str, password_hash: str) -> bool | None:
        """Returns None if the account has credentials or does not exist, False if the name or address is in use."""
        query = text(
            "UPDATE auth.users SET username = :username, username_key = :username_key, email = :email,"
            " email_key = :email_key, password_hash = :password_hash WHERE id = :user AND password_hash IS NULL"
        )
        values = {
            "user": user_id,
            "username": username,
            "username_key": fold(username),
            "email": email,
            "email_key": fold(email),
            "password_hash": password_hash,
        }
        try:
            with transaction(self._engine, "set-credentials") as connection:
                return connection.execute(query, values).rowcount == 1 or None
        except IntegrityError:
            return False

    def add_organiser(self, user: NewUser) -> bool:
        """Returns False if the user name or e-mail address is in use."""
        with transaction(self._engine) as connection:
            if not insert_user(connection, user):
                return False
            connection.execute(text("DELETE FROM auth.setup_codes"))
            return True

    def find_user(self, user_id: UUID) -> User | None:
        return self._find("id = :value", user_id)

    def find_login(self, name: str) -> User | None:
        """Finds by user name or e-mail address; of two accounts that a migration found to be equal, the one as
        typed."""
        query = text(
            "SELECT * FROM auth.users WHERE username_key IN (:key, :typed) OR email_key IN (:key, :typed)"
            " ORDER BY :typed IN (username_key, email_key) DESC LIMIT 1"
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"key": fold(name), "typed": fold_case(name)}).first()
        return _user(row) if row else None

    def find_repeated(self, idempotency_key: UUID) -> User | None:
        return self._find("request_id = :value", idempotency_key)

    def find_new_guest(self, idempotency_key: UUID, event_id: UUID) -> User | None:
        """Finds a guest without credentials whom this request created in this event within REPEAT_S."""
        query = text(
            "SELECT u.* FROM auth.users u JOIN auth.memberships m ON m.user_id = u.id AND m.event_id = :event"
            " WHERE u.request_id = :request AND u.password_hash IS NULL"
            " AND u.created_at > now() - make_interval(secs => :repeat)"
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"request": idempotency_key, "event": event_id, "repeat": REPEAT_S}).first()
        return _user(row) if row else None

    def erase_user(self, user_id: UUID) -> None:
        """Erases the account, and the events that no other account organises."""
        with transaction(self._engine, "erase-user") as connection:
            erase_account(connection, user_id)

    def _find(self, condition: str, value: object) -> User | None:
        query = text(f"SELECT * FROM auth.users WHERE {condition}")
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"value": value}).first()
        return _user(row) if row else None


def erase_account(connection: Connection, user_id: UUID) -> None:
    """Erases the account, if it exists, and the events that no other account organises."""
    user = {"user": user_id}
    if connection.execute(text("SELECT FROM auth.users WHERE id = :user FOR UPDATE"), user).first() is None:
        return
    events = _lock_events(connection, user_id)
    members = {event: find_members(connection, event) for event in events}
    connection.execute(text("DELETE FROM auth.events WHERE id = ANY(:events)"), {"events": events})
    uncount_guest(connection, user_id)
    connection.execute(text("DELETE FROM auth.users WHERE id = :user"), user)
    for gone in [*events, user_id]:
        bury(connection, gone)
    append_ended(connection, user_id, [None])
    for event in events:
        append_change(connection, ChangeKind.EVENT_DELETED, event_id=event)
        others = [member for member in members[event] if member != user_id]
        append_left(connection, event, others, only_last=True)
    note_act(connection, Recorded.ACCOUNT_ERASED, object_id=user_id)
    append_change(connection, ChangeKind.USER_ERASED, user_id=user_id)


def _lock_events(connection: Connection, user_id: UUID) -> list[UUID]:
    """Locks all events of a user in one order before anything is deleted. Returns those that no other account
    organises, read by a separate statement, which sees organisers who were added while this one waited for the
    locks."""
    lock = text(
        "SELECT FROM auth.events e JOIN auth.memberships m ON m.event_id = e.id"
        " WHERE m.user_id = :user ORDER BY e.id FOR UPDATE OF e"
    )
    alone = text(
        """
        SELECT m.event_id FROM auth.memberships m WHERE m.user_id = :user AND m.role = 'organiser' AND NOT EXISTS (
            SELECT FROM auth.memberships other
            WHERE other.event_id = m.event_id AND other.role = 'organiser' AND other.user_id <> :user)
        ORDER BY m.event_id
        """
    )
    connection.execute(lock, {"user": user_id})
    return list(connection.execute(alone, {"user": user_id}).scalars())


def insert_user(connection: Connection, user: NewUser) -> bool:
    inserted = connection.execute(
        text(
            """
            INSERT INTO auth.users
                (id, request_id, username, username_key, email, email_key, password_hash, organiser, display_name)
            VALUES (:id, :idempotency_key, :username, :username_key, :email, :email_key, :password_hash, :organiser,
                :display_name)
            ON CONFLICT DO NOTHING
            """
        ),
        {
            **vars(user),
            "username_key": None if user.username is None else fold(user.username),
            "email_key": None if user.email is None else fold(user.email),
        },
    )
    return inserted.rowcount == 1


def _user(row: Row[Any]) -> User:
    return User(row.id, row.username, row.email, row.password_hash, row.organiser, row.created_at, row.display_name)
