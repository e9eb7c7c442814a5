"""The state machine of pairs and rejections, with new versions of photos that show other people."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import Engine

from matcher_service.domain import RematchState, Replacement
from matcher_service.store import matches
from tests.matcher.scripted_photos import photo_of
from tests.matcher.test_pairs import ANY, PEOPLE, PairsAndRefusals, run
from tests.matcher.world import World, make_rematch


class PairsAndVersions(PairsAndRefusals):
    """Every photo has a unique name. The people in a photo are those of the upload that was read last."""

    def begin_photo(self, people: set[int]) -> None:
        name = str(uuid4())
        added = self.world.add_file(self.event, photo_of(sorted(people), name), name)
        assert added.photo_id is not None
        self.uploaded[added.photo_id] = people
        self.names = {**getattr(self, "names", {}), added.photo_id: name}
        self.claim()

    @precondition(lambda self: self.uploaded)
    @rule(which=ANY, people=st.sets(PEOPLE), claim=st.booleans())
    def replace(self, which: int, people: set[int], claim: bool) -> None:
        photo = list(self.uploaded)[which % len(self.uploaded)]
        data = photo_of(sorted(people), str(uuid4()))
        added = self.world.add_file(self.event, data, self.names[photo], replaces=True)
        assert (added.photo_id, added.replacement) == (photo, Replacement.REPLACED)
        if claim:
            self.claim()

    def publish_photo(self, which: int) -> None:
        job = self.claimed.pop(which % len(self.claimed))
        people = self.world.blobs.get(job.upload_key).rpartition(b"|")[2].decode()
        if self.world.indexer.read_photo(job) == "indexed":
            assert job.photo_id in self.uploaded, "a deleted photo was published"
            self.indexed[job.photo_id] = {int(one) for one in people.split(",") if one}

    @rule(which=ANY)
    def publish_version(self, which: int) -> None:
        if self.claimed:
            self.publish_photo(which)


def test_new_versions_miss_no_pair_and_leave_no_stale_one(make_db: Callable[[str], Engine]) -> None:
    db = make_db("matcher")
    run(lambda folder: World(db, folder), examples=40, machine=PairsAndVersions)


def replace_during_the_comparison(world: World) -> set[UUID]:
    """The photos of a guest whose only face is replaced after the in-memory comparison and before its publish."""
    event = world.event()
    guest = world.join(event)
    world.add_file(event, photo_of([1], "a"), "a.jpg")
    world.index_all()
    snapshots = world.matches.rematch(make_rematch(event, guest, 1, 1))
    assert [next(snapshots).state for _ in range(2)] == [RematchState.ACCEPTED, RematchState.RUNNING]
    world.add_file(event, photo_of([2], "b"), "a.jpg", replaces=True)
    world.index_all()
    *_, last = snapshots
    assert last.state is RematchState.DONE
    return world.found(guest)


def test_faces_replaced_after_the_comparison_do_not_count(world: World) -> None:
    assert replace_during_the_comparison(world) == set()


def test_control_an_index_that_keeps_replaced_faces_finds_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matches, "find_replaced", lambda *_: [])
    assert len(replace_during_the_comparison(world)) == 1
