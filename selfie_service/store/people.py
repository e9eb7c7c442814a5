"""SQL that locks people: every transaction about a person starts with the lock of its row, which guards its revision.

Lock order: feed cursor, person, selfies, event, enrolments. Of several people of an account, the first person is locked
first and serves as the lock of the account.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection, text

from selfie_service.domain import UserNotFound, first_person

SELFIES_CHANNEL = "selfie_selfies"
REMATCHES_CHANNEL = "selfie_rematches"

# The maximum duration of a stream of rematches: even then, one account's events are served no faster than queued.
STEP_S = 10.0


def lock_person(connection: Connection, person_id: UUID) -> int | None:
    """Locks the person until the commit and returns the revision; None if the person does not exist."""
    query = text("SELECT revision FROM selfie.people WHERE person_id = :person FOR UPDATE")
    revision: int | None = connection.execute(query, {"person": person_id}).scalar()
    return revision


def lock_first_person(connection: Connection, user_id: UUID) -> int:
    """Like `lock_person`, but creates the row if necessary. Raises UserNotFound for an erased account."""
    query = text(
        "INSERT INTO selfie.people (person_id, user_id) VALUES (:person, :user)"
        " ON CONFLICT (person_id) DO UPDATE SET revision = people.revision RETURNING revision"
    )
    revision: int = connection.execute(query, {"person": first_person(user_id), "user": user_id}).scalar_one()
    if is_buried(connection, user_id):
        raise UserNotFound
    return revision


def lock_people(connection: Connection, user_id: UUID) -> dict[UUID, int]:
    """Locks all people of an account whose first person is locked; returns their revisions, the first person first."""
    query = text(
        "SELECT person_id, revision FROM selfie.people WHERE user_id = :user AND deleted_at IS NULL"
        " ORDER BY person_id <> :user, person_id FOR UPDATE"
    )
    return {row.person_id: row.revision for row in connection.execute(query, {"user": user_id})}


def raise_revision(connection: Connection, person_id: UUID) -> int:
    """Returns the next revision of a locked person."""
    query = text("UPDATE selfie.people SET revision = revision + 1 WHERE person_id = :person RETURNING revision")
    revision: int = connection.execute(query, {"person": person_id}).scalar_one()
    return revision


def want_rematches(connection: Connection, person_id: UUID, revision: int) -> None:
    """Queues the active selfies of a locked person for matching in every open event.

    A closed or expired event keeps its published matches; its row stores the revision in case the event opens again.
    """
    closed = _lock_closed_events(connection, person_id)
    values = {"person": person_id, "revision": revision, "closed": closed}
    _want(connection, "person_id = :person AND NOT withdrawn AND event_id <> ALL(:closed)", "running", values)
    # A face that was queued before the event closed but never sent was deleted with its selfie: nothing must be sent.
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
    """Queues the active selfies of a locked person again wherever they are searched already, including closed
    events."""
    values = {"person": person_id, "revision": revision}
    _want(connection, "person_id = :person AND state <> 'idle' AND held_revision IS NULL", "running", values)


def want_forgetting(connection: Connection, person_id: UUID, revision: int) -> None:
    """Queues a locked person to be forgotten in every event, including closed ones."""
    _want(connection, "person_id = :person", "idle", {"person": person_id, "revision": revision})


def withdraw(connection: Connection, person_id: UUID) -> None:
    """Excludes a locked person, whose face is being forgotten, from all events until they give a new consent."""
    values = {"person": person_id}
    connection.execute(text("UPDATE selfie.people SET without_consent = true WHERE person_id = :person"), values)
    connection.execute(text("UPDATE selfie.enrolments SET withdrawn = true WHERE person_id = :person"), values)


def agree_again(connection: Connection, person_id: UUID, event_id: UUID, revision: int) -> None:
    """Includes a locked person in an event again after a withdrawn consent; what was forgotten stays forgotten."""
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
    """Queues the faces that arrived while the event was closed. Requires the lock of the event's row."""
    _want(
        connection, "event_id = :event AND held_revision IS NOT NULL", "running", {"event": event_id}, "held_revision"
    )


def _lock_closed_events(connection: Connection, person_id: UUID) -> list[UUID]:
    """Returns the closed and expired events of a person. None of the person's events opens or closes until the commit.

    The state is read by a statement after the one that locks, so that it sees what was committed in the meantime.
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
    """Queues enrolments for the matcher; results of running rematches are discarded.

    Works for an already published revision too, which the matcher accepts again. An enrolment that is already queued
    keeps its place. Otherwise the first of an account's events is queued now and each further one STEP_S later, so that
    the other events of one account wait behind the first events of others.
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
    """Wakes the workers that listen on a channel, at the commit."""
    connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})


def bury(connection: Connection, gone: UUID) -> None:
    """Keeps a tombstone forever: the id of what was deleted, and nothing else about it."""
    connection.execute(text("INSERT INTO selfie.tombstones (id) VALUES (:id) ON CONFLICT DO NOTHING"), {"id": gone})


def is_buried(connection: Connection, candidate: UUID) -> bool:
    query = text("SELECT FROM selfie.tombstones WHERE id = :id")
    return connection.execute(query, {"id": candidate}).first() is not None


def queue_blob_deletions(connection: Connection, condition: str, values: Mapping[str, object]) -> None:
    """Queues the files of selfies for deletion; their rows must lose them in the same transaction."""
    connection.execute(
        text(
            f"INSERT INTO selfie.blob_deletions (key) SELECT image_key FROM selfie.selfies WHERE {condition}"
            " AND image_key IS NOT NULL ON CONFLICT DO NOTHING"
        ),
        values,
    )
