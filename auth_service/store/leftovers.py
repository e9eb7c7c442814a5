"""SQL of what nobody needs any more: guests who are in no event, and changes that every follower has applied."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Engine, text

from auth_service.store.accounts import erase_account
from auth_service.store.locks import lock_sessions
from kit.db.engine import transaction

GUEST_DAYS = 30  # of a guest without credentials, from the last event to the erasure
CHANGES_DAYS = 30
FOLLOWERS = ("matcher", "selfie")  # who have to apply every change
BATCH = 10_000

IS_EVENTLESS = (
    "u.password_hash IS NULL AND NOT u.organiser AND NOT EXISTS (SELECT FROM auth.memberships m WHERE m.user_id = u.id)"
)
IS_OVER = f"{IS_EVENTLESS} AND u.without_events_since < now() - interval '{GUEST_DAYS} days'"


class LeftoverStore:
    """Accounts and changes that are deleted without being asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note_eventless(self) -> None:
        """Since when guests without credentials are in no event; of earlier versions, since the first look."""
        update = "UPDATE auth.users u SET without_events_since"
        begin = text(f"{update} = now() WHERE without_events_since IS NULL AND {IS_EVENTLESS}")
        end = text(f"{update} = NULL WHERE without_events_since IS NOT NULL AND NOT ({IS_EVENTLESS})")
        with transaction(self._engine, "eventless-note") as connection:
            connection.execute(begin)
            connection.execute(end)

    def find_over(self) -> list[UUID]:
        """Guests to be erased."""
        query = text(f"SELECT u.id FROM auth.users u WHERE {IS_OVER} ORDER BY u.id")
        with transaction(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def erase(self, user_id: UUID) -> None:
        """Nothing where the guest was faster: has joined an event, or has got a password."""
        still = text(f"SELECT FROM auth.users u WHERE u.id = :user AND {IS_OVER}")
        with transaction(self._engine, "eventless-erase") as connection:
            lock_sessions(connection, user_id)
            if connection.execute(still, {"user": user_id}).first() is not None:
                erase_account(connection, user_id)

    def note_readers(self, places: Mapping[str, int]) -> None:
        """How far followers have applied the feed; none goes back."""
        note = text(
            "INSERT INTO auth.feed_readers AS r (name, sequence) VALUES (:name, :sequence)"
            " ON CONFLICT (name) DO UPDATE SET sequence = greatest(r.sequence, excluded.sequence)"
        )
        with transaction(self._engine, "readers-note") as connection:
            for name in sorted(places):
                connection.execute(note, {"name": name, "sequence": places[name]})

    def shorten_feed(self) -> bool:
        """Deletes some of the changes that all followers have applied, CHANGES_DAYS later; the newest one stays.
        Whether there may be more."""
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
