"""The machine of settlements with photos that a newer engine rereads, finding other faces in another order.

Until the swap, results of the rereading are invisible; afterwards the matches equal brute force over the new faces.
Each control removes one protection, and the machine must detect it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from sqlalchemy import Connection, Engine, Row, text

from matcher_service.domain import FoundMatch
from matcher_service.domain.rereads import RereadJob, RereadPhoto, Swap
from matcher_service.store import RereadStore, SwapStore, UnswappedEvent
from tests.matcher.looks import Look, LooksWorld, parse
from tests.matcher.rereads import age, is_unreadable, look_again, read_again
from tests.matcher.test_pairs import ANY, expect_found_out, run
from tests.matcher.test_pairs_settling import PairsAndSettling


@dataclass
class Swapping:
    """A swap that was computed but not published."""

    job: Swap
    swap: UnswappedEvent


class PairsAndRereads(PairsAndSettling):
    """The model tracks what the newer engine sees in each photo, and whether that is in effect."""

    world: LooksWorld

    @initialize()
    def begin(self) -> None:
        self.world.rereader = self.world.make_rereader(read_again)
        self.reading: list[RereadJob] = []
        self.swapping: list[Swapping] = []
        self.old: set[UUID] = set()
        self.turned: set[UUID] = set()  # photos whose faces carry the newer engine's numbers
        super().begin()

    @rule()
    def engine_gets_newer(self) -> None:
        age(self.world.db, self.event)
        self.old = {photo for photo, known in self.photos.items() if known.looks is not None}
        self.world.reread_store.plan()

    @rule(at_once=st.booleans())
    def begin_reading_again(self, at_once: bool) -> None:
        """Leases have zero length: two readers may read the same photo."""
        job = self.world.reread_store.claim(lease_s=-1)
        if isinstance(job, Swap):
            self.begin_swap(job)
        elif job:
            self.reading.append(job)
        if at_once:
            self.end_reading_again(len(self.reading) - 1)
            self.publish_swap(len(self.swapping) - 1)

    def begin_swap(self, job: Swap) -> None:
        if swap := self.world.swap_store.read(job, max_faces=1000):
            self.swapping.append(Swapping(job, swap))

    @precondition(lambda self: self.reading)
    @rule(which=ANY)
    def end_reading_again(self, which: int) -> None:
        if self.reading:
            self.world.rereader.work(self.reading.pop(which % len(self.reading)))

    @precondition(lambda self: self.swapping)
    @rule(which=ANY)
    def publish_swap(self, which: int) -> None:
        if not self.swapping:
            return
        swapping = self.swapping.pop(which % len(self.swapping))
        if self.world.rereader.publish(swapping.job, swapping.swap):
            self.count_as_swapped()

    @rule(swaps=st.booleans())
    def read_all_again(self, swaps: bool) -> None:
        """Rereads all photos and swaps, or stops just before the swap is published."""
        before = self.list_found()
        seen = [before]
        while job := self.world.reread_store.claim(lease_s=-1):
            if isinstance(job, Swap) and not swaps:
                self.begin_swap(job)
                break
            self.world.rereader.work(job)
            seen.append(self.list_found())
        if swaps:
            self.count_as_swapped()
        assert all(found in (before, self.list_expected()) for found in seen), "seen in between"

    def count_as_swapped(self) -> None:
        """Either every old photo is swapped or none."""
        if not self.old:
            return
        for photo in self.old & set(self.photos):
            looks = self.find_upload(photo)
            if not is_unreadable(looks):
                self.photos[photo].looks = look_again(looks)
                self.turn(photo, len(looks))
        self.old = set()
        self.resets += 1
        self.matches = {user: {} for user in self.users} | self.compute()

    def turn(self, photo: UUID, count: int) -> None:
        """A rejected face is identified by its position."""
        for refused in self.refused.values():
            if photo not in self.turned and (no := refused.get(photo)) is not None:
                refused[photo] = count - 1 - no
        self.turned.add(photo)

    def list_found(self) -> list[set[UUID]]:
        return [self.world.found(user) for user in self.users]

    def list_expected(self) -> list[set[UUID]]:
        return [set(self.matches[user]) for user in self.users]

    def find_upload(self, photo: UUID) -> list[Look]:
        query = text("SELECT upload_key FROM matcher.photos WHERE event_id = :event AND id = :photo")
        with self.world.db.begin() as connection:
            key: str = connection.execute(query, {"event": self.event, "photo": photo}).scalar_one()
        return parse(self.world.blobs.get(key))

    def publish_photo(self, which: int) -> None:
        before = {photo: known.looks for photo, known in self.photos.items()}
        super().publish_photo(which)
        read = {photo for photo, known in self.photos.items() if known.looks is not before[photo]}
        self.old -= read
        self.turned -= read

    def delete_photo(self, which: int, settles: bool) -> None:
        super().delete_photo(which, settles)
        self.old &= set(self.photos)

    def teardown(self) -> None:
        if hasattr(self, "old"):
            self.read_all_again(swaps=True)
        super().teardown()


def run_rereads(db: Engine, examples: int, first: int | None = None, **twins: Any) -> None:
    run(lambda folder: LooksWorld(db, folder, **twins), examples, PairsAndRereads, first)


def test_photos_that_are_reread_miss_no_pair_and_leave_no_stale_one(make_db: Callable[[str], Engine]) -> None:
    run_rereads(make_db("matcher"), examples=30)


class SwapsHalf(SwapStore):
    """A broken twin: swaps every second photo and marks the event as complete."""

    def _choose(self, rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
        return rows[::2]


class SwapsWhatever(SwapStore):
    """A broken twin: publishes what was computed, regardless of later changes."""

    def _is_current(self, connection: Connection, values: dict[str, Any], swap: UnswappedEvent) -> bool:
        return True


class ForgetsRefusals(SwapStore):
    """A broken twin: drops rejections of photos together with the faces that they name."""

    def publish(
        self, job: Swap, swap: UnswappedEvent, removed: Sequence[tuple[UUID, UUID]], added: Sequence[FoundMatch]
    ) -> bool:
        is_published = super().publish(job, swap, removed, added)
        if is_published:
            query = "DELETE FROM matcher.refusals WHERE event_id = :event AND photo_id = ANY(:read)"
            with self._engine.begin() as connection:
                connection.execute(text(query), {"event": job.event_id, "read": list(swap.read)})
        return is_published


class ForgetsRejections(SwapStore):
    """A broken twin: keeps the number of a rejected face, which may now be that of another face."""

    def read(self, job: Swap, max_faces: int) -> UnswappedEvent | None:
        swap = super().read(job, max_faces)
        return swap and replace(swap, moved=())


class PublishesNoMatches(SwapStore):
    """A broken twin: swaps the faces and leaves the matches to the settler."""

    def publish(
        self, job: Swap, swap: UnswappedEvent, removed: Sequence[tuple[UUID, UUID]], added: Sequence[FoundMatch]
    ) -> bool:
        return super().publish(job, swap, [], [])


class ReadsWhatIsGone(SwapStore):
    """A broken twin: swaps the faces of uploads that have since been replaced."""

    def _move(self, connection: Connection, values: dict[str, Any]) -> None:
        everything = text("SELECT photo_id FROM matcher.reread_photos WHERE event_id = :event AND state = 'read'")
        values["read"] = values["photos"] = list(connection.execute(everything, values).scalars())
        super()._move(connection, values)


FIRST: dict[type[SwapStore], int] = {SwapsWhatever: 25, PublishesNoMatches: 3}


@pytest.mark.parametrize(
    "broken", [SwapsHalf, SwapsWhatever, ForgetsRefusals, ForgetsRejections, PublishesNoMatches, ReadsWhatIsGone]
)
def test_control_a_broken_swap_is_detected(make_db: Callable[[str], Engine], broken: type[SwapStore]) -> None:
    with expect_found_out():
        run_rereads(make_db("matcher"), examples=300, first=FIRST.get(broken), swap_store=broken)


class SwapsEarly(RereadStore):
    """A broken twin: claims the swap of an event while photos are still being reread, and ignores them."""

    def claim(self, lease_s: float) -> RereadJob | None:
        job = super().claim(lease_s)
        if not isinstance(job, RereadPhoto):
            return job
        with self._engine.begin() as connection:
            query = "UPDATE matcher.photos SET reread_version = 99 WHERE event_id = :event AND id <> :photo"
            connection.execute(text(query), {"event": job.event_id, "photo": job.photo_id})
        return job


def test_control_a_swap_of_an_incomplete_rereading_is_detected(make_db: Callable[[str], Engine]) -> None:
    with expect_found_out():
        run_rereads(make_db("matcher"), examples=300, reread_store=SwapsEarly)
