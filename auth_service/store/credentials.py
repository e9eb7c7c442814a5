"""SQL of password and e-mail address changes, and of the links that authorize them."""

from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from auth_service.domain import fold
from auth_service.mails import MAX_ACCOUNTS, MAX_LINKS_PER_HOUR, MailKind
from auth_service.store.locks import lock_sessions
from auth_service.store.mails import MAILS_CHANNEL, notify
from auth_service.store.sessions import end_sessions
from kit.db.engine import transaction

# Limits the e-mails of a kind to `:most` per account and hour.
IS_RARE = """
(SELECT count(*) FROM auth.mails m WHERE m.user_id = :user AND m.kind = :kind
    AND m.created_at > now() - interval '1 hour') < :most
"""
LINK = "token_hash = :hash AND kind = :kind AND expires_at > now()"


class CredentialStore:
    """Changes credentials. Every change locks the account's row, as does every new session."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def set_password(self, user_id: UUID, old_hash: str, new_hash: str, kept_id: UUID, notifies: bool) -> bool:
        """Ends all sessions except `kept_id`, and all links. Returns False if `old_hash` is no longer current.
        `notifies`: announce it to the account by e-mail."""
        query = text("UPDATE auth.users SET password_hash = :new WHERE id = :user AND password_hash = :old")
        with transaction(self._engine, "set-password") as connection:
            lock_sessions(connection, user_id)
            if not connection.execute(query, {"user": user_id, "old": old_hash, "new": new_hash}).rowcount:
                return False
            _forget_links(connection, user_id)
            end_sessions(connection, user_id, "family <> :kept", kept=kept_id)
            if notifies:
                _mail_change(connection, MailKind.PASSWORD_CHANGED, user_id, _find_email(connection, user_id))
            return True

    def set_email(self, user_id: UUID, password_hash: str, email: str) -> bool:
        """Ends all links. Returns False if the address is in use, or the password was changed in the meantime."""
        condition = "password_hash = :hash"
        with transaction(self._engine, "set-email") as connection:
            lock_sessions(connection, user_id)
            return _set_email(connection, user_id, email, condition, hash=password_hash)

    def add_reset(self, user_id: UUID, token_hash: bytes, ttl_s: int) -> bool:
        """Adds a link that sets a new password; returns False for an account without one."""
        query = text(
            "INSERT INTO auth.account_links (token_hash, kind, user_id, expires_at)"
            " SELECT :hash, :kind, id, now() + make_interval(secs => :ttl) FROM auth.users"
            " WHERE id = :user AND password_hash IS NOT NULL"
        )
        values = {"hash": token_hash, "kind": MailKind.RESET.value, "user": user_id, "ttl": ttl_s}
        with transaction(self._engine, "add-reset") as connection:
            return connection.execute(query, values).rowcount == 1

    def mail_reset(self, email: str, language: str) -> None:
        """Queues a link for each account registered with an address, up to the hourly limit per account."""
        find = text("SELECT id FROM auth.users WHERE email_key = :key AND password_hash IS NOT NULL LIMIT :most")
        with transaction(self._engine) as connection:
            users = list(connection.execute(find, {"key": fold(email), "most": MAX_ACCOUNTS}).scalars())
        for user_id in users:
            with transaction(self._engine, "mail-reset") as connection:
                query = "INSERT INTO auth.mails (id, kind, user_id, address, language)"
                query += f" SELECT :id, :kind, id, email, :language FROM auth.users WHERE id = :user AND {IS_RARE}"
                _add_mail(connection, query, MailKind.RESET, user_id, language)

    def mail_new_email(self, user_id: UUID, email: str, language: str) -> None:
        """Queues a link to the new address of an account; queues nothing if the address is in use or the hourly limit
        is reached."""
        drop = text("DELETE FROM auth.mails WHERE user_id = :user AND kind = :kind AND state = 'waiting'")
        with transaction(self._engine, "mail-new-email") as connection:
            connection.execute(drop, {"user": user_id, "kind": MailKind.EMAIL.value})
            query = "INSERT INTO auth.mails (id, kind, user_id, address, language)"
            query += f" SELECT :id, :kind, id, :email, :language FROM auth.users WHERE id = :user AND {IS_RARE}"
            query += " AND NOT EXISTS (SELECT FROM auth.users WHERE email_key = :key)"
            _add_mail(connection, query, MailKind.EMAIL, user_id, language, email=email, key=fold(email))

    def has_reset(self, token_hash: bytes) -> bool:
        query = text(f"SELECT FROM auth.account_links WHERE {LINK}")
        with transaction(self._engine) as connection:
            values = {"hash": token_hash, "kind": MailKind.RESET.value}
            return connection.execute(query, values).first() is not None

    def reset_password(self, token_hash: bytes, password_hash: str, notifies: bool) -> str | None:
        """Uses a link up, and ends all links and sessions of its account. Returns the user name; None for an invalid
        link. `notifies`: announce it to the account by e-mail."""
        query = text("UPDATE auth.users SET password_hash = :password WHERE id = :user RETURNING username")
        with transaction(self._engine, "reset-password") as connection:
            found = _take_link(connection, token_hash, MailKind.RESET)
            if found is None:
                return None
            user_id, _ = found
            username: str = connection.execute(query, {"user": user_id, "password": password_hash}).scalar_one()
            _forget_links(connection, user_id)
            end_sessions(connection, user_id)
            if notifies:
                _mail_change(connection, MailKind.PASSWORD_CHANGED, user_id, _find_email(connection, user_id))
            return username

    def confirm_email(self, token_hash: bytes) -> bool:
        """Uses a link up; returns False if it is invalid, or its address is in use by now. Announces the change to the
        old address by e-mail."""
        with transaction(self._engine, "confirm-email") as connection:
            found = _take_link(connection, token_hash, MailKind.EMAIL)
            if found is None:
                return False
            user_id, _ = found
            old = _find_email(connection, user_id)
            if not _set_email(connection, *found):
                return False
            _mail_change(connection, MailKind.EMAIL_CHANGED, user_id, old)
            return True

    def delete_expired(self) -> None:
        with transaction(self._engine) as connection:
            connection.execute(text("DELETE FROM auth.account_links WHERE expires_at <= now()"))


def _take_link(connection: Connection, token_hash: bytes, kind: MailKind) -> tuple[UUID, str] | None:
    """Locks the account of a link and deletes the link. Returns the account and the link's address; None if invalid."""
    values = {"hash": token_hash, "kind": kind.value}
    owner = connection.execute(text(f"SELECT user_id FROM auth.account_links WHERE {LINK}"), values).scalar()
    if owner is None:
        return None
    lock_sessions(connection, owner)
    row = connection.execute(text(f"DELETE FROM auth.account_links WHERE {LINK} RETURNING email"), values).first()
    return (owner, row.email) if row else None


def _set_email(
    connection: Connection, user_id: UUID, email: str, condition: str = "password_hash IS NOT NULL", **values: object
) -> bool:
    """Checks the address first: an index violation would write it to the database's log, so it is left to real
    races."""
    query = text(
        f"UPDATE auth.users SET email = :email, email_key = :key WHERE id = :user AND {condition}"
        " AND NOT EXISTS (SELECT FROM auth.users other WHERE other.email_key = :key AND other.id <> :user)"
    )
    try:
        with connection.begin_nested():
            found = connection.execute(query, {"user": user_id, "email": email, "key": fold(email), **values})
    except IntegrityError:
        return False
    if found.rowcount:
        _forget_links(connection, user_id)
    return found.rowcount == 1


def _add_mail(
    connection: Connection, query: str, kind: MailKind, user_id: UUID, language: str, **values: object
) -> None:
    fixed = {"id": uuid4(), "kind": kind.value, "user": user_id, "language": language, "most": MAX_LINKS_PER_HOUR}
    connection.execute(text(f"{query} ON CONFLICT DO NOTHING"), {**fixed, **values})
    notify(connection, MAILS_CHANNEL)


def _find_email(connection: Connection, user_id: UUID) -> str | None:
    """Requires the lock of the account's row."""
    email: str | None = connection.execute(
        text("SELECT email FROM auth.users WHERE id = :id"), {"id": user_id}
    ).scalar()
    return email


def _mail_change(connection: Connection, kind: MailKind, user_id: UUID, address: str | None) -> None:
    """Sends it in all languages, since the account has none. Those who made the change cannot cancel it."""
    if address:
        add = text(
            "INSERT INTO auth.mails (id, kind, user_id, address, language) VALUES (:id, :kind, :user, :address, '')"
        )
        connection.execute(add, {"id": uuid4(), "kind": kind.value, "user": user_id, "address": address})
        notify(connection, MAILS_CHANNEL)


def _forget_links(connection: Connection, user_id: UUID) -> None:
    """Deletes sent links and queued ones: their recipient may be the person whom the change is to lock out."""
    for query in (
        "DELETE FROM auth.account_links WHERE user_id = :user",
        "DELETE FROM auth.sign_in_links WHERE user_id = :user",
        "DELETE FROM auth.mails WHERE user_id = :user AND kind IN ('sign_in', 'reset', 'email') AND state = 'waiting'",
    ):
        connection.execute(text(query), {"user": user_id})
