"""The status of a selfie, polled and streamed, and the selfie itself."""

import json
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from kit.errors import InvalidToken
from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.domain import NoActiveSelfie, SelfieNotFound
from tests.gateway.world import SIGNED, World, problem, running_world

PENDING = pb.GetRematchStateResponse(selfie_state=pb.SELFIE_STATE_PENDING, start_time=Timestamp(seconds=5))
DONE = pb.GetRematchStateResponse(
    selfie_state=pb.SELFIE_STATE_ACTIVE,
    start_time=Timestamp(seconds=5),
    finish_time=Timestamp(seconds=6),
    events=[pb.EventRematch(state=pb.REMATCH_STATE_DONE, matched_count=42)],
)
RUNNING_SHOWN = {"status": "running", "started_at": 5, "matched": 0}
DONE_SHOWN = {"status": "done", "started_at": 5, "finished_at": 6, "matched": 42}


def follow(world: World, *answers: Any) -> list[dict[str, Any]]:
    """Reads a stream to its end; returns its events."""
    queue = iter(answers)
    world.answer(GetRematchState=lambda _: next(queue))
    answer = world.client.get("/api/rematch-events", headers=SIGNED)
    assert answer.headers["content-type"].startswith("text/event-stream")
    return [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]


def test_a_selfie_in_another_field_is_reported_as_missing(world: World) -> None:
    for size in (100, 200_000):
        answer = world.client.post("/api/upload-selfie", files={"photo": b"\xff\xd8\xff" + bytes(size)}, headers=SIGNED)
        assert problem(answer) == (422, "invalid_form")
        assert (answer.json()["errors"][0]["field"], answer.json()["errors"][0]["reason"]) == ("file", "missing")


def test_a_matching_etag_of_the_selfie_returns_304(world: World) -> None:
    world.answer(GetSelfie=pb.GetSelfieResponse(image=b"jpeg", content_type="image/jpeg"))
    tag = world.client.get("/api/my-selfie", headers=SIGNED).headers["etag"]
    again = world.client.get("/api/my-selfie", headers={**SIGNED, "if-none-match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


def test_a_too_long_header_is_reported_as_a_header(world: World) -> None:
    answer = world.client.post(
        "/api/upload-selfie", files={"file": b"jpeg"}, headers={**SIGNED, "idempotency-key": "x" * 300}
    )
    assert problem(answer) == (400, "invalid_argument")
    assert "header" in answer.json()["detail"]


@pytest.mark.parametrize(("state", "shown"), [(PENDING, RUNNING_SHOWN), (DONE, DONE_SHOWN)])
def test_the_status_has_the_format_of_the_old_system(world: World, state: Any, shown: dict[str, Any]) -> None:
    world.answer(GetRematchState=state)
    assert world.client.get("/api/rematch-status", headers=SIGNED).json() == shown


def test_a_stream_sends_each_change_once_and_ends(world: World) -> None:
    assert follow(world, PENDING, PENDING, PENDING, DONE) == [RUNNING_SHOWN, DONE_SHOWN]


def test_a_stream_of_a_final_status_ends_immediately(world: World) -> None:
    assert follow(world, DONE) == [DONE_SHOWN]
    assert len(world.services.calls) == 1


def test_an_event_source_with_the_final_status_gets_204(world: World) -> None:
    """A browser sends the id of the last event, and stops at 204 (HTML Standard, section 9.2)."""
    world.answer(GetRematchState=DONE)
    first = world.client.get("/api/rematch-events", headers=SIGNED)
    (event_id,) = [line[4:] for line in first.text.splitlines() if line.startswith("id: ")]
    again = world.client.get("/api/rematch-events", headers={**SIGNED, "last-event-id": event_id})
    assert (again.status_code, again.content) == (204, b"")
    later = pb.GetRematchStateResponse()
    later.CopyFrom(DONE)
    later.finish_time.seconds += 1
    for newer in (later, PENDING):
        queue = iter([newer, DONE])
        world.answer(GetRematchState=lambda _, queue=queue: next(queue))
        follower = world.client.get("/api/rematch-events", headers={**SIGNED, "last-event-id": event_id})
        assert (follower.status_code, follower.text.count("data: ")) == (200, 1 if newer is later else 2)


def test_an_event_source_that_missed_the_final_status_gets_it(world: World) -> None:
    queue = iter([PENDING, PENDING, DONE])
    world.answer(GetRematchState=lambda _: next(queue))
    lines = world.client.get("/api/rematch-events", headers=SIGNED).text.splitlines()
    running, final = [line[4:] for line in lines if line.startswith("id: ")]
    world.answer(GetRematchState=DONE)
    codes = [
        world.client.get("/api/rematch-events", headers={**SIGNED, "last-event-id": last}).status_code
        for last in (running, final, "", "made-up")
    ]
    assert codes == [200, 204, 200, 200]


def test_a_stream_survives_an_unavailable_service(world: World) -> None:
    assert follow(world, PENDING, grpc.StatusCode.DEADLINE_EXCEEDED, DONE) == [RUNNING_SHOWN, DONE_SHOWN]


def test_a_stream_ends_with_its_token(world: World) -> None:
    assert follow(world, PENDING, InvalidToken()) == [RUNNING_SHOWN]


def test_a_stream_that_cannot_start_returns_a_problem(world: World) -> None:
    world.answer(GetRematchState=InvalidToken())
    assert problem(world.client.get("/api/rematch-events", headers=SIGNED)) == (401, "invalid_token")


def test_a_stream_has_a_maximum_duration() -> None:
    with running_world(follow_s=0.1) as world:
        world.answer(GetRematchState=PENDING)
        assert world.client.get("/api/rematch-events", headers=SIGNED).text.count("data: ") == 1


def test_a_disconnected_client_ends_its_stream(world: World) -> None:
    world.answer(GetRematchState=PENDING)
    with world.client.stream("GET", "/api/rematch-events", headers=SIGNED) as answer:
        assert next(answer.iter_lines()).startswith("id: ")
    asked = 0
    while asked != len(world.services.calls):  # each round lasts longer than several polls of an open stream
        asked = len(world.services.calls)
        assert asked < 1000
        for _ in range(50):
            world.client.get("/healthz")


def test_a_rematch_can_be_started(world: World) -> None:
    answer = world.client.post("/api/rematch", headers=SIGNED)
    assert (answer.status_code, answer.json()["status"]) == (202, "processing")
    world.answer(StartRematch=NoActiveSelfie())
    assert problem(world.client.post("/api/rematch", headers=SIGNED)) == (409, "no_active_selfie")


def test_the_own_selfie_can_be_read_and_deleted(world: World) -> None:
    world.answer(GetSelfie=pb.GetSelfieResponse(image=b"png", content_type="image/png"))
    answer = world.client.get("/api/my-selfie", headers=SIGNED)
    assert (answer.content, answer.headers["content-type"]) == (b"png", "image/png")
    assert "no-store" in answer.headers["cache-control"]
    assert world.client.delete("/api/my-selfie", headers=SIGNED).status_code == 204
    world.answer(GetSelfie=SelfieNotFound())
    assert problem(world.client.get("/api/my-selfie", headers=SIGNED)) == (404, "no_active_selfie")


def test_a_selfie_is_never_served_as_html(world: World) -> None:
    world.answer(GetSelfie=pb.GetSelfieResponse(image=b"<script>", content_type="text/html"))
    answer = world.client.get("/api/my-selfie", headers=SIGNED)
    assert answer.headers["content-type"] == "application/octet-stream"
