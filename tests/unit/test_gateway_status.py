"""The single status derived from many states: every row of the table."""

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.selfies.status import ADVICE, is_final, read_status
from protos.selfie.v1 import selfie_pb2 as pb

RUNNING = pb.EventRematch(state=pb.REMATCH_STATE_RUNNING)
DONE = pb.EventRematch(state=pb.REMATCH_STATE_DONE, matched_count=3)
FAILED = pb.EventRematch(state=pb.REMATCH_STATE_FAILED)
NONE = pb.EventRematch()
ACTIVE = pb.SELFIE_STATE_ACTIVE


def state(selfie: pb.SelfieState, *events: pb.EventRematch, finished: bool = False) -> pb.GetRematchStateResponse:
    return pb.GetRematchStateResponse(
        selfie_state=selfie,
        start_time=Timestamp(seconds=100, nanos=999_999_999),
        finish_time=Timestamp(seconds=200) if finished else None,
        events=events,
    )


def show(response: pb.GetRematchStateResponse) -> dict[str, Any]:
    return read_status(response).model_dump(exclude_none=True, exclude={"message"})


@pytest.mark.parametrize(
    ("response", "shown"),
    [
        (pb.GetRematchStateResponse(), {"status": "idle", "matched": 0}),
        (state(pb.SELFIE_STATE_DELETED, DONE, finished=True), {"status": "idle", "matched": 0}),
        (state(pb.SELFIE_STATE_PENDING, DONE), {"status": "running", "matched": 0, "started_at": 100}),
        (
            state(pb.SELFIE_STATE_ERROR, DONE),
            {"status": "error", "matched": 3, "started_at": 100, "reason": "processing_failed", "has_earlier": True},
        ),
        (state(ACTIVE, DONE, RUNNING), {"status": "running", "matched": 3, "started_at": 100}),
        (state(ACTIVE, FAILED, RUNNING), {"status": "running", "matched": 0, "started_at": 100}),
        (
            state(ACTIVE, DONE, FAILED),
            {"status": "error", "matched": 3, "started_at": 100, "reason": "matching_failed"},
        ),
        (
            state(ACTIVE, DONE, DONE, finished=True),
            {"status": "done", "matched": 6, "started_at": 100, "finished_at": 200},
        ),
        (state(ACTIVE, DONE, NONE), {"status": "done", "matched": 3, "started_at": 100}),
        (state(ACTIVE), {"status": "done", "matched": 0, "started_at": 100}),
        (
            state(pb.SELFIE_STATE_SUPERSEDED, DONE, finished=True),
            {"status": "done", "matched": 3, "started_at": 100, "finished_at": 200},
        ),
    ],
    ids=range(11),
)
def test_each_state_maps_to_one_status(response: pb.GetRematchStateResponse, shown: dict[str, Any]) -> None:
    assert show(response) == shown


@pytest.mark.parametrize("name", pb.RejectReason.keys()[1:])
def test_a_rejection_says_what_to_do_next(name: str) -> None:
    response = state(pb.SELFIE_STATE_REJECTED, DONE, finished=True)
    response.reject_reason = pb.RejectReason.Value(name)  # type: ignore[assignment]
    status = read_status(response)
    assert (status.status, status.reason) == ("validation_failed", name.removeprefix("REJECT_REASON_").lower())
    assert (status.matched, status.started_at, status.finished_at) == (3, 100, None)
    assert status.message == ADVICE[response.reject_reason]


def test_an_unknown_reason_of_a_newer_service_is_reported() -> None:
    response = state(pb.SELFIE_STATE_REJECTED)
    response.MergeFromString(b"\x18\x63")  # reject_reason = 99
    assert read_status(response).reason == "invalid_selfie"


def test_only_running_states_are_not_final() -> None:
    assert not is_final(read_status(state(pb.SELFIE_STATE_PENDING)))
    assert is_final(read_status(pb.GetRematchStateResponse()))
