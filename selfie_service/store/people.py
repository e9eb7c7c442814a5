"""What every transaction about a person begins with: the lock of the person's row, under which revisions are given out.

Locks are taken in one order: feed cursor, person, selfies, event, enrolments; of several people of an account the first
person first, which is the lock of the account.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection, text

from selfie_service.domain import UserNotFound, first_person

SELFIES_CHANNEL = "selfie_selfies"
REMATCHES_CHANNEL = "selfie_rematches"

# As long as a stream of rematches may take: even then one account's events are served no faster than they are queued.
STEP_S = 10.0


def lock_person(connection: Connection, person_id: UUID) -> int | None:
    """The person's revision; None where we do not know the person. The row stays locked until the commit."""
    query = text("SELECT revision FROM selfie.people WHERE person_id = :person FOR UPDATE")
    revision: int | None = connection.execute(query, {"person": person_id}).scalar()
    return revision


def lock_first_person(connection: Connection, user_id: UUID) -> int:
    """As `lock_person`, and makes the row where there is none. Raises UserNotFound for an account that was erased."""
    query = text(
        "INSERT INTO selfie.people (person_id, user_id) VALUES (:person, :user)"
        " ON CONFLICT (person_id) DO UPDATE SET revision = people.revision RETURNING revision"
    )
    revision: int = connection.execute(query, {"person": first_person(user_id), "user": user_id}).scalar_one()
    if is_buried(connection, user_id):
        raise UserNotFound
    return revision


def lock_people(connection: Connection, user_id: UUID) -> dict[UUID, int]:
    """The revisions of all people of an account whose first person is locked, that one first; locked as well."""
    query = text(
        "SELECT person_id, revision FROM selfie.people WHERE user_id = :user AND deleted_at IS NULL"
        " ORDER BY person_id <> :user, person_id FOR UPDATE"
    )
    return {row.person_id: row.revision for row in connection.execute(query, {"user": user_id})}


def raise_revision(connection: Connection, person_id: UUID) -> int:
    """The next revision of a locked person."""
    query = text("UPDATE selfie.people SET revision = revision + 1 WHERE person_id = :person RETURNING revision")
    revision: int = connection.execute(query, {"person": person_id}).scalar_one()
    return revision


def want_rematches(connection: Connection, person_id: UUID, revision: int) -> None:
    """Has the active selfie of a locked person matched in every event that is open.

    A closed or expired event keeps its published matches; the row notes the revision, in case the event opens again.
    """
    closed = _lock_closed_events(connection, person_id)
    values = {"person": person_id, "revision": revision, "closed": closed}
    _want(connection, "person_id = :person AND NOT withdrawn AND event_id <> ALL(:closed)", "running", values)
    # A face that was wanted before the event closed and was never sent is gone with its selfie: nothing is to be sent.
    connection.execute(
        text(
            """
            UPDATE selfie.enrolments SET
                held_revision = :revision, attempt = attempt + 1, lease_until = NULL,
                published_revision = CASE WHEN state = 'idle' THEN published_revision ELSE wanted_revision END,
                state = CASE WHEN state = 'idle' THEN 'idle' ELSE 'done' END
            WHERE person_id = :person AND NOT withdrawn AND event_id = ANY(:closed)
            """
        ),
        values,
    )


def want_again(connection: Connection, person_id: UUID, revision: int) -> None:
    """Has the active selfie of a locked person matched again wherever it is searched already, closed events too."""
    values = {"person": person_id, "revision": revision}
    _want(connection, "person_id = :person AND state <> 'idle' AND held_revision IS NULL", "running", values)


def want_forgetting(connection: Connection, person_id: UUID, revision: int) -> None:
    """Has a locked person forgotten in every event, closed events included."""
    _want(connection, "person_id = :person", "idle", {"person": person_id, "revision": revision})


def withdraw(connection: Connection, person_id: UUID) -> None:
    """No event searches a locked person any more, whose face is being forgotten; they agree before another selfie."""
    values = {"person": person_id}
    connection.execute(text("UPDATE selfie.people SET without_consent = true WHERE person_id = :person"), values)
    connection.execute(text("UPDATE selfie.enrolments SET withdrawn = true WHERE person_id = :person"), values)


def agree_again(connection: Connection, person_id: UUID, event_id: UUID, revision: int) -> None:
    """An event searches a locked person again who had withdrawn the consent; what it was to forget stays forgotten."""
    values = {"person": person_id, "event": event_id, "revision": revision}
    person = text("UPDATE selfie.people SET without_consent = false WHERE person_id = :person AND without_consent")
    event = text(
        "UPDATE selfie.enrolments SET withdrawn = false WHERE person_id = :person AND event_id = :event AND withdrawn"
    )
    active = text("SELECT FROM selfie.selfies WHERE person_id = :person AND state = 'active'")
    connection.execute(person, values)
    if not connection.execute(event, values).rowcount or connection.execute(active, values).first() is None:
        return
    if event_id in _lock_closed_events(connection, person_id):
        hold = "UPDATE selfie.enrolments SET held_revision = :revision WHERE person_id = :person AND event_id = :event"
        connection.execute(text(hold), values)
    else:
        _want(connection, "person_id = :person AND event_id = :event", "running", values)


def release_held(connection: Connection, event_id: UUID) -> None:
    """Has the faces matched that came while the event was closed. The event's row is locked."""
    _want(
        connection, "event_id = :event AND held_revision IS NOT NULL", "running", {"event": event_id}, "held_revision"
    )


def _lock_closed_events(connection: Connection, person_id: UUID) -> list[UUID]:
    """The closed and expired events of a person. None of the person's events opens or closes until the commit.

    Closed or expired is decided by a statement after the one that locks, so that it sees what the lock waited for.
    """
    lock = text(
        "SELECT FROM selfie.events WHERE event_id IN (SELECT event_id FROM selfie.enrolments"
        " WHERE person_id = :person)"
        " ORDER BY event_id FOR SHARE"
    )
    closed = text(
        "SELECT event_id FROM selfie.enrolments JOIN selfie.events e USING (event_id)"
        " WHERE person_id = :person AND (e.closed OR e.expires_at <= now())"
    )
    connection.execute(lock, {"person": person_id})
    return [UUID(str(event_id)) for event_id in connection.execute(closed, {"person": person_id}).scalars()]


def _want(
    connection: Connection, condition: str, state: str, values: dict[str, object], revision: str = ":revision"
) -> None:
    """Queues enrolments for the matcher; what is under way counts no more.

    Also for a revision that was published before: the matcher takes the same one again. An enrolment that is queued
    already keeps its place. Otherwise the first of an account's events is queued now and each further one STEP_S later,
    so that the other events of one account wait behind the first event of others.
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
                SELECT person_id AS of_person, event_id AS of_event, now() + make_interval(secs =>
                    :step * (row_number() OVER (PARTITION BY user_id ORDER BY event_id, person_id) - 1)) AS new_turn_at
                FROM selfie.enrolments WHERE {condition}) AS place
            WHERE e.person_id = of_person AND e.event_id = of_event AND {condition}
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


def queue_blob_deletions(connection: Connection, condition: str, values: Mapping[str, object]) -> None:
    """Has the files of some selfies deleted, whose rows lose them in the same transaction."""
    connection.execute(
        text(
            f"INSERT INTO selfie.blob_deletions (key) SELECT image_key FROM selfie.selfies WHERE {condition}"
            " AND image_key IS NOT NULL ON CONFLICT DO NOTHING"
        ),
        values,
    )
