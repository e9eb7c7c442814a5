"""SQL of the e-mail queue, in which each row is a job."""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, Row, text

from auth_service.domain import fold
from auth_service.mails import (
    GIVE_UP_S,
    LINK_S,
    MAX_ACCOUNTS,
    MAX_LINKS_PER_HOUR,
    Letter,
    MailJob,
    MailKind,
)
from auth_service.store.offers import DELETES_AT
from auth_service.store.wanted import FENCE, is_wanted
from kit.db.engine import transaction

MAILS_CHANNEL = "auth_mails"
OPEN = "state IN ('waiting', 'sending')"
MIN_BACKOFF_S = 15
MAX_BACKOFF_S = 1800

# Accounts with an address: as registered, or, without a password, as left for an event; the newest event first.
ACCOUNTS = """
SELECT DISTINCT ON (a.user_id) a.* FROM (
    SELECT u.id AS user_id, u.email AS address, CAST(:event AS uuid) AS event_id, u.created_at
    FROM auth.users u WHERE u.email_key = :key AND (CAST(:event AS uuid) IS NULL OR EXISTS (
        SELECT FROM auth.memberships WHERE event_id = :event AND user_id = u.id))
    UNION ALL
    SELECT n.user_id, n.email, n.event_id, m.joined_at
    FROM auth.notices n JOIN auth.memberships m USING (event_id, user_id) JOIN auth.users u ON u.id = n.user_id
    WHERE n.email_key = :key AND u.password_hash IS NULL AND (CAST(:event AS uuid) IS NULL OR n.event_id = :event)
) a ORDER BY a.user_id, a.created_at DESC
"""

ACCOUNT_LINK = f"""
INSERT INTO auth.account_links (token_hash, kind, user_id, email, expires_at)
SELECT :hash, kind, user_id, address, now() + make_interval(secs => :ttl) FROM auth.mails WHERE {FENCE}
"""
# The link that the token of an e-mail becomes.
LINKS = {
    MailKind.SIGN_IN: f"""
INSERT INTO auth.sign_in_links (token_hash, user_id, expires_at)
SELECT :hash, user_id, now() + make_interval(secs => :ttl) FROM auth.mails WHERE {FENCE}
""",
    MailKind.RESET: ACCOUNT_LINK,
    MailKind.EMAIL: ACCOUNT_LINK,
}


class MailStore:
    """E-mails that are waiting, sending, sent or failed; only the first two keep their address."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_sign_in(self, email: str, event_id: UUID | None, language: str) -> int:
        """Queues links for the accounts with this address, except those with a queued link or at the hourly limit.
        Returns how many were queued."""
        query = text(
            f"""
            INSERT INTO auth.mails (id, kind, user_id, event_id, address, language)
            SELECT CAST(:id AS uuid), :kind, user_id, event_id, address, :language
            FROM ({ACCOUNTS}) found WHERE user_id = :user AND (
                SELECT count(*) FROM auth.mails m WHERE m.user_id = found.user_id AND m.kind = :kind
                AND m.created_at > now() - interval '1 hour') < :most
            ON CONFLICT DO NOTHING
            """
        )
        found = {"key": fold(email), "event": event_id}
        accounts = text(f"SELECT user_id FROM ({ACCOUNTS}) found ORDER BY created_at DESC LIMIT {MAX_ACCOUNTS}")
        values = {**found, "kind": MailKind.SIGN_IN.value, "language": language, "most": MAX_LINKS_PER_HOUR}
        with transaction(self._engine) as connection:
            users = [row.user_id for row in connection.execute(accounts, found)]
        added = 0
        for user in users:  # one transaction each, so that no account lock is awaited while another is held
            with transaction(self._engine, "add-sign-in-mail") as connection:
                if keep(connection, user, event_id):
                    added += connection.execute(query, {**values, "id": uuid4(), "user": user}).rowcount
                    notify(connection, MAILS_CHANNEL)
        return added

    def claim(self, lease_s: float) -> MailJob | None:
        """Claims the next e-mail until the lease expires. Links come first, because people wait for them."""
        query = text(
            f"""
            UPDATE auth.mails SET attempt = attempt + 1, lease_until = now() + make_interval(secs => :lease)
            WHERE id = (
                SELECT id FROM auth.mails
                WHERE {OPEN} AND retry_at <= now() AND (lease_until IS NULL OR lease_until <= now())
                ORDER BY kind IN ('sign_in', 'reset', 'email') DESC, retry_at LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id, kind, attempt
            """
        )
        with transaction(self._engine, "mail-claim") as connection:
            row = connection.execute(query, {"lease": lease_s}).first()
        return MailJob(row.id, MailKind(row.kind), row.attempt) if row else None

    def begin(self, job: MailJob, token: str, token_hash: bytes) -> Letter | None:
        """Marks the e-mail as `sending`, since a copy may be out from now on. Returns None for a lost claim or an
        obsolete e-mail. `token` becomes a link that signs in or changes credentials, if the e-mail contains one."""
        with transaction(self._engine, "mail-begin") as connection:
            row = connection.execute(text(f"SELECT user_id FROM auth.mails WHERE {FENCE}"), _fence(job)).first()
            if row is None or not keep(connection, row.user_id, None):
                return None
            if not is_wanted(connection, job):
                return None
            if link := LINKS.get(job.kind):
                connection.execute(text(link), {**_fence(job), "hash": token_hash, "ttl": LINK_S})
            begin = text(
                f"""
                UPDATE auth.mails m SET state = 'sending' WHERE {FENCE}
                RETURNING id, address, language, token, event_id, photo_count, hides_at,
                    (SELECT {DELETES_AT} FROM auth.events e WHERE e.id = m.event_id) AS deletes_at,
                    (SELECT name FROM auth.events WHERE id = m.event_id) AS event_name,
                    (SELECT organiser FROM auth.users WHERE id = m.user_id) AS organiser
                """
            )
            begun = connection.execute(begin, _fence(job)).first()
            return _letter(job, begun, token) if begun else None

    def finish(self, job: MailJob) -> bool:
        """Records that the server accepted the e-mail."""
        return self._write(job, "state = 'sent', address = NULL, lease_until = NULL")

    def fail(self, job: MailJob) -> bool:
        """Records that the server permanently rejected the e-mail."""
        return self._write(job, "state = 'failed', address = NULL, lease_until = NULL")

    def defer(self, job: MailJob) -> bool:
        """Retries after the time that has passed so far; gives up after GIVE_UP_S."""
        is_over = "created_at < now() - make_interval(secs => :over)"
        return self._write(
            job,
            f"state = CASE WHEN {is_over} THEN 'failed' ELSE 'waiting' END,"
            f" address = CASE WHEN {is_over} THEN NULL ELSE address END, lease_until = NULL,"
            " retry_at = now() + least(greatest(now() - created_at, make_interval(secs => :least)),"
            " make_interval(secs => :most))",
            over=GIVE_UP_S[job.kind],
            least=MIN_BACKOFF_S,
            most=MAX_BACKOFF_S,
        )

    def release(self, job: MailJob) -> bool:
        """Releases the claim of an e-mail of which no copy is out."""
        return self._write(job, "lease_until = CASE WHEN state = 'waiting' THEN NULL ELSE lease_until END")

    def delete_old(self) -> None:
        """Deletes unreferenced e-mails: links and account notifications that were sent or failed."""
        query = text(
            "DELETE FROM auth.mails WHERE kind IN ('sign_in', 'reset', 'email', 'password_changed', 'email_changed')"
            " AND state IN ('sent', 'failed') AND created_at < now() - interval '1 day'"
        )
        with transaction(self._engine) as connection:
            connection.execute(query)

    def read_queue(self) -> tuple[int, float]:
        """Returns the number of e-mails to send, and the age of the oldest in seconds."""
        query = text(
            "SELECT count(*) AS depth, coalesce(extract(epoch FROM now() - min(created_at)), 0) AS age_s"
            f" FROM auth.mails WHERE {OPEN}"
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query).one()
        return row.depth, float(row.age_s)

    def _write(self, job: MailJob, change: str, **values: object) -> bool:
        """Returns False if another mailer has claimed the e-mail since, or it is deleted."""
        with transaction(self._engine, "mail-write") as connection:
            query = text(f"UPDATE auth.mails SET {change} WHERE {FENCE}")
            return connection.execute(query, {**_fence(job), **values}).rowcount == 1


def keep(connection: Connection, user_id: UUID, event_id: UUID | None) -> bool:
    """Prevents the deletion of an account and an event until the commit. Returns False if one does not exist."""
    for table, row_id in (("users", user_id), ("events", event_id)):
        query = text(f"SELECT FROM auth.{table} WHERE id = :id FOR KEY SHARE")
        if row_id and connection.execute(query, {"id": row_id}).first() is None:
            return False
    return True


def notify(connection: Connection, channel: str) -> None:
    connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})


def _fence(job: MailJob) -> dict[str, object]:
    return {"id": job.id, "attempt": job.attempt}


def _letter(job: MailJob, row: Row[Any], token: str) -> Letter:
    return Letter(
        id=row.id,
        kind=job.kind,
        to=row.address,
        language=row.language,
        token=row.token or token,
        event_id=row.event_id,
        event_name=row.event_name or "",
        organiser=row.organiser,
        photo_count=row.photo_count,
        hides_at=row.hides_at,
        deletes_at=row.deletes_at if row.hides_at else None,
    )
