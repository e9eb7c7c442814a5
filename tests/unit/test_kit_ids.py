"""Ids, times and deadlines in messages."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import InvalidArgument
from kit.rpc import deadlines
from kit.rpc.ids import parse_id, parse_optional_id
from kit.rpc.timestamps import from_timestamp, to_timestamp
from protos.auth.v1 import auth_pb2 as pb


@given(st.uuids())
def test_an_id_survives_a_round_trip(value: UUID) -> None:
    assert parse_id(str(value)) == parse_optional_id(str(value)) == value


@given(st.text(max_size=40))
def test_an_invalid_id_is_rejected(text: str) -> None:
    try:
        UUID(text)
    except ValueError:
        with pytest.raises(InvalidArgument):
            parse_id(text)


def test_an_empty_id_is_accepted_only_where_it_is_optional() -> None:
    assert parse_optional_id("") is None
    with pytest.raises(InvalidArgument):
        parse_id("")


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_survives_a_round_trip(moment: datetime) -> None:
    request = pb.CreateEventRequest(start_time=to_timestamp(moment))
    assert from_timestamp(request, "start_time") == moment


def test_a_missing_time_is_no_timestamp() -> None:
    assert to_timestamp(None) is None
    assert from_timestamp(pb.CreateEventRequest(start_time=to_timestamp(None)), "start_time") is None


@pytest.mark.parametrize("remaining_s", [None, 9e18])
def test_without_a_deadline_the_full_timeout_is_available(remaining_s: float | None) -> None:
    deadlines.enter(remaining_s)
    assert deadlines.remaining_s(7) == 7


def test_a_deadline_limits_the_timeout_which_is_never_negative() -> None:
    deadlines.enter(100)
    assert deadlines.remaining_s(7) == 7
    assert 99 < deadlines.remaining_s(1000) <= 100
    deadlines.enter(-1)
    assert deadlines.remaining_s(7) == 0
    deadlines.enter(None)
