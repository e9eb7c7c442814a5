"""What every transaction about a guest begins with: the lock of the guest's row, under which revisions are given out.

Locks are taken in one order: feed cursor, guest, selfies, enrolments.
"""

from uuid import UUID

from sqlalchemy import Connection, text

from selfie_service.domain import UserNotFound

SELFIES_CHANNEL = "selfie_selfies"
REMATCHES_CHANNEL = "selfie_rematches"


def lock_guest(connection: Connection, user_id: UUID) -> int | None:
    """The guest's revision; None where we do not know the guest. The row stays locked until the commit."""
    query = text("SELECT revision FROM selfie.users WHERE user_id = :user FOR UPDATE")
    revision: int | None = connection.execute(query, {"user": user_id}).scalar()
    return revision


def lock_new_guest(connection: Connection, user_id: UUID) -> int:
    """As `lock_guest`, and makes the row where there is none. Raises UserNotFound for one who was erased."""
    query = text(
        "INSERT INTO selfie.users (user_id) VALUES (:user)"
        " ON CONFLICT (user_id) DO UPDATE SET revision = users.revision RETURNING revision"
    )
    revision: int = connection.execute(query, {"user": user_id}).scalar_one()
    if is_buried(connection, user_id):
        raise UserNotFound
    return revision


def raise_revision(connection: Connection, user_id: UUID) -> int:
    """The next revision of a locked guest."""
    query = text("UPDATE selfie.users SET revision = revision + 1 WHERE user_id = :user RETURNING revision")
    revision: int = connection.execute(query, {"user": user_id}).scalar_one()
    return revision


def want_rematches(connection: Connection, user_id: UUID, revision: int, has_face: bool) -> None:
    """Has a locked guest matched (or, without a face, forgotten) in every event; what is under way counts no more.

    Also for a revision that was published before: the matcher takes the same one again.
    """
    connection.execute(
        text(
            """
            UPDATE selfie.enrolments SET
                wanted_revision = :revision, published_revision = least(published_revision, :revision - 1),
                state = :state, attempt = attempt + 1,
                compared_count = 0, total_count = 0, matched_count = 0,
                retry_at = now(), lease_until = NULL, started_at = now(), finished_at = NULL
            WHERE user_id = :user
            """
        ),
        {"user": user_id, "revision": revision, "state": "running" if has_face else "idle"},
    )
    notify(connection, REMATCHES_CHANNEL)


def notify(connection: Connection, channel: str) -> None:
    """Wakes the workers that wait on a channel, at the commit."""
    connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})


def bury(connection: Connection, gone: UUID) -> None:
    """Remembers for ever that an id is gone, and nothing else of it."""
    connection.execute(text("INSERT INTO selfie.tombstones (id) VALUES (:id) ON CONFLICT DO NOTHING"), {"id": gone})


def is_buried(connection: Connection, candidate: UUID) -> bool:
    query = text("SELECT FROM selfie.tombstones WHERE id = :id")
    return connection.execute(query, {"id": candidate}).first() is not None
