"""The reading rate of photos over the last minute."""

from gateway.updates.pace import Pace


def rate(*noted: tuple[float, int, int]) -> float | None:
    """The rate after noting these (time, read, pending) values."""
    pace = Pace()
    for now, read, pending in noted:
        pace.note(now, read, pending)
    return pace.per_minute()


def test_the_rate_counts_from_the_first_observation() -> None:
    assert rate((100, 500, 90), (110, 530, 60)) == 180


def test_the_rate_is_unknown_at_first() -> None:
    assert rate((100, 500, 90)) is None
    assert rate((100, 500, 90), (101, 530, 60)) is None


def test_only_the_last_minute_counts() -> None:
    assert rate((0, 0, 900), (60, 600, 300), (120, 660, 240)) == 60


def test_the_rate_falls_to_zero_when_no_photo_is_read() -> None:
    assert rate((0, 0, 90), (10, 50, 40), (30, 50, 40)) == 100
    assert rate((0, 0, 90), (10, 50, 40), (71, 50, 40), (140, 50, 40)) == 0


def test_deleted_photos_do_not_lower_the_rate() -> None:
    assert rate((0, 100, 50), (10, 120, 30), (20, 60, 30), (30, 70, 20)) == 60


def test_a_pause_between_two_uploads_does_not_count() -> None:
    assert rate((0, 0, 10), (10, 10, 0), (1000, 10, 20), (1010, 30, 0)) is None
    assert rate((0, 0, 10), (10, 10, 0), (20, 10, 20), (30, 20, 10), (40, 30, 5)) == 40
