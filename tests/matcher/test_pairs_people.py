"""No match is missed if a guest searches for several people: in any order the matches of each person equal brute force.

The machine of test_matcher_pairs, in which one guest searches for a second person.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from sqlalchemy import Connection, Engine

from matcher_service.domain import Rematch
from matcher_service.faces import FoundFace
from matcher_service.store import MatchStore, RefusalStore
from matcher_service.store.matches import FindNewer
from tests.matcher.test_pairs import PEOPLE, PairsAndRefusals, expect_found_out, run
from tests.matcher.world import World

LOOKED_FOR = st.integers(0, 2)


class PairsOfPeople(PairsAndRefusals):
    """The first guest searches for a second person, whose id is the last of `users`."""

    @initialize()
    def begin(self) -> None:
        super().begin()
        second = uuid4()
        self.owners[second] = self.users[0]
        self.users.append(second)
        self.revisions[second] = 0

    @rule(guest=LOOKED_FOR, who=st.none() | PEOPLE)
    def begin_rematch(self, guest: int, who: int | None) -> None:
        super().begin_rematch(guest, who)

    @rule(guest=LOOKED_FOR, who=PEOPLE)
    def rematch(self, guest: int, who: int) -> None:
        super().rematch(guest, who)

    @rule(guest=LOOKED_FOR)
    def leave_or_join(self, guest: int) -> None:
        super().leave_or_join(guest)


class OnePersonOnly(MatchStore):
    """A broken twin: assigns every face to the account's first person."""

    def publish(
        self, rematch: Rematch, found: Sequence[FoundFace], seen_version: int, find_newer: FindNewer
    ) -> int | None:
        return super().publish(replace(rematch, person_id=None), found, seen_version, find_newer)


class OneRevision(MatchStore):
    """A broken twin: compares the revision with that of the account's first person."""

    def _is_stale(self, connection: Connection, rematch: Rematch) -> bool:
        return super()._is_stale(connection, replace(rematch, person_id=None))


class RefusesForTheAccount(RefusalStore):
    """A broken twin: rejects a photo for the account's first person, whichever person was named."""

    def refuse(self, event_id: UUID, user_id: UUID, photo_id: UUID, person_id: UUID | None = None) -> bool:
        super().refuse(event_id, user_id, photo_id, None)
        return True


def test_the_matches_of_each_person_equal_brute_force(make_db: Callable[[str], Engine]) -> None:
    db = make_db("matcher")
    run(lambda folder: World(db, folder), examples=30, machine=PairsOfPeople)


FIRST = {"refusal_store": 0}


@pytest.mark.parametrize(
    "broken",
    [{"match_store": OnePersonOnly}, {"match_store": OneRevision}, {"refusal_store": RefusesForTheAccount}],
    ids=lambda broken: next(iter(broken.values())).__name__,
)
def test_control_mixing_up_the_people_of_an_account_is_detected(
    make_db: Callable[[str], Engine], broken: dict[str, Any]
) -> None:
    db, first = make_db("matcher"), FIRST.get(next(iter(broken)))
    with expect_found_out():
        run(lambda folder: World(db, folder, **broken), examples=300, machine=PairsOfPeople, first=first)
