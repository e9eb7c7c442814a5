"""SQL of obsolete data: guests who are in no event, and changes that every follower has applied."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Engine, text

from auth_service.store.accounts import erase_account
from auth_service.store.locks import lock_sessions
from kit.db.engine import transaction

GUEST_DAYS = 30  # from the last event of a guest without credentials until their erasure
CHANGES_DAYS = 30
FOLLOWERS = ("matcher", "selfie")  # services that must apply every change
BATCH = 10_000

IS_EVENTLESS = (
    "u.password_hash IS NULL AND NOT u.organiser AND NOT EXISTS (SELECT FROM auth.memberships m WHERE m.user_id = u.id)"
)
IS_OVER = f"{IS_EVENTLESS} AND u.without_events_since < now() - interval '{GUEST_DAYS} days'"


class LeftoverStore:
    """Deletes obsolete accounts and changes automatically."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note_eventless(self) -> None:
        """Records since when guests without credentials are in no event; for those of earlier versions, from now."""
        update = "UPDATE auth.users u SET without_events_since"
        begin = text(f"{update} = now() WHERE without_events_since IS NULL AND {IS_EVENTLESS}")
        end = text(f"{update} = NULL WHERE without_events_since IS NOT NULL AND NOT ({IS_EVENTLESS})")
        with transaction(self._engine, "eventless-note") as connection:
            connection.execute(begin)
            connection.execute(end)

    def find_over(self) -> list[UUID]:
        """Returns the guests to erase."""
        query = text(f"SELECT u.id FROM auth.users u WHERE {IS_OVER} ORDER BY u.id")
        with transaction(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def erase(self, user_id: UUID) -> None:
        """Does nothing if the guest has joined an event or set a password in the meantime."""
        still = text(f"SELECT FROM auth.users u WHERE u.id = :user AND {IS_OVER}")
        with transaction(self._engine, "eventless-erase") as connection:
            lock_sessions(connection, user_id)
            if connection.execute(still, {"user": user_id}).first() is not None:
                erase_account(connection, user_id)

    def note_readers(self, places: Mapping[str, int]) -> None:
        """Records how far followers have applied the feed; positions never decrease."""
        note = text(
            "INSERT INTO auth.feed_readers AS r (name, sequence) VALUES (:name, :sequence)"
            " ON CONFLICT (name) DO UPDATE SET sequence = greatest(r.sequence, excluded.sequence)"
        )
        with transaction(self._engine, "readers-note") as connection:
            for name in sorted(places):
                connection.execute(note, {"name": name, "sequence": places[name]})

    def shorten_feed(self) -> bool:
        """Deletes a batch of changes that all followers applied and that are older than CHANGES_DAYS; keeps the newest
        one. Returns whether there may be more."""
        delete = text(
            f"""
            DELETE FROM auth.changes WHERE sequence IN (
                SELECT c.sequence FROM auth.changes c, auth.feed f
                WHERE f.shortened_from <= now() AND c.sequence < f.last
                AND c.created_at < now() - interval '{CHANGES_DAYS} days' AND c.sequence <= (
                    SELECT min(r.sequence) FROM auth.feed_readers r WHERE r.name = ANY(:followers)
                    HAVING count(*) = cardinality(CAST(:followers AS text[])))
                ORDER BY c.sequence LIMIT {BATCH})
            """
        )
        with transaction(self._engine, "feed-shorten") as connection:
            return connection.execute(delete, {"followers": list(FOLLOWERS)}).rowcount == BATCH
