"""SQL of changes of a password or an e-mail address, and of the links that make them."""

from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from auth_service.domain import fold
from auth_service.mails import MAX_ACCOUNTS, MAX_LINKS_PER_HOUR, MailKind
from auth_service.store.locks import lock_sessions
from auth_service.store.mails import MAILS_CHANNEL, notify
from auth_service.store.sessions import end_sessions
from kit.db.engine import transaction

# At most so many e-mails of a kind for an account within an hour.
IS_RARE = """
(SELECT count(*) FROM auth.mails m WHERE m.user_id = :user AND m.kind = :kind
    AND m.created_at > now() - interval '1 hour') < :most
"""
LINK = "token_hash = :hash AND kind = :kind AND expires_at > now()"


class CredentialStore:
    """Whoever changes something here holds the account's row, as does whoever begins a session."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def set_password(self, user_id: UUID, old_hash: str, new_hash: str, kept_id: UUID, tells: bool) -> bool:
        """Ends all sessions but one, and all links. False where the password is not that of `old_hash` any more.
        `tells`: whether an e-mail to the account says so."""
        query = text("UPDATE auth.users SET password_hash = :new WHERE id = :user AND password_hash = :old")
        with transaction(self._engine, "set-password") as connection:
            lock_sessions(connection, user_id)
            if not connection.execute(query, {"user": user_id, "old": old_hash, "new": new_hash}).rowcount:
                return False
            _forget_links(connection, user_id)
            end_sessions(connection, user_id, "family <> :kept", kept=kept_id)
            if tells:
                _tell_change(connection, MailKind.PASSWORD_CHANGED, user_id, _find_email(connection, user_id))
            return True

    def set_email(self, user_id: UUID, password_hash: str, email: str) -> bool:
        """Ends all links. False where somebody has this address, or the password has changed meanwhile."""
        condition = "password_hash = :hash"
        with transaction(self._engine, "set-email") as connection:
            lock_sessions(connection, user_id)
            return _set_email(connection, user_id, email, condition, hash=password_hash)

    def add_reset(self, user_id: UUID, token_hash: bytes, ttl_s: int) -> bool:
        """A link that sets a new password; False for an account without one."""
        query = text(
            "INSERT INTO auth.account_links (token_hash, kind, user_id, expires_at)"
            " SELECT :hash, :kind, id, now() + make_interval(secs => :ttl) FROM auth.users"
            " WHERE id = :user AND password_hash IS NOT NULL"
        )
        values = {"hash": token_hash, "kind": MailKind.RESET.value, "user": user_id, "ttl": ttl_s}
        with transaction(self._engine, "add-reset") as connection:
            return connection.execute(query, values).rowcount == 1

    def mail_reset(self, email: str, language: str) -> None:
        """Has a link sent to the accounts that were registered with an address; none to one that got many."""
        find = text("SELECT id FROM auth.users WHERE email_key = :key AND password_hash IS NOT NULL LIMIT :most")
        with transaction(self._engine) as connection:
            users = list(connection.execute(find, {"key": fold(email), "most": MAX_ACCOUNTS}).scalars())
        for user_id in users:
            with transaction(self._engine, "mail-reset") as connection:
                query = "INSERT INTO auth.mails (id, kind, user_id, address, language)"
                query += f" SELECT :id, :kind, id, email, :language FROM auth.users WHERE id = :user AND {IS_RARE}"
                _add_mail(connection, query, MailKind.RESET, user_id, language)

    def mail_new_email(self, user_id: UUID, email: str, language: str) -> None:
        """Has a link sent to the new address that somebody names for an account; nothing where it is in use, or where
        the account got many."""
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

    def reset_password(self, token_hash: bytes, password_hash: str, tells: bool) -> str | None:
        """Uses a link up, and ends all links and sessions of its account: its user name; None for a link that is not
        good, or not any more. `tells`: whether an e-mail to the account says so."""
        query = text("UPDATE auth.users SET password_hash = :password WHERE id = :user RETURNING username")
        with transaction(self._engine, "reset-password") as connection:
            found = _take_link(connection, token_hash, MailKind.RESET)
            if found is None:
                return None
            user_id, _ = found
            username: str = connection.execute(query, {"user": user_id, "password": password_hash}).scalar_one()
            _forget_links(connection, user_id)
            end_sessions(connection, user_id)
            if tells:
                _tell_change(connection, MailKind.PASSWORD_CHANGED, user_id, _find_email(connection, user_id))
            return username

    def confirm_email(self, token_hash: bytes) -> bool:
        """Uses a link up; False for one that is not good, or whose address somebody else has by now. An e-mail to the
        old address says that it is no longer that of the account."""
        with transaction(self._engine, "confirm-email") as connection:
            found = _take_link(connection, token_hash, MailKind.EMAIL)
            if found is None:
                return False
            user_id, _ = found
            old = _find_email(connection, user_id)
            if not _set_email(connection, *found):
                return False
            _tell_change(connection, MailKind.EMAIL_CHANGED, user_id, old)
            return True

    def delete_expired(self) -> None:
        with transaction(self._engine) as connection:
            connection.execute(text("DELETE FROM auth.account_links WHERE expires_at <= now()"))


def _take_link(connection: Connection, token_hash: bytes, kind: MailKind) -> tuple[UUID, str] | None:
    """The account of a link, locked, and the link's address; who waited for the lock finds no link."""
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
    """A fault of the index would be in the database's log, with the address: it is left for those who race."""
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
    """Of an account whose row is held."""
    email: str | None = connection.execute(
        text("SELECT email FROM auth.users WHERE id = :id"), {"id": user_id}
    ).scalar()
    return email


def _tell_change(connection: Connection, kind: MailKind, user_id: UUID, address: str | None) -> None:
    """In all languages, since nobody has said which one. Whoever changed it has no way to call it off."""
    if address:
        add = text(
            "INSERT INTO auth.mails (id, kind, user_id, address, language) VALUES (:id, :kind, :user, :address, '')"
        )
        connection.execute(add, {"id": uuid4(), "kind": kind.value, "user": user_id, "address": address})
        notify(connection, MAILS_CHANNEL)


def _forget_links(connection: Connection, user_id: UUID) -> None:
    """Those that were sent, and those on their way: whoever got them may be whom the change is to keep out."""
    for query in (
        "DELETE FROM auth.account_links WHERE user_id = :user",
        "DELETE FROM auth.sign_in_links WHERE user_id = :user",
        "DELETE FROM auth.mails WHERE user_id = :user AND kind IN ('sign_in', 'reset', 'email') AND state = 'waiting'",
    ):
        connection.execute(text(query), {"user": user_id})
