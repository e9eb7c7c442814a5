"""How long a body may take."""

from gateway.http.admission import TransferDeadline
from gateway.http.limits import MIN_BYTES_PER_S, Limits

LIMITS = Limits()


def seconds_until_given_up(is_verified: bool, pause_s: float, received_bytes: int) -> float:
    """Of a body of which some bytes arrive after each pause, until an hour is over."""
    deadline, now = TransferDeadline(LIMITS, is_verified, 0), 0.0
    while now < 3600:
        if deadline.next_at(now) < now + pause_s:
            return deadline.next_at(now)
        now += pause_s
        deadline.count(received_bytes)
    return now


def test_a_slow_phone_that_goes_on_sends_its_selfie() -> None:
    assert seconds_until_given_up(True, 1, MIN_BYTES_PER_S) == 3600


def test_a_phone_in_a_lift_may_pause_for_a_minute() -> None:
    assert seconds_until_given_up(True, 59, 100_000) > 3599
    assert seconds_until_given_up(True, 61, 100_000) == LIMITS.pause_s


def test_a_body_without_a_token_is_given_up_in_ten_seconds_whatever_arrives() -> None:
    assert 8 < seconds_until_given_up(False, 0.1, 1) <= 10
    assert seconds_until_given_up(False, 0.1, 1_000_000) <= 10


def test_a_body_with_a_token_that_drips_is_given_up_in_the_end() -> None:
    assert seconds_until_given_up(True, 1, 1) < 700


def test_control_where_a_byte_buys_much_time_a_drip_goes_on() -> None:
    assert seconds_until_given_up(True, 1, MIN_BYTES_PER_S) > 3599
