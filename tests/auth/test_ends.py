"""Ends of events. An end in the past would close an event immediately, so only a closed event may have one."""

from datetime import UTC, datetime, timedelta

import grpc
import pytest
from google.protobuf.wrappers_pb2 import BoolValue, StringValue

from kit.rpc.timestamps import to_timestamp
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, Person
from tests.harness.calls import raises_fault

NOW = datetime.now(UTC)
PAST = [datetime(1, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC), NOW - timedelta(seconds=1)]
FUTURE = NOW + timedelta(days=2)


def update(scene: AuthScene, event: pb.Event, who: Person, **fields: object) -> pb.Event:
    request = pb.UpdateEventRequest(event_id=event.event_id, **fields)  # type: ignore[arg-type]
    return scene.stub.UpdateEvent(request, metadata=who.metadata).event


@pytest.mark.parametrize("ends", PAST, ids=["the first day", "2020", "a second ago"])
def test_an_end_in_the_past_is_rejected(scene: AuthScene, ends: datetime) -> None:
    olga = scene.organiser()
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as created:
        scene.event(olga, expire_time=to_timestamp(ends))
    event = scene.event(olga, expire_time=to_timestamp(FUTURE))
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as updated:
        update(scene, event, olga, expire_time=to_timestamp(ends))
    assert created.violations == updated.violations == {"expires_at": "ends_in_past"}
    assert not scene.get_event(event, olga).closed


def test_a_closed_event_may_have_an_end_in_the_past(scene: AuthScene) -> None:
    olga = scene.organiser()
    event = scene.event(olga)
    closed = update(scene, event, olga, expire_time=to_timestamp(PAST[1]), closed=BoolValue(value=True))
    assert (closed.closed, closed.expire_time.ToDatetime(UTC)) == (True, PAST[1])
    assert update(scene, event, olga, expire_time=to_timestamp(PAST[2])).closed
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM"):
        update(scene, event, olga, expire_time=to_timestamp(PAST[0]), closed=BoolValue(value=False))


@pytest.mark.parametrize(
    ("closed", "ends", "expected"), [(False, FUTURE, False), (True, FUTURE, True), (False, PAST[1], True)]
)
def test_an_event_has_ended_when_it_is_closed_or_expired(
    scene: AuthScene, closed: bool, ends: datetime, expected: bool
) -> None:
    """`closed` is only what an organiser sets and resets; `ended` includes expiry."""
    event = scene.event(olga := scene.organiser())
    update(scene, event, olga, closed=BoolValue(value=closed))
    scene.sql("UPDATE auth.events SET expires_at = :ends", ends=ends)
    listed = scene.stub.ListEvents(pb.ListEventsRequest(), metadata=olga.metadata).events
    for found in (scene.get_event(event, olga), *listed):
        assert (found.closed, found.ended) == (closed, expected)


def test_an_ended_event_can_be_updated_with_its_own_end(scene: AuthScene) -> None:
    """Forms send every field that they show, and show the end rounded to the day or the minute."""
    olga = scene.organiser()
    event = scene.event(olga)
    ended = NOW - timedelta(days=5)
    scene.sql("UPDATE auth.events SET expires_at = :ended", ended=ended)
    shown = ended.replace(second=0, microsecond=0)
    assert update(scene, event, olga, name=StringValue(value="New"), expire_time=to_timestamp(shown)).name == "New"
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM"):
        update(scene, event, olga, expire_time=to_timestamp(ended - timedelta(days=2)))
    prolonged = update(scene, event, olga, expire_time=to_timestamp(FUTURE))
    assert prolonged.expire_time.ToDatetime(UTC) == FUTURE
