"""SQL of refresh tokens and of the links that begin a session."""

from collections.abc import Callable
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, text

from auth_service.domain import REFRESH_TOKEN_S, REUSE_GRACE_S, Recorded
from auth_service.store.acts import note_act
from kit.db import transaction


class SessionStore:
    """Tokens of accounts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_token(self, user_id: UUID, refresh_hash: bytes) -> bool:
        """Begins a family; False when the account is gone."""
        with transaction(self._engine, "add-token") as connection:
            query = text("SELECT id FROM auth.users WHERE id = :user FOR KEY SHARE")
            if connection.execute(query, {"user": user_id}).first() is None:
                return False
            insert_token(connection, uuid4(), user_id, refresh_hash)
            return True

    def rotate_token(
        self, old_hash: bytes, new_salt: bytes, hash_successor: Callable[[bytes], bytes]
    ) -> tuple[UUID, bytes] | None:
        """The user of the old token, now used, and the salt of its only successor; None for a token that is not good.

        `new_salt` is kept on the first use; within the grace each further use gets the salt of the first, and a reuse
        after it ends the family. `hash_successor`: the hash of the successor that a salt makes.
        """
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
            salt = _use_token(connection, old_hash, new_salt)
            if salt == new_salt:
                insert_token(connection, row.family, row.user_id, hash_successor(salt))
            return row.user_id, salt

    def add_link(self, user_id: UUID, token_hash: bytes, ttl_s: int, event_id: UUID | None = None) -> bool:
        """False when the account is gone. `event_id`: what the link opens."""
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

    def use_link(self, token_hash: bytes, refresh_hash: bytes) -> tuple[UUID, UUID | None] | None:
        """Begins a session of the user of a link, which is used up: the user, and the event that the link opens.

        None for one that is not good, or not any more.
        """
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
            insert_token(connection, uuid4(), row.user_id, refresh_hash)
            return row.user_id, row.event_id

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


def insert_token(connection: Connection, family: UUID, user_id: UUID, token_hash: bytes) -> None:
    connection.execute(
        text(
            "INSERT INTO auth.refresh_tokens (token_hash, family, user_id, expires_at)"
            " VALUES (:hash, :family, :user, now() + make_interval(secs => :ttl))"
        ),
        {"hash": token_hash, "family": family, "user": user_id, "ttl": REFRESH_TOKEN_S},
    )


def _use_token(connection: Connection, token_hash: bytes, new_salt: bytes) -> bytes:
    """Marks a token as used; the salt of its first use, which is `new_salt` if this is the first one."""
    query = text(
        "UPDATE auth.refresh_tokens SET used_at = coalesce(used_at, now()),"
        " successor_salt = coalesce(successor_salt, :salt) WHERE token_hash = :hash RETURNING successor_salt"
    )
    return bytes(connection.execute(query, {"hash": token_hash, "salt": new_salt}).scalar_one())


def _lock_family(connection: Connection, token_hash: bytes) -> UUID | None:
    """The family of a token. Who holds its oldest token holds it all, also against a token that is just being made."""
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
    connection.execute(text("DELETE FROM auth.refresh_tokens WHERE family = :family"), {"family": family})


def end_last_sessions(connection: Connection, user_id: UUID) -> bool:
    """Under `lock_sessions`: signs out a guest without credentials who is in no event any more; whether that was so."""
    query = text(
        "SELECT FROM auth.users u WHERE id = :user AND password_hash IS NULL"
        " AND NOT EXISTS (SELECT FROM auth.memberships WHERE user_id = u.id)"
    )
    if connection.execute(query, {"user": user_id}).first() is None:
        return False
    for table in ("refresh_tokens", "sign_in_links"):
        connection.execute(text(f"DELETE FROM auth.{table} WHERE user_id = :user"), {"user": user_id})
    return True
