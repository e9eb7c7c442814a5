"""How long a body may take."""

from itertools import count

from gateway.intake import Patience
from gateway.limits import MAX_SELFIE_BYTES, MIN_BYTES_PER_S, Limits


def seconds_until_given_up(patience: Patience, every_s: float, received_bytes: int) -> float:
    """Of a body of which some bytes come at a time, until ten minutes are over."""
    for number in count(1):
        if patience.left_s < every_s:
            return (number - 1) * every_s + patience.left_s
        if number * every_s > 600:
            return number * every_s
        patience.spend(every_s, received_bytes)
    raise AssertionError


def test_a_slow_phone_that_goes_on_sends_its_selfie() -> None:
    patience = Patience(Limits().body_s)
    for _ in range(MAX_SELFIE_BYTES // MIN_BYTES_PER_S):
        patience.spend(1, MIN_BYTES_PER_S)
        assert patience.left_s >= 1


def test_a_body_that_drips_is_given_up_in_ten_seconds_with_its_head() -> None:
    limits = Limits()
    assert limits.head_s + seconds_until_given_up(Patience(limits.body_s), 0.1, 1) < 10


def test_what_came_fast_buys_no_right_to_drip() -> None:
    patience = Patience(Limits().body_s)
    patience.spend(0.1, MAX_SELFIE_BYTES)
    assert seconds_until_given_up(patience, 0.1, 1) < 10


def test_control_where_a_byte_buys_much_time_a_drip_goes_on() -> None:
    assert seconds_until_given_up(Patience(Limits().body_s), 0.1, MIN_BYTES_PER_S) > 600
