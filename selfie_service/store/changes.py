"""SQL of following auth_service's change feed: the effect of each change, and the position."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db.engine import transaction
from selfie_service.domain import Change, ChangeKind, first_person
from selfie_service.store.bindings import forget_bindings
from selfie_service.store.erasing import begin_grace, delete_person, end_grace, erase_selfies
from selfie_service.store.members import apply_to_members
from selfie_service.store.people import (
    REMATCHES_CHANNEL,
    STEP_S,
    agree_again,
    bury,
    is_buried,
    lock_first_person,
    lock_people,
    lock_person,
    notify,
    queue_blob_deletions,
    raise_revision,
    release_held,
    withdraw,
)

# If a version without members has moved the cursor, members are read separately up to it. `roles_sequence` and the
# roles of enrolments belong to version 0004, whose processes may run at the same time.
MOVE_CURSOR = (
    "UPDATE selfie.feed_cursor SET sequence = :last,"
    " members_sequence = CASE WHEN members_sequence = sequence THEN :last ELSE members_sequence END,"
    " roles_sequence = CASE WHEN roles_sequence = sequence THEN :last ELSE roles_sequence END"
)
# Members who consent to the search after the event has ended are held back from it.
ENROL = text("""
INSERT INTO selfie.enrolments
    (event_id, person_id, user_id, role, role_sequence, wanted_revision, state, held_revision, turn_at)
SELECT :event, :person, :user, :role, :sequence, :revision,
    CASE WHEN has_face AND NOT is_ended THEN 'running' ELSE 'idle' END,
    CASE WHEN has_face AND is_ended THEN CAST(:revision AS bigint) END,
    now() + make_interval(secs => :step * (SELECT count(*) FROM selfie.enrolments
        WHERE person_id IN (SELECT person_id FROM selfie.people WHERE user_id = :account)
            AND wanted_revision > published_revision))
FROM (SELECT
    EXISTS (SELECT FROM selfie.selfies WHERE person_id = :person AND state = 'active') AS has_face,
    EXISTS (SELECT FROM selfie.events WHERE event_id = :event
        AND (closed OR expires_at <= now())) AS is_ended) AS now_is
ON CONFLICT (event_id, person_id)
    DO UPDATE SET role = excluded.role, role_sequence = excluded.role_sequence
""")


def is_join(change: Change) -> bool:
    """Joins are the most frequent changes. Each locks the people of one account; no other transaction locks two
    accounts."""
    return change.kind is ChangeKind.JOINED


class FeedGap(Exception):
    """A change is missing between the last one applied and this one."""


class FeedStore:
    """Applies the change feed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def cursor(self) -> int:
        """Returns the sequence number of the last applied change."""
        with transaction(self._engine) as connection:
            sequence: int = connection.execute(text("SELECT sequence FROM selfie.feed_cursor")).scalar_one()
            return sequence

    def apply(self, *changes: Change) -> None:
        """Applies changes in order in one transaction, each exactly once even with concurrent followers; an unknown
        kind only moves the cursor. Raises FeedGap."""
        with transaction(self._engine, "selfie-change") as connection:
            for change in changes:
                if self._is_next(connection, change):
                    if change.kind:
                        _APPLY[change.kind](connection, change)
                        apply_to_members(connection, change)
                    connection.execute(text(MOVE_CURSOR), {"last": change.sequence})

    def _is_next(self, connection: Connection, change: Change) -> bool:
        """Locks the cursor until the commit."""
        last: int = connection.execute(text("SELECT sequence FROM selfie.feed_cursor FOR UPDATE")).scalar_one()
        if change.sequence > last + 1:
            raise FeedGap(f"{change.sequence} follows {last}")
        return change.sequence == last + 1


def _join(connection: Connection, change: Change) -> None:
    """The face of a member invited to an ended event is held back from its search until it opens again."""
    user_id, event_id = _user(change), _event(change)
    # Only the feed adds tombstones, one change at a time: none can appear between this check and the insert.
    if is_buried(connection, user_id) or is_buried(connection, event_id):
        return
    lock_first_person(connection, user_id)
    end_grace(connection, user_id)
    if not _is_searched(change):
        return
    people = lock_people(connection, user_id)
    _drop_leftovers(connection, user_id, event_id)
    for person_id, revision in people.items():
        connection.execute(
            ENROL,
            {
                "event": event_id,
                "person": person_id,
                "user": person_id,  # see `persons.ENROL`
                "account": user_id,
                "role": change.role.value,
                "sequence": change.sequence,
                "revision": revision,
                "step": STEP_S,
            },
        )
        agree_again(connection, person_id, event_id, revision)
    notify(connection, REMATCHES_CHANNEL)


def _drop_leftovers(connection: Connection, user_id: UUID, event_id: UUID) -> None:
    """For an account that left while a process of the previous version, which handles only first people, followed."""
    query = text(
        """
        DELETE FROM selfie.enrolments WHERE event_id = :event
            AND person_id IN (SELECT person_id FROM selfie.people WHERE user_id = :user)
            AND NOT EXISTS (SELECT FROM selfie.enrolments WHERE event_id = :event AND person_id = :user)
        """
    )
    connection.execute(query, {"event": event_id, "user": user_id})


def _leave(connection: Connection, change: Change) -> None:
    """The matcher follows the feed itself and forgets the people; the new revision outdates what was sent before."""
    user_id, event_id = _user(change), _event(change)
    lock_person(connection, first_person(user_id))
    people = lock_people(connection, user_id)
    for person_id in people:
        raise_revision(connection, person_id)
    connection.execute(
        text(
            "DELETE FROM selfie.enrolments WHERE event_id = :event"
            " AND person_id IN (SELECT person_id FROM selfie.people WHERE user_id = :user)"
        ),
        {"event": event_id, "user": user_id},
    )
    if _is_last(change):
        begin_grace(connection, user_id)


def _withdraw_consent(connection: Connection, change: Change) -> None:
    """Applies to the account and to the people whom it added, who are deleted. Each event forgets the faces with a new
    revision, which follows everything sent before."""
    user_id = _user(change)
    if is_buried(connection, user_id):
        return
    lock_first_person(connection, user_id)
    for person_id in lock_people(connection, user_id):
        if person_id == first_person(user_id):
            erase_selfies(connection, person_id)
            withdraw(connection, person_id)
        else:
            delete_person(connection, person_id)


def _is_searched(change: Change) -> bool:
    """Whether the member's face may be searched in the event."""
    return not change.without_search


def _is_last(change: Change) -> bool:
    """Whether the user is in no event any more."""
    return change.last_membership


def _erase_user(connection: Connection, change: Change) -> None:
    user_id = _user(change)
    if not is_buried(connection, user_id):
        # A concurrent upload that creates the person's row commits before this, or sees the tombstone.
        lock_first_person(connection, user_id)
        lock_people(connection, user_id)
        bury(connection, user_id)
        forget_bindings(connection, user_id)
        queue_blob_deletions(connection, "user_id = :user", {"user": user_id})
        connection.execute(text("DELETE FROM selfie.people WHERE user_id = :user"), {"user": user_id})


def _update_event(connection: Connection, change: Change) -> None:
    event_id = _event(change)
    if not is_buried(connection, event_id):
        connection.execute(
            text(
                "INSERT INTO selfie.events (event_id, closed, expires_at) VALUES (:event, :closed, :expires_at)"
                " ON CONFLICT (event_id) DO UPDATE SET closed = excluded.closed, expires_at = excluded.expires_at"
            ),
            {"event": event_id, "closed": change.closed, "expires_at": change.expires_at},
        )
        # A concurrent verdict holds the event's row until its commit, so that it is visible here.
        if _is_open(connection, event_id):
            release_held(connection, event_id)


def _is_open(connection: Connection, event_id: UUID) -> bool:
    query = text("SELECT NOT closed AND coalesce(expires_at > now(), true) FROM selfie.events WHERE event_id = :event")
    is_open: bool = connection.execute(query, {"event": event_id}).scalar_one()
    return is_open


def _delete_event(connection: Connection, change: Change) -> None:
    event_id = _event(change)
    bury(connection, event_id)
    for table in ("events", "enrolments"):
        connection.execute(text(f"DELETE FROM selfie.{table} WHERE event_id = :event"), {"event": event_id})


def _user(change: Change) -> UUID:
    assert change.user_id is not None
    return change.user_id


def _event(change: Change) -> UUID:
    assert change.event_id is not None
    return change.event_id


_APPLY: dict[ChangeKind, Callable[[Connection, Change], None]] = {
    ChangeKind.JOINED: _join,
    ChangeKind.LEFT: _leave,
    ChangeKind.USER_ERASED: _erase_user,
    ChangeKind.EVENT_UPDATED: _update_event,
    ChangeKind.EVENT_DELETED: _delete_event,
    ChangeKind.CONSENT_WITHDRAWN: _withdraw_consent,
}
