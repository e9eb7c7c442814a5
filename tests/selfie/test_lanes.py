"""The two lanes: a selfie that the quick look cannot decide moves to the slow lane and delays no other selfie."""

import io
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import text

from deploy.sample.event import SampleEvent, sample_event
from kit.faces.engine import Engine
from kit.faces.validation import Examination, build_examiner
from selfie_service import lanes
from selfie_service.lanes import SlowRest
from selfie_service.spending import Spending
from selfie_service.worker import Validator
from tests.selfie.world import LEASE_S, World, face

HARD = b"hard"


class Lanes:
    """Both lanes of a worker; the slow one blocks until it is released."""

    def __init__(self, world: World) -> None:
        self.world, self.deferred = world, 0
        self.at_work, self.free = Event(), Event()
        spending = Spending()
        lane = (world.judge, lambda: None, LEASE_S, world.stop, spending)
        self.quick = Validator(world.selfies, world.images, self.look, *lane, is_slow=False, defer=self.defer)
        self.slow = Validator(world.selfies, world.images, self.examine, *lane, is_slow=True)
        self.only = Validator(world.selfies, world.images, self.examine, *lane)

    def defer(self) -> None:
        self.deferred += 1

    def look(self, image: bytes) -> Examination:
        return Examination("takes_longer") if image.endswith(HARD) else Examination(None, face(1))

    def examine(self, image: bytes) -> Examination:
        if image.endswith(HARD):
            self.at_work.set()
            assert self.free.wait(60)
            return Examination("no_face")
        return Examination(None, face(1))

    def state_of(self, guest: UUID) -> str:
        query = text("SELECT state FROM selfie.selfies WHERE user_id = :guest ORDER BY revision DESC LIMIT 1")
        with self.world.db.connect() as connection:
            return str(connection.execute(query, {"guest": guest}).scalar_one())

    def is_decided_meanwhile(self, others: list[Callable[[], bool]]) -> bool:
        """Whether a guest's selfie is decided while the engine works on an earlier, hard one."""
        event = self.world.event()
        hostile, guest = self.world.guest(event), self.world.guest(event)
        self.world.upload(hostile, HARD.decode())
        self.world.upload(guest, "clear")
        threads = [Thread(target=step) for step in others]
        for thread in threads:
            thread.start()
        try:
            assert self.at_work.wait(60)
            return self.state_of(guest) == "active"
        finally:
            self.free.set()
            for thread in threads:
                thread.join()


def test_a_clear_selfie_is_decided_while_a_hard_one_is_examined(world: World) -> None:
    both = Lanes(world)

    def all_steps() -> bool:
        while both.quick.step():
            pass
        return both.slow.step()

    assert both.is_decided_meanwhile([all_steps])
    assert both.deferred == 1


def test_control_with_a_single_lane_it_waits(world: World) -> None:
    both = Lanes(world)
    assert not both.is_decided_meanwhile([both.only.step])


def test_a_hard_selfie_is_decided_in_the_slow_lane_without_counting_a_failure(world: World) -> None:
    both = Lanes(world)
    both.free.set()
    guest = world.guest(world.event())
    world.upload(guest, HARD.decode())
    assert not both.slow.step(), "the quick lane has not examined it yet"
    assert both.quick.step()
    assert not both.quick.step(), "it is not examined twice"
    assert both.state_of(guest) == "pending"
    assert both.slow.step()
    assert both.state_of(guest) == "rejected"
    assert world.row("SELECT failures FROM selfie.selfies").failures == 0


def test_the_slow_lanes_child_ends_when_it_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    class Child:
        is_closed = False

        def close(self) -> None:
            self.is_closed = True

    child = Child()
    rest = SlowRest(child, 0.01)  # type: ignore[arg-type]
    rest.wait()
    assert not child.is_closed
    monkeypatch.setattr(lanes, "IDLE_S", -1.0)
    rest.wake()
    rest.wait()
    assert not child.is_closed
    rest.wait()
    assert child.is_closed


@pytest.fixture(scope="module")
def sample() -> SampleEvent:
    return sample_event(Path("var/sample"))


@pytest.fixture(scope="module")
def looks() -> tuple[Callable[[bytes], Examination], Callable[[bytes], Examination]]:
    """The quick look and the full examination, by the real engine."""
    return build_examiner(is_quick=True), build_examiner()


def plain(kind: str, size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (120, 130, 140)).save(out, kind, lossless=True)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "size"), [("WEBP", (8000, 6000)), ("PNG", (5000, 4000)), ("JPEG", (800, 600))])
def test_bombs_and_pictures_without_a_clear_face_go_to_the_slow_lane(
    kind: str, size: tuple[int, int], looks: tuple[Callable[[bytes], Examination], Callable[[bytes], Examination]]
) -> None:
    quick, _ = looks
    assert quick(plain(kind, size)) == Examination("takes_longer")


def test_a_bomb_is_deferred_before_any_pixel_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def detect(*_: object) -> None:
        raise AssertionError("it was decoded")

    monkeypatch.setattr(Engine, "detect", detect)
    quick = build_examiner(is_quick=True)
    assert quick(plain("WEBP", (8000, 6000))).reason == "takes_longer"


def test_quick_verdicts_equal_those_of_the_full_examination(
    sample: SampleEvent, looks: tuple[Callable[[bytes], Examination], Callable[[bytes], Examination]]
) -> None:
    quick, whole = looks
    for image in sample.selfies.values():
        assert quick(image) == whole(image)
        assert quick(image).reason is None


def test_an_unreadable_picture_is_rejected_by_the_quick_lane(
    looks: tuple[Callable[[bytes], Examination], Callable[[bytes], Examination]],
) -> None:
    quick, _ = looks
    assert quick(b"\xff\xd8\xff\xe0 noise") == Examination("unreadable")
