"""SQL of accounts and refresh tokens."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.exc import IntegrityError

from auth_service.domain import (
    REFRESH_TOKEN_S,
    REPEAT_S,
    REUSE_GRACE_S,
    ChangeKind,
    Membership,
    Role,
    User,
    fold,
    fold_case,
)
from auth_service.store.changes import append_change, bury
from auth_service.store.events import add_member, lock_event, uncount_guest
from kit.db import transaction


@dataclass(frozen=True)
class NewUser:
    """An account to be made. `request_id` makes it once. A guest has neither user name, e-mail address nor password."""

    id: UUID
    request_id: UUID | None
    username: str | None = None
    email: str | None = None
    password_hash: str | None = None
    organiser: bool = False
    display_name: str = ""


class AccountStore:
    """Accounts and their tokens."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_taken(self, username: str, email: str) -> tuple[bool, bool]:
        """Whether the user name, and whether the e-mail address, belongs to somebody."""
        query = text(
            "SELECT username_key = :username AS username, email_key = :email AS email FROM auth.users"
            " WHERE username_key = :username OR email_key = :email"
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"username": fold(username), "email": fold(email)}).all()
        return any(row.username for row in rows), any(row.email for row in rows)

    def register(self, user: NewUser, event_id: UUID, refresh_hash: bytes, consent_version: str = "") -> bool:
        """Makes the account, its membership and its first token, and records what the user agreed to; False when
        somebody else was faster, or the event was shut or deleted meanwhile."""
        with transaction(self._engine, "register") as connection:
            event = lock_event(connection, event_id)
            if event is None or event.shut or not _insert_user(connection, user):
                return False
            _insert_token(connection, uuid4(), user.id, refresh_hash)
            add_member(connection, event_id, user.id, Role.GUEST)
            if consent_version:
                _insert_consent(connection, user.id, event_id, consent_version)
            return True

    def set_credentials(self, user_id: UUID, username: str, email: str, password_hash: str) -> bool | None:
        """None when the account has credentials or is gone, False when somebody has this name or address."""
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
        """False when the user name or e-mail address is taken."""
        with transaction(self._engine) as connection:
            return _insert_user(connection, user)

    def find_user(self, user_id: UUID) -> User | None:
        return self._find("id = :value", user_id)

    def find_login(self, name: str) -> User | None:
        """By user name or e-mail address; of two accounts that a migration found to be equal, the one as typed."""
        query = text(
            "SELECT * FROM auth.users WHERE username_key IN (:key, :typed) OR email_key IN (:key, :typed)"
            " ORDER BY :typed IN (username_key, email_key) DESC LIMIT 1"
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"key": fold(name), "typed": fold_case(name)}).first()
        return _user(row) if row else None

    def find_request(self, request_id: UUID) -> User | None:
        return self._find("request_id = :value", request_id)

    def find_new_guest(self, request_id: UUID, event_id: UUID) -> User | None:
        """A guest without credentials whom this request made in this event a moment ago."""
        query = text(
            "SELECT u.* FROM auth.users u JOIN auth.memberships m ON m.user_id = u.id AND m.event_id = :event"
            " WHERE u.request_id = :request AND u.password_hash IS NULL"
            " AND u.created_at > now() - make_interval(secs => :repeat)"
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"request": request_id, "event": event_id, "repeat": REPEAT_S}).first()
        return _user(row) if row else None

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

    def erase_user(self, user_id: UUID) -> None:
        """The person, and the events that nobody else organises."""
        user = {"user": user_id}
        with transaction(self._engine, "erase-user") as connection:
            if connection.execute(text("SELECT FROM auth.users WHERE id = :user FOR UPDATE"), user).first() is None:
                return
            events = _lock_events(connection, user_id)
            connection.execute(text("DELETE FROM auth.events WHERE id = ANY(:events)"), {"events": events})
            uncount_guest(connection, user_id)
            connection.execute(text("DELETE FROM auth.users WHERE id = :user"), user)
            for gone in [*events, user_id]:
                bury(connection, gone)
            for event in events:
                append_change(connection, ChangeKind.EVENT_DELETED, event_id=event)
            append_change(connection, ChangeKind.USER_ERASED, user_id=user_id)

    def add_token(self, user_id: UUID, refresh_hash: bytes) -> bool:
        """Begins a family; False when the account is gone."""
        with transaction(self._engine, "add-token") as connection:
            query = text("SELECT id FROM auth.users WHERE id = :user FOR KEY SHARE")
            if connection.execute(query, {"user": user_id}).first() is None:
                return False
            _insert_token(connection, uuid4(), user_id, refresh_hash)
            return True

    def rotate_token(self, old_hash: bytes, new_hash: bytes) -> UUID | None:
        """The user of the old token, now used, or None; a reuse after the grace ends the family."""
        query = text(
            """
            SELECT family, user_id, used_at < now() - make_interval(secs => :grace) AS stolen
            FROM auth.refresh_tokens WHERE token_hash = :hash AND expires_at > now()
            """
        )
        with transaction(self._engine, "rotate-token") as connection:
            _lock_family(connection, old_hash)
            row = connection.execute(query, {"hash": old_hash, "grace": REUSE_GRACE_S}).first()
            if row is None:
                return None
            if row.stolen:
                _end_family(connection, row.family)
                return None
            connection.execute(
                text("UPDATE auth.refresh_tokens SET used_at = coalesce(used_at, now()) WHERE token_hash = :hash"),
                {"hash": old_hash},
            )
            _insert_token(connection, row.family, row.user_id, new_hash)
            user_id: UUID = row.user_id
            return user_id

    def add_link(self, user_id: UUID, token_hash: bytes, ttl_s: int) -> bool:
        """False when the account is gone."""
        query = text(
            "INSERT INTO auth.sign_in_links (token_hash, user_id, expires_at)"
            " SELECT :hash, id, now() + make_interval(secs => :ttl) FROM auth.users WHERE id = :user"
        )
        with transaction(self._engine, "add-link") as connection:
            return connection.execute(query, {"hash": token_hash, "user": user_id, "ttl": ttl_s}).rowcount == 1

    def use_link(self, token_hash: bytes, refresh_hash: bytes) -> UUID | None:
        """Begins a session of the user of a link, which is used up; None for one that is not good, or not any more."""
        query = text(
            "UPDATE auth.sign_in_links SET used_at = coalesce(used_at, now()) WHERE token_hash = :hash"
            " AND expires_at > now() AND (used_at IS NULL OR used_at > now() - make_interval(secs => :grace))"
            " RETURNING user_id"
        )
        with transaction(self._engine, "use-link") as connection:
            row = connection.execute(query, {"hash": token_hash, "grace": REUSE_GRACE_S}).first()
            if row is None:
                return None
            _insert_token(connection, uuid4(), row.user_id, refresh_hash)
            user_id: UUID = row.user_id
            return user_id

    def end_session(self, refresh_hash: bytes) -> None:
        """Ends the token's family."""
        with transaction(self._engine) as connection:
            family = _lock_family(connection, refresh_hash)
            if family is not None:
                _end_family(connection, family)

    def delete_expired_tokens(self) -> None:
        with transaction(self._engine) as connection:
            for table in ("refresh_tokens", "sign_in_links"):
                connection.execute(text(f"DELETE FROM auth.{table} WHERE expires_at <= now()"))

    def _find(self, condition: str, value: object) -> User | None:
        query = text(f"SELECT * FROM auth.users WHERE {condition}")
        with transaction(self._engine) as connection:
            row = connection.execute(query, {"value": value}).first()
        return _user(row) if row else None


def _lock_events(connection: Connection, user_id: UUID) -> list[UUID]:
    """Locks all events of a user, in one order, before anything is deleted; those that nobody else organises."""
    query = text(
        """
        SELECT e.id, m.role = 'organiser' AND NOT EXISTS (
            SELECT FROM auth.memberships other
            WHERE other.event_id = e.id AND other.role = 'organiser' AND other.user_id <> :user) AS alone
        FROM auth.events e JOIN auth.memberships m ON m.event_id = e.id
        WHERE m.user_id = :user ORDER BY e.id FOR UPDATE OF e
        """
    )
    return [row.id for row in connection.execute(query, {"user": user_id}) if row.alone]


def _insert_user(connection: Connection, user: NewUser) -> bool:
    inserted = connection.execute(
        text(
            """
            INSERT INTO auth.users
                (id, request_id, username, username_key, email, email_key, password_hash, organiser, display_name)
            VALUES (:id, :request_id, :username, :username_key, :email, :email_key, :password_hash, :organiser,
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


def _insert_consent(connection: Connection, user_id: UUID, event_id: UUID, version: str) -> None:
    query = text("INSERT INTO auth.consents (user_id, event_id, version) VALUES (:user, :event, :version)")
    connection.execute(query, {"user": user_id, "event": event_id, "version": version})


def _insert_token(connection: Connection, family: UUID, user_id: UUID, token_hash: bytes) -> None:
    connection.execute(
        text(
            "INSERT INTO auth.refresh_tokens (token_hash, family, user_id, expires_at)"
            " VALUES (:hash, :family, :user, now() + make_interval(secs => :ttl))"
        ),
        {"hash": token_hash, "family": family, "user": user_id, "ttl": REFRESH_TOKEN_S},
    )


def _lock_family(connection: Connection, token_hash: bytes) -> UUID | None:
    """The family of a token. Who holds its oldest token holds it all, also against a token that is just being made."""
    find = text("SELECT family FROM auth.refresh_tokens WHERE token_hash = :hash")
    row = connection.execute(find, {"hash": token_hash}).first()
    if row is None:
        return None
    oldest = text(
        "SELECT FROM auth.refresh_tokens WHERE family = :family ORDER BY expires_at, token_hash LIMIT 1 FOR UPDATE"
    )
    connection.execute(oldest, {"family": row.family})
    family: UUID = row.family
    return family


def _end_family(connection: Connection, family: UUID) -> None:
    connection.execute(text("DELETE FROM auth.refresh_tokens WHERE family = :family"), {"family": family})


def _user(row: Row[Any]) -> User:
    return User(row.id, row.username, row.email, row.password_hash, row.organiser, row.created_at, row.display_name)
