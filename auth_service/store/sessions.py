"""SQL of refresh tokens and of sign-in links."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from auth_service.domain import (
    REFRESH_TOKEN_S,
    REUSE_GRACE_S,
    Lifetimes,
    NewSession,
    Recorded,
    Session,
    SessionExpired,
)
from auth_service.store.acts import note_act
from auth_service.store.endings import append_ended
from auth_service.store.locks import lock_sessions
from kit.db.engine import transaction

MAX_LISTED = 100
# Whether the session of a token `t` of a user `u` has reached its maximum lifetime.
IS_OVER = """
(t.began_at + make_interval(days => CASE WHEN u.password_hash IS NULL THEN :guest_days ELSE :days END) <= now())
"""


@dataclass(frozen=True)
class Rotated:
    """The result of using a refresh token: its user, its session, and the salt of its only successor."""

    user_id: UUID
    session_id: UUID
    salt: bytes


class SessionStore:
    """Begins, refreshes, lists and ends sessions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_session(self, user_id: UUID, session: NewSession, password_hash: str | None = None) -> bool:
        """Returns False if the account is erased, or `password_hash` is no longer current."""
        with transaction(self._engine, "add-token") as connection:
            query = text(
                "SELECT id FROM auth.users WHERE id = :user"
                " AND (CAST(:hash AS text) IS NULL OR password_hash = :hash) FOR KEY SHARE"
            )
            if connection.execute(query, {"user": user_id, "hash": password_hash}).first() is None:
                return False
            begin_session(connection, user_id, session)
            return True

    def rotate_token(
        self, old_hash: bytes, new_salt: bytes, hash_successor: Callable[[bytes], bytes], lifetimes: Lifetimes
    ) -> Rotated | None:
        """Uses a refresh token; returns None for an invalid one. Raises SessionExpired.

        The first use stores `new_salt`; further uses within the grace period return the stored salt, and a later reuse
        ends the family. `hash_successor` returns the hash of the successor that a salt produces.
        """
        query = text(
            f"""
            SELECT t.family, t.user_id, t.began_at, t.device, {IS_OVER} AS is_over,
                t.used_at < now() - make_interval(secs => :grace) AS stolen
            FROM auth.refresh_tokens t JOIN auth.users u ON u.id = t.user_id
            WHERE t.token_hash = :hash AND t.expires_at > now()
            """
        )
        values = {"hash": old_hash, "grace": REUSE_GRACE_S, **vars(lifetimes)}
        with transaction(self._engine, "rotate-token") as connection:
            _lock_family(connection, old_hash)
            row = connection.execute(query, values).first()
            if row is None:
                return None
            if row.stolen:
                _end_family(connection, row.family)
                return None
            if row.is_over:
                raise SessionExpired
            salt = _use_token(connection, old_hash, new_salt)
            if salt == new_salt:
                insert_token(connection, row.family, row.user_id, hash_successor(salt), row.device, row.began_at)
            return Rotated(row.user_id, row.family, salt)

    def list_sessions(self, user_id: UUID, lifetimes: Lifetimes) -> list[Session]:
        """Returns unexpired sessions, most recently used first."""
        query = text(
            f"""
            SELECT t.family, min(t.began_at) AS began_at, max(t.made_at) AS used_at, max(t.device) AS device
            FROM auth.refresh_tokens t JOIN auth.users u ON u.id = t.user_id
            WHERE t.user_id = :user AND t.expires_at > now() AND NOT {IS_OVER}
            GROUP BY t.family ORDER BY used_at DESC, t.family LIMIT :limit
            """
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"user": user_id, "limit": MAX_LISTED, **vars(lifetimes)}).all()
        return [Session(row.family, row.began_at, row.used_at, row.device) for row in rows]

    def end_one(self, user_id: UUID, session_id: UUID) -> None:
        """Ends a session of this user; any other id has no effect."""
        with transaction(self._engine, "end-session") as connection:
            lock_sessions(connection, user_id)
            end_sessions(connection, user_id, "family = :one", one=session_id)

    def end_others(self, user_id: UUID, kept_id: UUID) -> None:
        """Ends all sessions of the user except one."""
        with transaction(self._engine, "end-sessions") as connection:
            lock_sessions(connection, user_id)
            end_sessions(connection, user_id, "family <> :kept", kept=kept_id)

    def add_link(self, user_id: UUID, token_hash: bytes, ttl_s: int, event_id: UUID | None = None) -> bool:
        """Returns False if the account is erased. `event_id`: the event that the link opens."""
        query = text(
            "INSERT INTO auth.sign_in_links (token_hash, user_id, event_id, expires_at)"
            " SELECT :hash, id, :event, now() + make_interval(secs => :ttl) FROM auth.users WHERE id = :user"
        )
        values = {"hash": token_hash, "user": user_id, "event": event_id, "ttl": ttl_s}
        with transaction(self._engine, "add-link") as connection:
            if connection.execute(query, values).rowcount != 1:
                return False
            note_act(connection, Recorded.LINK_MADE, event_id, user_id)
            return True

    def use_link(self, token_hash: bytes, session: NewSession) -> tuple[UUID, UUID | None] | None:
        """Uses a link up and begins a session of its user. Returns the user, and the event that the link opens; None
        for an invalid link."""
        owner = text(
            "SELECT FROM auth.users u JOIN auth.sign_in_links l ON l.user_id = u.id WHERE l.token_hash = :hash"
            " FOR KEY SHARE OF u"
        )
        query = text(
            "UPDATE auth.sign_in_links SET used_at = coalesce(used_at, now()) WHERE token_hash = :hash"
            " AND expires_at > now() AND (used_at IS NULL OR used_at > now() - make_interval(secs => :grace))"
            " RETURNING user_id, event_id"
        )
        with transaction(self._engine, "use-link") as connection:
            connection.execute(owner, {"hash": token_hash})
            row = connection.execute(query, {"hash": token_hash, "grace": REUSE_GRACE_S}).first()
            if row is None:
                return None
            begin_session(connection, row.user_id, session)
            return row.user_id, row.event_id

    def end_session(self, refresh_hash: bytes) -> None:
        """Ends the session of the token."""
        with transaction(self._engine) as connection:
            family = _lock_family(connection, refresh_hash)
            if family is not None:
                _end_family(connection, family)

    def delete_expired_tokens(self) -> None:
        with transaction(self._engine) as connection:
            for table in ("refresh_tokens", "sign_in_links"):
                connection.execute(text(f"DELETE FROM auth.{table} WHERE expires_at <= now()"))


def begin_session(connection: Connection, user_id: UUID, session: NewSession) -> None:
    insert_token(connection, session.id, user_id, session.refresh_hash, session.device)


def insert_token(
    connection: Connection,
    family: UUID,
    user_id: UUID,
    token_hash: bytes,
    device: str = "",
    began_at: datetime | None = None,
) -> None:
    """`began_at`: when its session began; None: now."""
    query = text(
        "INSERT INTO auth.refresh_tokens (token_hash, family, user_id, device, began_at, expires_at)"
        " VALUES (:hash, :family, :user, :device, coalesce(CAST(:began AS timestamptz), now()),"
        " now() + make_interval(secs => :ttl))"
    )
    values = {"hash": token_hash, "family": family, "user": user_id, "device": device, "began": began_at}
    connection.execute(query, {**values, "ttl": REFRESH_TOKEN_S})


def _use_token(connection: Connection, token_hash: bytes, new_salt: bytes) -> bytes:
    """Marks a token as used. Returns the salt of its first use, which is `new_salt` if this is the first one."""
    query = text(
        "UPDATE auth.refresh_tokens SET used_at = coalesce(used_at, now()),"
        " successor_salt = coalesce(successor_salt, :salt) WHERE token_hash = :hash RETURNING successor_salt"
    )
    return bytes(connection.execute(query, {"hash": token_hash, "salt": new_salt}).scalar_one())


def _lock_family(connection: Connection, token_hash: bytes) -> UUID | None:
    """Returns the family of a token. Locking the oldest token locks the family, including tokens being created."""
    find = text(
        "SELECT family FROM auth.refresh_tokens t JOIN auth.users u ON u.id = t.user_id WHERE token_hash = :hash"
        " FOR KEY SHARE OF u"
    )
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
    query = text("DELETE FROM auth.refresh_tokens WHERE family = :family RETURNING user_id")
    if user_ids := set(connection.execute(query, {"family": family}).scalars()):
        append_ended(connection, user_ids.pop(), [family])


def end_sessions(connection: Connection, user_id: UUID, condition: str = "true", **values: object) -> None:
    """Ends those sessions of a user that match a condition, and their access tokens. Requires `lock_sessions`."""
    query = text(f"DELETE FROM auth.refresh_tokens WHERE user_id = :user AND {condition} RETURNING family")
    ended = set(connection.execute(query, {"user": user_id, **values}).scalars())
    append_ended(connection, user_id, ended)


def end_last_sessions(connection: Connection, user_id: UUID) -> bool:
    """Signs out a guest without credentials who is in no event any more, and returns whether that was the case.
    Requires `lock_sessions`."""
    query = text(
        "SELECT FROM auth.users u WHERE id = :user AND password_hash IS NULL"
        " AND NOT EXISTS (SELECT FROM auth.memberships WHERE user_id = u.id)"
    )
    if connection.execute(query, {"user": user_id}).first() is None:
        return False
    end_sessions(connection, user_id)
    connection.execute(text("DELETE FROM auth.sign_in_links WHERE user_id = :user"), {"user": user_id})
    return True
