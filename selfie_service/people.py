"""The use cases of the people whom an account looks for."""

from uuid import UUID, uuid4

from selfie_service.domain import GuestSelfie, first_person
from selfie_service.domain.people import (
    FirstPerson,
    NewPerson,
    Person,
    PersonNotFound,
    check_consent,
    check_name,
)
from selfie_service.store import PersonStore


class People:
    """The people of accounts, each with up to `faces_per_guest` in addition to the first one."""

    def __init__(self, store: PersonStore, faces_per_guest: int) -> None:
        self._store = store
        self._faces_per_guest = faces_per_guest

    def require(self, user_id: UUID, person_id: UUID | None) -> UUID:
        """Returns the id of one of the account's people; None means the first one. Raises PersonNotFound."""
        first = first_person(user_id)
        if person_id in (None, first):
            return first
        if not self._store.has_person(user_id, person_id):
            raise PersonNotFound
        return person_id

    def list_people(self, user_id: UUID) -> tuple[list[Person], int]:
        """Returns the people, and how many more may be added."""
        people = self._store.list_people(user_id)
        return people, max(self._faces_per_guest + 1 - len(people), 0)

    def add_person(self, user_id: UUID, idempotency_key: UUID | None, name: str, consent_version: str) -> Person:
        """Returns the new person, or the one that the same request added before, in their current state.

        Raises InvalidName, ConsentRequired, TooManyPeople, UserNotFound."""
        person = NewPerson(uuid4(), user_id, idempotency_key, check_name(name), check_consent(consent_version))
        added = self._store.add_person(person, self._faces_per_guest)
        people = {known.id: known for known in self._store.list_people(user_id)}
        return people.get(added) or Person(added, person.name, GuestSelfie.NONE, 0)

    def rename_person(self, user_id: UUID, person_id: UUID, name: str) -> None:
        """Raises FirstPerson, InvalidName, PersonNotFound."""
        self._refuse_first(user_id, person_id)
        self._store.rename_person(user_id, person_id, check_name(name))

    def delete_person(self, user_id: UUID, person_id: UUID) -> None:
        """Raises FirstPerson, UserNotFound."""
        self._refuse_first(user_id, person_id)
        self._store.delete_person(user_id, person_id)

    def _refuse_first(self, user_id: UUID, person_id: UUID) -> None:
        if person_id == first_person(user_id):
            raise FirstPerson
