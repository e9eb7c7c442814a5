"""How many bodies may be on their way, and how much of unwanted ones is read."""

from gateway.http.limiters import FORGET_S, INTERVAL_S, TARGET_S, Arrivals, Discards

LATE_S = 2 * TARGET_S


def arriving(count: int) -> Arrivals:
    arrivals = Arrivals()
    for _ in range(count):
        arrivals.begin()
    return arrivals


def count_admitted(arrivals: Arrivals, now: float, asking: int = 1000) -> int:
    for number in range(asking):
        if not arrivals.admits(now):
            return number
        arrivals.begin()
    return asking


def test_any_number_arrives_while_no_complete_one_waits() -> None:
    arrivals = arriving(0)
    arrivals.count_wait(TARGET_S, now=0.0)
    assert count_admitted(arrivals, now=0.0) == 1000


def test_after_a_wait_half_of_those_on_their_way_may_be() -> None:
    arrivals = arriving(40)
    arrivals.count_wait(LATE_S, now=0.0)
    assert not arrivals.admits(now=0.0)
    for _ in range(21):
        arrivals.end()
    assert count_admitted(arrivals, now=0.0) == 1


def test_all_who_wait_at_the_same_time_count_once() -> None:
    arrivals = arriving(40)
    for _ in range(10):
        arrivals.count_wait(LATE_S, now=0.0)
    for _ in range(40):
        arrivals.end()
    assert count_admitted(arrivals, now=0.0) == 20


def test_a_crowd_that_goes_on_is_halved_until_one_is_on_its_way() -> None:
    arrivals = arriving(40)
    for number in range(20):
        arrivals.count_wait(LATE_S, now=number * INTERVAL_S * 1.01)
    for _ in range(40):
        arrivals.end()
    assert count_admitted(arrivals, now=2.0) == 1


def test_bodies_that_find_a_slot_at_once_make_room_for_more() -> None:
    arrivals = arriving(4)
    arrivals.count_wait(LATE_S, now=0.0)
    for _ in range(8):
        arrivals.count_wait(0.0, now=0.0)
    assert arrivals.admits(now=0.0) is False
    arrivals.end()
    assert count_admitted(arrivals, now=0.0) == 1


def test_a_crowd_is_forgotten() -> None:
    arrivals = arriving(40)
    arrivals.count_wait(LATE_S, now=0.0)
    assert arrivals.admits(now=FORGET_S + 1)


def test_unwanted_bodies_are_read_up_to_a_rate() -> None:
    discards = Discards(bytes_per_s=1000)
    assert [discards.take(400, now=0.0) for _ in range(3)] == [True, True, False]
    assert discards.take(400, now=1.0)
    assert not discards.take(1000, now=1.0)


def test_control_without_a_rate_all_of_them_are_read() -> None:
    discards = Discards(bytes_per_s=10**12)
    assert all(discards.take(10**6, now=0.0) for _ in range(1000))
