"""SQL of due announcements that an event will be deleted."""

from uuid import uuid4

from sqlalchemy import Engine, text

from auth_service.mails import ANNOUNCED_DAYS, Announcement, MailKind
from auth_service.store.mails import MAILS_CHANNEL, keep, notify
from auth_service.store.offers import HIDES_AT
from kit.db.engine import transaction

MONTH, WEEK = (ANNOUNCED_DAYS[kind] for kind in (MailKind.DELETION_MONTH, MailKind.DELETION_WEEK))
KIND = f"""CASE WHEN {HIDES_AT} - interval '{WEEK} days' <= now() THEN '{MailKind.DELETION_WEEK.value}'
    ELSE '{MailKind.DELETION_MONTH.value}' END"""
# Organisers of events that will be hidden within a month, or were hidden within the last week.
DUE = f"""
FROM auth.events e
JOIN auth.memberships o ON o.event_id = e.id AND o.role = 'organiser' AND NOT o.waiting
JOIN auth.users u ON u.id = o.user_id AND u.email IS NOT NULL
WHERE {HIDES_AT} - interval '{MONTH} days' <= now()
"""


class AnnouncementStore:
    """Announcements of deletions to organisers, each once per time at which the event is hidden."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_due(self) -> list[Announcement]:
        """Lists due announcements, ordered by event."""
        query = text(
            f"""
            SELECT e.id AS event_id, u.id AS user_id, {KIND} AS kind {DUE} AND NOT EXISTS (
                SELECT FROM auth.mails m WHERE m.event_id = e.id AND m.user_id = u.id AND m.kind = {KIND}
                AND m.hides_at = {HIDES_AT})
            ORDER BY e.id, u.id
            """
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query).all()
        return [Announcement(row.event_id, row.user_id, MailKind(row.kind)) for row in rows]

    def announce(self, due: Announcement, photo_count: int | None) -> bool:
        """Queues an e-mail; returns False if it was already queued, or is no longer due."""
        insert = text(
            f"""
            INSERT INTO auth.mails (id, kind, user_id, event_id, address, language, photo_count, hides_at)
            SELECT :id, :kind, u.id, e.id, u.email, '', :photos, {HIDES_AT}
            {DUE} AND e.id = :event AND u.id = :user AND {KIND} = :kind ON CONFLICT DO NOTHING
            """
        )
        values = {"id": uuid4(), "kind": due.kind.value, "event": due.event_id, "user": due.user_id}
        with transaction(self._engine, "announce-deletion") as connection:
            is_kept = keep(connection, due.user_id, due.event_id)
            is_new = is_kept and connection.execute(insert, {**values, "photos": photo_count}).rowcount == 1
            if is_new:
                notify(connection, MAILS_CHANNEL)
            return is_new
