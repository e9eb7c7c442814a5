"""What guests see equals brute force while photos are held back, scheduled and released, interleaved with all other
rules.

The machine of test_matcher_pairs_audience, whose event sometimes holds its photos back.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from sqlalchemy import Connection, Engine, text

from matcher_service.store import AudienceStore, ReleaseStore
from tests.matcher.release import ListsForgetTheRelease, PicturesForgetTheRelease
from tests.matcher.test_pairs import expect_found_out, run
from tests.matcher.test_pairs_audience import PairsAndAudience
from tests.matcher.world import World


class PairsAndReleases(PairsAndAudience):
    """The model also tracks whether guests see photos at all."""

    @initialize()
    def begin(self) -> None:
        super().begin()
        self.is_open = True

    @rule(releases_in_s=st.sampled_from([None, -1.0, 3600.0]), is_noticed=st.booleans())
    def hold_back(self, releases_in_s: float | None, is_noticed: bool) -> None:
        self.world.offer(self.event, True, releases_in_s)
        if is_noticed:
            ReleaseStore(self.world.db).release_due()
        self.is_open = releases_in_s is not None and releases_in_s < 0

    @precondition(lambda self: not self.is_open)
    @rule()
    def release(self) -> None:
        self.world.offer(self.event, False)
        self.is_open = True

    def list_decidable(self) -> list[tuple[UUID, UUID]]:
        return super().list_decidable() if self.is_open else []

    def list_askable(self) -> list[tuple[UUID, UUID]]:
        return super().list_askable() if self.is_open else []

    def expect(self, user: UUID) -> dict[UUID, bool]:
        return super().expect(user) if self.is_open else {}


class DecidesBeforeTheRelease(AudienceStore):
    """A broken twin: a decision before the release reveals which photos exist."""

    def _may_decide(self, connection: Connection, values: Any) -> bool:
        connection.execute(text("UPDATE matcher.events SET held = false"))
        return super()._may_decide(connection, values)


def test_guests_see_released_photos_in_any_order_of_events(make_db: Callable[[str], Engine]) -> None:
    db = make_db("matcher")
    run(lambda folder: World(db, folder), examples=20, machine=PairsAndReleases)


CONTROLS: list[dict[str, Any]] = [
    {"match_store": ListsForgetTheRelease},
    {"photo_store": PicturesForgetTheRelease},
    {"audience_store": DecidesBeforeTheRelease},
]
FIRST = {"audience_store": 24}


@pytest.mark.parametrize("twin", CONTROLS, ids=lambda twin: next(iter(twin.values())).__name__)
def test_control_a_component_that_ignores_the_release_is_detected(
    make_db: Callable[[str], Engine], twin: dict[str, Any]
) -> None:
    db = make_db("matcher")
    # A decision that is wrongly accepted raises no error where the machine expects one.
    first = FIRST.get(next(iter(twin)))
    with expect_found_out():
        run(lambda folder: World(db, folder, **twin), examples=100, machine=PairsAndReleases, first=first)
