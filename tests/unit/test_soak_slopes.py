"""Growth as detected by `make soak`."""

from collections.abc import Callable

import pytest

from tests.chaos.soak import MAX_SLOPES, slopes

TIMES_S = [5.0 * number for number in range(360)]
HOUR_S = 3600


def slope(level: Callable[[float], float]) -> float:
    """The slope of a process whose threads are `level` at each time."""
    return slopes(TIMES_S, [{"process": {"threads": level(time_s)}} for time_s in TIMES_S])["process"]["threads"]


@pytest.mark.parametrize("per_hour", [6, 12, 60])
def test_steady_growth_is_detected(per_hour: int) -> None:
    assert slope(lambda time_s: time_s * per_hour / HOUR_S) == pytest.approx(per_hour)


@pytest.mark.parametrize("per_hour", [12, 24, 60])
def test_growth_in_whole_threads_is_detected(per_hour: int) -> None:
    assert slope(lambda time_s: time_s * per_hour // HOUR_S) > MAX_SLOPES["threads"]


def test_a_peak_at_the_end_is_not_growth() -> None:
    assert slope(lambda time_s: 60 if time_s > 1790 else 10) == 0


@pytest.mark.parametrize("at_s", [0, 950, 1200, 1400, 1700])
def test_one_additional_pool_thread_is_not_growth(at_s: int) -> None:
    assert slope(lambda time_s: 11 if time_s < at_s else 12) <= MAX_SLOPES["threads"]
