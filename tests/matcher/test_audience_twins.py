"""Controls for photo visibility, and the indexes used by lists that depend on it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, text

from kit.db.pages import Page
from matcher_service.domain import (
    IndexedPhoto,
    Job,
    Listing,
    Match,
    PhotoOrder,
    Rematch,
    ShownPhoto,
    Variant,
    Visibility,
)
from matcher_service.faces import FoundFace
from matcher_service.store import AudienceStore, JobStore, MatchStore, PhotoStore, audience
from matcher_service.store.jobs import FindPeople
from matcher_service.store.lists import COUNT_FOR_EVERYONE, COUNT_MATCHES, make_matches_query
from matcher_service.store.matches import FindNewer
from tests.matcher.audience import Party
from tests.matcher.world import LEASE_S, MakeWorld, World


class ListsForgetHidden(MatchStore):
    """A broken twin: lists show every match."""

    def list_matches(self, *args: Any) -> tuple[list[Match], int]:
        with self._engine.begin() as connection:
            connection.execute(text("UPDATE matcher.matches SET shown = true"))
        return super().list_matches(*args)


class PicturesForgetHidden(PhotoStore):
    """A broken twin: every caller gets the picture that an organiser would get."""

    def find_shown(self, photo_id: UUID, user_id: UUID, variant: Variant) -> ShownPhoto | None:
        with self._engine.begin() as connection:
            query = text("SELECT user_id FROM matcher.memberships WHERE role = 'organiser' LIMIT 1")
            organiser = connection.execute(query).scalar_one()
        return super().find_shown(photo_id, organiser, variant)


class PublishesForAll(JobStore):
    """A broken twin: new matches are shown whatever the visibility of the photo."""

    def publish(self, job: Job, photo: IndexedPhoto, find_people: FindPeople) -> bool:
        published = super().publish(job, photo, find_people)
        with self._engine.begin() as connection:
            query = text("UPDATE matcher.matches SET shown = true WHERE photo_id = :photo")
            connection.execute(query, {"photo": job.photo_id})
        return published


class VisibilityOfTheClaim(JobStore):
    """A broken twin: publishes a photo with the visibility it had when it was claimed."""

    def claim(self, lease_s: float) -> Job | None:
        job = super().claim(lease_s)
        if job:
            self.claimed = getattr(self, "claimed", {}) | {job.photo_id: self._set(job.photo_id, None)}
        return job

    def publish(self, job: Job, photo: IndexedPhoto, find_people: FindPeople) -> bool:
        self._set(job.photo_id, self.claimed[job.photo_id])
        return super().publish(job, photo, find_people)

    def _set(self, photo_id: UUID, visibility: str | None) -> str | None:
        query = text(
            "UPDATE matcher.photos SET visibility = coalesce(:visibility, visibility) WHERE id = :photo"
            " RETURNING visibility"
        )
        with self._engine.begin() as connection:
            found: str | None = connection.execute(query, {"photo": photo_id, "visibility": visibility}).scalar()
            return found


class LeavesMatchesAlone(AudienceStore):
    """A broken twin: changes the visibility but does not update matches."""

    def _show_again(self, connection: Connection, event_id: UUID, photo_ids: Sequence[UUID]) -> None:
        return


class RematchesForgetHidden(MatchStore):
    """A broken twin: a rematch shows everything it finds."""

    def publish(
        self, rematch: Rematch, found: Sequence[FoundFace], seen_version: int, find_newer: FindNewer
    ) -> int | None:
        matched = super().publish(rematch, found, seen_version, find_newer)
        with self._engine.begin() as connection:
            connection.execute(
                text("UPDATE matcher.matches SET shown = true WHERE person_id = :person"), {"person": rematch.user_id}
            )
        return matched


class RematchesForgetRequests(MatchStore):
    """A broken twin: a rematch reverts the guest's requests to hide."""

    def publish(
        self, rematch: Rematch, found: Sequence[FoundFace], seen_version: int, find_newer: FindNewer
    ) -> int | None:
        with self._engine.begin() as connection:
            connection.execute(
                text("DELETE FROM matcher.hide_requests WHERE user_id = :user"), {"user": rematch.user_id}
            )
        return super().publish(rematch, found, seen_version, find_newer)


class SettlesNothing(AudienceStore):
    """A broken twin: a hidden photo still has open requests."""

    def set_visibility(self, *args: Any, **kwargs: Any) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(audience, "settle_requests", lambda *_: None)
            super().set_visibility(*args, **kwargs)


def hide_in_every_way(world: World) -> None:
    party = Party(world)
    waiting = world.upload(party.event, [1]).photo_id
    assert waiting is not None
    job = world.job_store.claim(LEASE_S)
    assert job is not None
    world.audience.ask_to_hide(party.guest, party.shared)
    party.set(Visibility.HIDDEN, party.shared, waiting)
    assert world.indexer.read_photo(job) == "indexed"
    world.audience.ask_to_hide(party.guest, party.mine)
    assert party.sees(party.guest) == {}
    assert world.rematch(party.event, party.guest, 2, 1) == "DONE"
    assert party.sees(party.guest) == {}
    assert world.hide_requests(party.event) == {party.mine: 1}


def test_a_photo_hidden_in_any_way_is_not_shown(world: World) -> None:
    hide_in_every_way(world)


TWINS: list[dict[str, Any]] = [
    {"match_store": ListsForgetHidden},
    {"match_store": RematchesForgetHidden},
    {"match_store": RematchesForgetRequests},
    {"photo_store": PicturesForgetHidden},
    {"job_store": PublishesForAll},
    {"job_store": VisibilityOfTheClaim},
    {"audience_store": LeavesMatchesAlone},
    {"audience_store": SettlesNothing},
]


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: next(iter(twin.values())).__name__)
def test_control_if_any_component_ignores_visibility_hidden_photos_are_shown(
    make_world: MakeWorld, twin: dict[str, Any]
) -> None:
    with pytest.raises(AssertionError):
        hide_in_every_way(make_world(**twin))


FILL = """
INSERT INTO matcher.photos
    (id, event_id, number, sha256, filename, size_bytes, state, upload_key, visibility, created_at)
SELECT gen_random_uuid(), :event, n, sha256(CAST(CAST(n AS text) AS bytea)), '', 1, 'indexed', n,
    CASE WHEN n % 10 = 0 THEN 'everyone' WHEN n % 10 = 1 THEN 'hidden' ELSE 'matched' END,
    now() - n * interval '1 minute'
FROM generate_series(1, 20000) n;
INSERT INTO matcher.photo_events SELECT id, event_id FROM matcher.photos;
INSERT INTO matcher.people (event_id, person_id, user_id, revision) VALUES (:event, :user, :user, 1);
INSERT INTO matcher.matches (event_id, person_id, photo_id, created_at, sorted_at, shown)
SELECT event_id, CASE WHEN number % 3 = 0 THEN CAST(:user AS uuid) ELSE gen_random_uuid() END, id, created_at,
    sorted_at, visibility <> 'hidden'
FROM matcher.photos;
VACUUM ANALYZE
"""


@pytest.mark.usefixtures("new_databases")
def test_lists_use_indexes_regardless_of_the_number_of_photos(world: World) -> None:
    event = world.event()
    user, last = world.join(event), str(uuid4())
    values = {"event": event, "user": user, "person": user, "at": "2026-01-01", "id": last, "limit": 51}
    with world.db.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:

        def explain(query: str) -> str:
            plan = "\n".join(connection.execute(text(f"EXPLAIN {query}"), values).scalars())
            assert "Seq Scan on photos" not in plan, plan
            assert "Seq Scan on matches" not in plan, plan
            return plan

        # VACUUM marks rows as all-visible only once their commit is on disk, and the test server flushes late.
        connection.execute(text("SET synchronous_commit = on"))
        for statement in FILL.split(";\n"):
            connection.execute(text(statement), values)
        for order, by in ((PhotoOrder.UPLOADED, "upload"), (PhotoOrder.TAKEN, "time")):
            for ascending in (False, True):
                for event_id, after in ((event, None), (None, None), (event, ("2026-01-01", last))):
                    plan = explain(make_matches_query(event_id, Listing(order, ascending), Page("", 50, after)))
                    assert f"photos_by_visibility_and_{by}" in plan, plan
                    assert f"matches_by_{by}" in plan, plan
        for count in (COUNT_MATCHES, COUNT_FOR_EVERYONE):
            assert "Index Only Scan" in explain(count)
