"""SQL of the people of an account. Operations on several people start with the lock of the first one."""

from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db.engine import transaction
from selfie_service.domain import GuestSelfie, SelfieState, first_person, show_to_organisers
from selfie_service.domain.people import NewPerson, Person, PersonNotFound, TooManyPeople
from selfie_service.store.erasing import delete_person, erase_selfies
from selfie_service.store.hints import hint
from selfie_service.store.people import lock_first_person, lock_people, lock_person, raise_revision, want_rematches

BATCH = 100
LIVE = "user_id = :user AND deleted_at IS NULL"
# In the events that search the account; without a face there is nothing to send. `enrolments.user_id` is what a worker
# of the previous version sends: for these people their own id, which no matcher has as a member, so that no people
# are mixed up.
ENROL = """
INSERT INTO selfie.enrolments (event_id, person_id, user_id, role, role_sequence, wanted_revision, state)
SELECT event_id, :person, :person, role, role_sequence, 0, 'idle'
FROM selfie.enrolments WHERE person_id = :first AND NOT withdrawn
ON CONFLICT (event_id, person_id) DO NOTHING
"""


class PersonStore:
    """Adds, lists, renames and deletes the people of accounts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def has_person(self, user_id: UUID, person_id: UUID) -> bool:
        query = text(f"SELECT FROM selfie.people WHERE person_id = :person AND {LIVE}")
        with transaction(self._engine) as connection:
            return connection.execute(query, {"person": person_id, "user": user_id}).first() is not None

    def list_people(self, user_id: UUID) -> list[Person]:
        """The first person first, even for an unknown account."""
        query = text(
            f"""
            SELECT person_id, name,
                (SELECT count(*) FROM selfie.selfies s
                    WHERE s.person_id = p.person_id AND s.state = 'active') AS active_count,
                (SELECT s.state FROM selfie.selfies s WHERE s.person_id = p.person_id
                    ORDER BY s.state = 'active' DESC, s.revision DESC LIMIT 1) AS state
            FROM selfie.people p WHERE {LIVE} ORDER BY person_id <> :user, created_at, person_id
            """
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(query, {"user": user_id}).all()
        people = [
            Person(
                row.person_id,
                row.name,
                show_to_organisers(SelfieState(row.state) if row.state else None),
                row.active_count,
            )
            for row in rows
        ]
        return people or [Person(first_person(user_id), "", GuestSelfie.NONE, 0)]

    def add_person(self, person: NewPerson, max_count: int) -> UUID:
        """Returns the id of the person, or of the one that the same request added before.

        Raises TooManyPeople, UserNotFound.
        """
        known = text(f"SELECT person_id FROM selfie.people WHERE {LIVE} AND request_id = :idempotency_key")
        count = text(f"SELECT count(*) FROM selfie.people WHERE {LIVE} AND person_id <> :user")
        insert = text(
            "INSERT INTO selfie.people (person_id, user_id, request_id, name, consent_version)"
            " VALUES (:id, :user_id, :idempotency_key, :name, :consent_version)"
        )
        user = {"user": person.user_id}
        with transaction(self._engine, "person-add") as connection:
            # A concurrent join waits for this lock, and then enrols this person too.
            lock_first_person(connection, person.user_id)
            before: UUID | None = connection.execute(
                known, {**user, "idempotency_key": person.idempotency_key}
            ).scalar()
            if before:
                return before
            if connection.execute(count, user).scalar_one() >= max_count:
                raise TooManyPeople
            connection.execute(insert, vars(person))
            connection.execute(text(ENROL), {"person": person.id, "first": first_person(person.user_id)})
            hint(connection, person.user_id)
            return person.id

    def rename_person(self, user_id: UUID, person_id: UUID, name: str) -> None:
        """Raises PersonNotFound."""
        update = text(f"UPDATE selfie.people SET name = :name WHERE person_id = :person AND {LIVE}")
        with transaction(self._engine, "person-rename") as connection:
            if not connection.execute(update, {"person": person_id, "user": user_id, "name": name}).rowcount:
                raise PersonNotFound
            hint(connection, user_id)

    def delete_person(self, user_id: UUID, person_id: UUID) -> None:
        """The row stays without a name until every event has forgotten the face; then `purge` deletes it."""
        live = text(f"SELECT FROM selfie.people WHERE person_id = :person AND {LIVE}")
        values = {"person": person_id, "user": user_id}
        with transaction(self._engine, "person-delete") as connection:
            lock_first_person(connection, user_id)
            if connection.execute(live, values).first() is None:
                return
            delete_person(connection, person_id)
            hint(connection, user_id)

    def tidy(self) -> bool:
        """Returns whether there may be more to do."""
        steps = (self.enrol_missing, self.follow_leaves, self.purge)
        return any(step() for step in steps)

    def follow_leaves(self) -> bool:
        """Repairs leaves that were applied by a process of the previous version, which handles only first people:
        removes the enrolments of the other people, and erases their faces if it was the last event. Returns whether
        there may be more."""
        leftover = (
            "person_id <> p.user_id AND NOT EXISTS (SELECT FROM selfie.enrolments f"
            " WHERE (f.event_id, f.person_id) = (e.event_id, p.user_id))"
        )
        query = text(
            f"""
            SELECT DISTINCT p.user_id FROM selfie.people p JOIN selfie.enrolments e USING (person_id)
            WHERE p.{leftover} LIMIT {BATCH}
            """
        )
        delete = text(
            f"""
            DELETE FROM selfie.enrolments e USING selfie.people p
            WHERE p.user_id = :user AND e.person_id = p.person_id AND e.{leftover}
            """
        )
        member = text("SELECT FROM selfie.members WHERE user_id = :user")
        with transaction(self._engine) as connection:
            users = list(connection.execute(query).scalars())
        for user_id in users:
            with transaction(self._engine, "person-leave") as connection:
                lock_person(connection, first_person(user_id))
                people = lock_people(connection, user_id)
                values = {"user": user_id}
                if not connection.execute(delete, values).rowcount:
                    continue
                if connection.execute(member, values).first() is None:
                    for person_id in people:
                        erase_selfies(connection, person_id)
        return len(users) == BATCH

    def enrol_missing(self) -> bool:
        """Repairs joins that were applied by a process of the previous version, which handles only first people: enrols
        the other people. Returns whether there may be more."""
        missing = text(
            f"""
            SELECT p.person_id, p.user_id FROM selfie.people p
            WHERE p.person_id <> p.user_id AND p.deleted_at IS NULL AND EXISTS (
                SELECT FROM selfie.enrolments f WHERE f.person_id = p.user_id AND NOT f.withdrawn AND NOT EXISTS (
                    SELECT FROM selfie.enrolments e WHERE (e.event_id, e.person_id) = (f.event_id, p.person_id)))
            LIMIT {BATCH}
            """
        )
        with transaction(self._engine) as connection:
            people = connection.execute(missing).all()
        for row in people:
            with transaction(self._engine, "person-enrol") as connection:
                lock_person(connection, first_person(row.user_id))
                self._enrol(connection, row.user_id, row.person_id)
        return len(people) == BATCH

    def _enrol(self, connection: Connection, user_id: UUID, person_id: UUID) -> None:
        """Requires the lock of the first person."""
        active = text("SELECT FROM selfie.selfies WHERE person_id = :person AND state = 'active'")
        person = {"person": person_id}
        live = text(f"SELECT FROM selfie.people WHERE person_id = :person AND {LIVE} FOR UPDATE")
        if connection.execute(live, {**person, "user": user_id}).first() is None:
            return
        enrolled = connection.execute(text(ENROL), {**person, "first": first_person(user_id)})
        if enrolled.rowcount and connection.execute(active, person).first() is not None:
            want_rematches(connection, person_id, raise_revision(connection, person_id))

    def purge(self) -> bool:
        """Deletes a batch of rows of people whom every event has forgotten. Returns whether there may be more."""
        forgotten = (
            "deleted_at IS NOT NULL AND NOT EXISTS (SELECT FROM selfie.enrolments e"
            " WHERE e.person_id = p.person_id AND e.wanted_revision > e.published_revision)"
        )
        query = text(f"SELECT person_id FROM selfie.people p WHERE {forgotten} LIMIT {BATCH}")
        delete = text(f"DELETE FROM selfie.people p WHERE person_id = :person AND {forgotten}")
        with transaction(self._engine) as connection:
            people = list(connection.execute(query).scalars())
        for person in people:
            with transaction(self._engine, "person-purge") as connection:
                lock_person(connection, person)
                connection.execute(delete, {"person": person})
        return len(people) == BATCH
