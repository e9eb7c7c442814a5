"""What every transaction about a guest begins with: the lock of the guest's row, under which revisions are given out.

Locks are taken in one order: feed cursor, guest, selfies, event, enrolments.
"""

from uuid import UUID

from sqlalchemy import Connection, text

from selfie_service.domain import UserNotFound

SELFIES_CHANNEL = "selfie_selfies"
REMATCHES_CHANNEL = "selfie_rematches"

# As long as a stream of rematches may take: even then one guest's events are served no faster than they are queued.
STEP_S = 10.0


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


def want_rematches(connection: Connection, user_id: UUID, revision: int) -> None:
    """Has the active selfie of a locked guest matched in every event that is open.

    A closed or expired event keeps its published matches; the row notes the revision, in case the event opens again.
    """
    closed = _lock_closed_events(connection, user_id)
    values = {"user": user_id, "revision": revision, "closed": closed}
    _want(connection, "user_id = :user AND event_id <> ALL(:closed)", "running", values)
    # A face that was wanted before the event closed and was never sent is gone with its selfie: nothing is to be sent.
    connection.execute(
        text(
            """
            UPDATE selfie.enrolments SET
                held_revision = :revision, attempt = attempt + 1, lease_until = NULL,
                published_revision = CASE WHEN state = 'idle' THEN published_revision ELSE wanted_revision END,
                state = CASE WHEN state = 'idle' THEN 'idle' ELSE 'done' END
            WHERE user_id = :user AND event_id = ANY(:closed)
            """
        ),
        values,
    )


def want_again(connection: Connection, user_id: UUID, revision: int) -> None:
    """Has the active selfie of a locked guest matched again wherever it is searched already, closed events included."""
    values = {"user": user_id, "revision": revision}
    _want(connection, "user_id = :user AND state <> 'idle' AND held_revision IS NULL", "running", values)


def want_forgetting(connection: Connection, user_id: UUID, revision: int) -> None:
    """Has a locked guest forgotten in every event, closed events included."""
    _want(connection, "user_id = :user", "idle", {"user": user_id, "revision": revision})


def release_held(connection: Connection, event_id: UUID) -> None:
    """Has the faces matched that came while the event was closed. The event's row is locked."""
    _want(
        connection, "event_id = :event AND held_revision IS NOT NULL", "running", {"event": event_id}, "held_revision"
    )


def _lock_closed_events(connection: Connection, user_id: UUID) -> list[UUID]:
    """The closed and expired events of a guest. No event of the guest opens or closes until the commit.

    Closed or expired is decided by a statement after the one that locks, so that it sees what the lock waited for.
    """
    lock = text(
        "SELECT FROM selfie.events WHERE event_id IN (SELECT event_id FROM selfie.enrolments WHERE user_id = :user)"
        " ORDER BY event_id FOR SHARE"
    )
    closed = text(
        "SELECT event_id FROM selfie.enrolments JOIN selfie.events e USING (event_id)"
        " WHERE user_id = :user AND (e.closed OR e.expires_at <= now())"
    )
    connection.execute(lock, {"user": user_id})
    return [UUID(str(event_id)) for event_id in connection.execute(closed, {"user": user_id}).scalars()]


def _want(
    connection: Connection, condition: str, state: str, values: dict[str, object], revision: str = ":revision"
) -> None:
    """Queues enrolments for the matcher; what is under way counts no more.

    Also for a revision that was published before: the matcher takes the same one again. An enrolment that is queued
    already keeps its place. Otherwise the first of a guest's events is queued now and each further one STEP_S later,
    so that the other events of one guest wait behind the first event of others.
    """
    connection.execute(
        text(
            f"""
            UPDATE selfie.enrolments e SET
                wanted_revision = {revision}, published_revision = least(published_revision, {revision} - 1),
                held_revision = NULL, state = :state, attempt = attempt + 1,
                compared_count = 0, total_count = 0, matched_count = 0,
                turn_at = CASE WHEN wanted_revision > published_revision THEN least(turn_at, new_turn_at)
                    ELSE new_turn_at END,
                retry_at = now(), lease_until = NULL, started_at = now(), finished_at = NULL
            FROM (
                SELECT user_id AS of_user, event_id AS of_event, now() + make_interval(secs =>
                    :step * (row_number() OVER (PARTITION BY user_id ORDER BY event_id) - 1)) AS new_turn_at
                FROM selfie.enrolments WHERE {condition}) AS place
            WHERE e.user_id = of_user AND e.event_id = of_event AND {condition}
            """
        ),
        {**values, "state": state, "step": STEP_S},
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
