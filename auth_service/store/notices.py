"""SQL of the notification addresses that members leave for an event."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, text

from auth_service.domain import fold
from auth_service.mails import DueNotice, MailKind, Notice, hash_address
from auth_service.store.mails import MAILS_CHANNEL, keep, notify
from auth_service.store.offers import IS_HELD
from kit.db.engine import transaction

NOTICES_CHANNEL = "auth_notices"
# For a notice `n`: an e-mail about photos of its member was sent or is queued, or the address does not exist.
SETTLED = """
EXISTS (SELECT FROM auth.mails m WHERE m.event_id = n.event_id AND m.user_id = n.user_id
    AND (m.kind = 'first_photos' OR m.kind = 'release' AND m.photo_count > 0)
    AND (m.state <> 'failed' OR m.address_hash = n.address_hash))
"""
# Photos that are counted after a release must not be announced as first photos before the release itself.
IS_RELEASE_PENDING = "EXISTS (SELECT FROM auth.events e WHERE e.id = n.event_id AND e.awaits_release)"
UNSUBSCRIBED = "EXISTS (SELECT FROM auth.unsubscribed u WHERE u.address_hash = n.address_hash)"


class NoticeStore:
    """Notification addresses, and which of them are due for counting the photos of their members."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def set(self, notice: Notice) -> bool:
        """Returns False for an address that unsubscribed from the event, and for a user who is not a member."""
        key = fold(notice.email)
        values = {
            "event": notice.event_id,
            "user": notice.user_id,
            "email": notice.email,
            "key": key,
            "hash": hash_address(notice.event_id, key),
            "language": notice.language,
        }
        query = text(
            """
            INSERT INTO auth.notices AS n (event_id, user_id, email, email_key, address_hash, language)
            SELECT event_id, user_id, :email, :key, :hash, :language FROM auth.memberships
            WHERE event_id = :event AND user_id = :user
                AND NOT EXISTS (SELECT FROM auth.unsubscribed WHERE address_hash = :hash)
            FOR KEY SHARE OF memberships
            ON CONFLICT (event_id, user_id) DO UPDATE SET email = excluded.email, email_key = excluded.email_key,
                address_hash = excluded.address_hash, language = excluded.language, due = true
            """
        )
        with transaction(self._engine, "set-notice") as connection:
            if not connection.execute(query, values).rowcount:
                return False
            _drop_waiting(connection, notice.event_id, notice.user_id)
            notify(connection, NOTICES_CHANNEL)
            return True

    def delete(self, event_id: UUID, user_id: UUID) -> None:
        query = text("DELETE FROM auth.notices WHERE event_id = :event AND user_id = :user")
        with transaction(self._engine, "delete-notice") as connection:
            connection.execute(query, {"event": event_id, "user": user_id})
            _drop_waiting(connection, event_id, user_id)

    def unsubscribe(self, token: str) -> bool:
        """Deletes the address of an e-mail for its event and stores its hash. Returns False for an unknown token."""
        remember = text(
            "INSERT INTO auth.unsubscribed (address_hash, event_id) SELECT address_hash, event_id FROM auth.mails"
            " WHERE token = :token ON CONFLICT (address_hash) DO UPDATE SET event_id = excluded.event_id"
            " RETURNING address_hash"
        )
        with transaction(self._engine, "unsubscribe") as connection:
            row = connection.execute(remember, {"token": token}).first()
            if row is None:
                return False
            for query in (
                "DELETE FROM auth.notices WHERE address_hash = :hash",
                "DELETE FROM auth.mails WHERE address_hash = :hash AND state = 'waiting'",
            ):
                connection.execute(text(query), {"hash": row.address_hash})
            return True

    def mark_due(self, event_id: UUID | None = None, user_ids: Sequence[UUID] = ()) -> None:
        """Marks those of the given members, or of all, who still wait for first photos or for the release."""
        whose = "AND n.event_id = :event AND n.user_id = ANY(:users)" if event_id else ""
        query = text(f"UPDATE auth.notices n SET due = true WHERE NOT due AND (released OR NOT {SETTLED}) {whose}")
        with transaction(self._engine) as connection:
            if connection.execute(query, {"event": event_id, "users": list(user_ids)}).rowcount:
                notify(connection, NOTICES_CHANNEL)

    def note_releases(self) -> None:
        """Marks members with an address as due in events that are no longer held back, whether by an organiser or by
        the release time; they get the e-mail once matcher_service has processed the release."""
        released = text(
            f"UPDATE auth.events e SET awaits_release = false WHERE awaits_release AND NOT {IS_HELD} RETURNING id"
        )
        mark = text("UPDATE auth.notices SET due = true, released = true WHERE event_id = ANY(:events)")
        with transaction(self._engine, "note-releases") as connection:
            if events := connection.execute(released).scalars().all():
                connection.execute(mark, {"events": events})

    def take_due(self, limit: int) -> tuple[UUID, list[DueNotice]] | None:
        """Returns an event and those of its members whose photos must be counted now, and unmarks them."""
        query = text(
            f"""
            WITH taken AS (
                UPDATE auth.notices n SET due = false WHERE (event_id, user_id) IN (
                    SELECT event_id, user_id FROM auth.notices
                    WHERE due AND event_id = (SELECT event_id FROM auth.notices WHERE due ORDER BY event_id LIMIT 1)
                    LIMIT :limit FOR UPDATE SKIP LOCKED)
                RETURNING n.event_id, n.user_id, n.released, {SETTLED} AS settled
            ) SELECT * FROM taken
            """
        )
        with transaction(self._engine, "take-due") as connection:
            rows = connection.execute(query, {"limit": limit}).all()
        due = [DueNotice(row.user_id, row.settled, row.released) for row in rows if row.released or not row.settled]
        return (rows[0].event_id, due) if rows else None

    def announce_first(self, event_id: UUID, user_id: UUID, token: str) -> bool:
        """Queues an e-mail about a member's first photos; False if it was already queued, the address is deleted, or a
        release must be announced first."""
        condition = f"NOT {SETTLED} AND NOT {IS_RELEASE_PENDING}"
        return self._announce(MailKind.FIRST_PHOTOS, event_id, user_id, token, None, condition)

    def announce_release(self, event_id: UUID, user_id: UUID, token: str, photo_count: int) -> bool:
        """Queues an e-mail about the release, with the number of photos that show the member; False if it was already
        queued, or the address is deleted."""
        return self._announce(MailKind.RELEASE, event_id, user_id, token, photo_count, "n.released")

    def forget_release(self, event_id: UUID, user_id: UUID) -> None:
        """For a member whose e-mail is queued, or who sees no photos."""
        query = text("UPDATE auth.notices SET released = false WHERE event_id = :event AND user_id = :user")
        with transaction(self._engine) as connection:
            connection.execute(query, {"event": event_id, "user": user_id})

    def _announce(
        self, kind: MailKind, event_id: UUID, user_id: UUID, token: str, photo_count: int | None, condition: str
    ) -> bool:
        query = text(
            f"""
            INSERT INTO auth.mails (id, kind, user_id, event_id, address, address_hash, language, token, photo_count)
            SELECT :id, :kind, n.user_id, n.event_id, n.email, n.address_hash, n.language, :token, :photos
            FROM auth.notices n WHERE n.event_id = :event AND n.user_id = :user AND {condition} AND NOT {UNSUBSCRIBED}
            ON CONFLICT DO NOTHING
            """
        )
        values = {"id": uuid4(), "kind": kind.value, "event": event_id, "user": user_id, "token": token}
        with transaction(self._engine, "announce") as connection:
            is_kept = keep(connection, user_id, event_id)
            is_new = is_kept and connection.execute(query, {**values, "photos": photo_count}).rowcount == 1
            if is_new:
                notify(connection, MAILS_CHANNEL)
            return is_new


def _drop_waiting(connection: Connection, event_id: UUID, user_id: UUID) -> None:
    """Deletes queued e-mails to the previous address; the release is then announced to the new one."""
    query = text(
        """
        WITH dropped AS (
            DELETE FROM auth.mails WHERE event_id = :event AND user_id = :user AND kind IN ('first_photos', 'release')
            AND state = 'waiting' RETURNING kind)
        UPDATE auth.notices SET released = true WHERE event_id = :event AND user_id = :user
            AND EXISTS (SELECT FROM dropped WHERE kind = 'release')
        """
    )
    connection.execute(query, {"event": event_id, "user": user_id})
