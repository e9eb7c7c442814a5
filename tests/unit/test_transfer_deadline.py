"""The transfer deadline of a body."""

from gateway.http.admission import TransferDeadline
from gateway.http.limits import MIN_BYTES_PER_S, Limits

LIMITS = Limits()


def seconds_until_given_up(is_verified: bool, pause_s: float, received_bytes: int) -> float:
    """Seconds until a body is abandoned of which some bytes arrive after each pause; at most an hour."""
    deadline, now = TransferDeadline(LIMITS, is_verified, 0), 0.0
    while now < 3600:
        if deadline.next_at(now) < now + pause_s:
            return deadline.next_at(now)
        now += pause_s
        deadline.count(received_bytes)
    return now


def test_a_slow_steady_upload_completes() -> None:
    assert seconds_until_given_up(True, 1, MIN_BYTES_PER_S) == 3600


def test_an_upload_may_pause_for_a_minute() -> None:
    assert seconds_until_given_up(True, 59, 100_000) > 3599
    assert seconds_until_given_up(True, 61, 100_000) == LIMITS.pause_s


def test_a_body_without_a_token_is_abandoned_after_ten_seconds() -> None:
    assert 8 < seconds_until_given_up(False, 0.1, 1) <= 10
    assert seconds_until_given_up(False, 0.1, 1_000_000) <= 10


def test_a_dripping_body_with_a_token_is_eventually_abandoned() -> None:
    assert seconds_until_given_up(True, 1, 1) < 700


def test_control_if_each_byte_extends_the_deadline_a_drip_continues() -> None:
    assert seconds_until_given_up(True, 1, MIN_BYTES_PER_S) > 3599
