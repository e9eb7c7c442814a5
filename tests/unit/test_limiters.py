"""Limits on concurrently arriving bodies, and on the bytes read from rejected ones."""

from gateway.http.limiters import FORGET_S, INTERVAL_S, TARGET_S, Arrivals, Discards

LATE_S = 2 * TARGET_S
LEAST = 2


def arriving(count: int) -> Arrivals:
    arrivals = Arrivals(LEAST)
    for _ in range(count):
        arrivals.begin()
    return arrivals


def count_admitted(arrivals: Arrivals, now: float, asking: int = 1000) -> int:
    for number in range(asking):
        if not arrivals.admits(now):
            return number
        arrivals.begin()
    return asking


def test_arrivals_are_unlimited_while_no_complete_body_waits() -> None:
    arrivals = arriving(0)
    arrivals.count_wait(TARGET_S, now=0.0)
    assert count_admitted(arrivals, now=0.0) == 1000


def test_a_late_body_halves_the_number_of_concurrent_arrivals() -> None:
    arrivals = arriving(40)
    arrivals.count_wait(LATE_S, now=0.0)
    assert not arrivals.admits(now=0.0)
    for _ in range(21):
        arrivals.end()
    assert count_admitted(arrivals, now=0.0) == 1


def test_bodies_that_wait_at_the_same_time_halve_the_limit_once() -> None:
    arrivals = arriving(40)
    for _ in range(10):
        arrivals.count_wait(LATE_S, now=0.0)
    for _ in range(40):
        arrivals.end()
    assert count_admitted(arrivals, now=0.0) == 20


def test_under_lasting_load_the_limit_is_halved_down_to_the_minimum() -> None:
    arrivals = arriving(40)
    for number in range(20):
        arrivals.count_wait(LATE_S, now=number * INTERVAL_S * 1.01)
    for _ in range(40):
        arrivals.end()
    assert count_admitted(arrivals, now=2.0) == LEAST


def test_bodies_served_without_waiting_raise_the_limit() -> None:
    arrivals = arriving(4)
    arrivals.count_wait(LATE_S, now=0.0)
    for _ in range(8):
        arrivals.count_wait(0.0, now=0.0)
    assert arrivals.admits(now=0.0) is False
    arrivals.end()
    assert count_admitted(arrivals, now=0.0) == 1


def test_the_limit_expires_after_a_while() -> None:
    arrivals = arriving(40)
    arrivals.count_wait(LATE_S, now=0.0)
    assert arrivals.admits(now=FORGET_S + 1)


def test_rejected_bodies_are_read_up_to_a_byte_rate() -> None:
    discards = Discards(bytes_per_s=1000)
    assert [discards.take(400, now=0.0) for _ in range(3)] == [True, True, False]
    assert discards.take(400, now=1.0)
    assert not discards.take(1000, now=1.0)


def test_control_without_a_rate_all_rejected_bodies_are_read() -> None:
    discards = Discards(bytes_per_s=10**12)
    assert all(discards.take(10**6, now=0.0) for _ in range(1000))
