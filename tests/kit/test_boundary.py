"""The interceptor of every service: the errors that callers see, limits, deadlines, and the context of a call."""

from collections.abc import Callable, Iterator
from concurrent import futures
from threading import Event as Signal
from typing import Any

import grpc
import pytest
import structlog
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from kit.errors import InvalidInput, NotAllowed, NotFound, Precondition, Unauthenticated, Unavailable, Violation
from kit.rpc import deadlines
from kit.rpc.client import ServiceCalls
from kit.rpc.identity import Signer
from kit.rpc.server import Registration
from protos.matcher.v1 import matcher_pb2, matcher_pb2_grpc, photo_pb2_grpc
from protos.matcher.v1 import photo_pb2 as pb
from tests.harness.calls import raises_fault
from tests.harness.scripted import Script, matcher, photos

Serve = Callable[..., grpc.Channel]
Call = Callable[[grpc.Channel], Any]
SECRET = "password=hunter2 at /srv/keys"
FIXED = "Something went wrong on our side."


class PhotoLost(NotFound):
    """The photo
    is lost."""


def chunks_of(channel: grpc.Channel) -> Iterator[bytes]:
    return (answer.chunk for answer in photo_pb2_grpc.PhotoServiceStub(channel).GetPhoto(pb.GetPhotoRequest()))


def rematch(channel: grpc.Channel, *ids: str) -> Iterator[Any]:
    requests = (matcher_pb2.RematchRequest(rematch_id=rematch_id) for rematch_id in ids)
    return matcher_pb2_grpc.MatcherServiceStub(channel).Rematch(requests)


# Each kind of RPC, called so that the script runs.
KINDS: dict[str, Call] = {
    "unary": lambda channel: photo_pb2_grpc.PhotoServiceStub(channel).ListPhotos(pb.ListPhotosRequest()),
    "response stream": lambda channel: list(chunks_of(channel)),
    "request stream": lambda channel: photo_pb2_grpc.PhotoServiceStub(channel).AddPhotos(iter([pb.AddPhotosRequest()])),
    "both": lambda channel: list(rematch(channel, "1")),
}


def script_of(act: Callable[[], Any]) -> Script:
    """A script in which every RPC calls `act` first."""
    script = Script()

    def act_then_nothing(*_: object) -> Iterator[Any]:
        act()
        yield from ()

    script.unary, script.stream, script.talk = act, act_then_nothing, act_then_nothing
    script.receive = lambda requests: act()
    return script


def describe_all(error: grpc.RpcError) -> str:
    assert isinstance(error, grpc.Call)
    return f"{error.code()} {error.details()} {error.initial_metadata()} {error.trailing_metadata()} {error}"


def fail() -> None:
    raise RuntimeError(SECRET)


@pytest.fixture
def serve_bare() -> Iterator[Serve]:
    """A broken twin of `serve`: a server without the boundary."""
    server = grpc.server(futures.ThreadPoolExecutor(4))

    def start(*services: Registration) -> grpc.Channel:
        for service in services:
            service.add(service.servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        return grpc.insecure_channel(f"127.0.0.1:{port}")

    yield start
    server.stop(0).wait()


def provoke_error(serve: Serve, kind: str) -> str:
    """Everything that a caller can see of an unhandled exception."""
    script = script_of(fail)
    with serve(photos(script), matcher(script)) as channel, pytest.raises(grpc.RpcError) as raised:
        KINDS[kind](channel)
    return describe_all(raised.value)


@pytest.mark.parametrize("kind", KINDS)
def test_an_unhandled_exception_is_not_exposed(serve: Serve, kind: str) -> None:
    error = provoke_error(serve, kind)
    assert error.startswith(f"{grpc.StatusCode.INTERNAL} {FIXED} ")
    assert not [secret for secret in ("hunter2", "RuntimeError", "srv") if secret in error]


@pytest.mark.parametrize("kind", KINDS)
def test_control_without_the_boundary_the_exception_is_exposed(serve_bare: Serve, kind: str) -> None:
    assert SECRET in provoke_error(serve_bare, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_is_reported_with_code_reason_message_and_metadata(serve: Serve, kind: str) -> None:
    def lose() -> None:
        raise PhotoLost(metadata={"photo": "7"})

    script = script_of(lose)
    channel = serve(photos(script), matcher(script))
    with pytest.raises(grpc.RpcError) as raised:
        KINDS[kind](channel)
    status = rpc_status.from_call(raised.value)
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (raised.value.code(), raised.value.details()) == (grpc.StatusCode.NOT_FOUND, "The photo is lost.")
    assert (info.reason, info.domain, dict(info.metadata)) == ("PHOTO_LOST", "minois", {"photo": "7"})


@pytest.mark.parametrize(
    ("raised", "code", "reason"),
    [
        (RuntimeError(SECRET), grpc.StatusCode.INTERNAL, "INTERNAL"),
        (PhotoLost(), grpc.StatusCode.NOT_FOUND, "PHOTO_LOST"),
        (StopIteration(SECRET), grpc.StatusCode.INTERNAL, "INTERNAL"),
    ],
)
def test_a_stream_that_fails_midway_reports_its_fault(
    serve: Serve, raised: Exception, code: grpc.StatusCode, reason: str
) -> None:
    script = Script()

    def break_off() -> Iterator[bytes]:
        yield b"one"
        raise raised

    script.stream = break_off
    answers = chunks_of(serve(photos(script)))
    assert next(answers) == b"one"
    with raises_fault(code, reason) as refusal:
        next(answers)
    assert "hunter2" not in refusal.message


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (InvalidInput, grpc.StatusCode.INVALID_ARGUMENT),
        (Unauthenticated, grpc.StatusCode.UNAUTHENTICATED),
        (NotAllowed, grpc.StatusCode.PERMISSION_DENIED),
        (Precondition, grpc.StatusCode.FAILED_PRECONDITION),
        (Unavailable, grpc.StatusCode.UNAVAILABLE),
    ],
)
def test_every_kind_of_fault_has_its_code(serve: Serve, kind: type[Any], code: grpc.StatusCode) -> None:
    fault = type("TooBad", (kind,), {"__doc__": "Too bad."})

    def raise_it() -> None:
        raise fault(violations=[Violation("name", "empty", "Say a name.")])

    with raises_fault(code, "TOO_BAD") as refusal:
        KINDS["unary"](serve(photos(script_of(raise_it))))
    assert refusal.violations == {"name": "empty"}


def test_an_unavailable_fault_has_a_retry_delay(serve: Serve) -> None:
    def fail_temporarily() -> None:
        raise Unavailable

    with pytest.raises(grpc.RpcError) as raised:
        KINDS["unary"](serve(photos(script_of(fail_temporarily))))
    retry = error_details_pb2.RetryInfo()
    assert any(detail.Unpack(retry) for detail in rpc_status.from_call(raised.value).details)
    assert retry.retry_delay.seconds == 1


def hold_streams(channel: grpc.Channel, count: int) -> list[Iterator[bytes]]:
    """Opens streams that stay open."""
    held = [chunks_of(channel) for _ in range(count)]
    assert [next(stream) for stream in held] == [b"one"] * count
    return held


def test_with_all_streams_in_use_only_further_streams_are_rejected(serve: Serve) -> None:
    script, release = Script(), Signal()

    def hold() -> Iterator[bytes]:
        yield b"one"
        release.wait(20)
        yield b"two"

    script.stream = hold
    channel = serve(photos(script), matcher(script), max_streams=3, unary_workers=1)
    held = hold_streams(channel, 3)
    for kind in ("response stream", "request stream", "both"):
        with raises_fault(grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS"):
            KINDS[kind](channel)
    health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
    assert health.status == health_pb2.HealthCheckResponse.SERVING
    KINDS["unary"](channel)
    release.set()
    assert [list(stream) for stream in held] == [[b"two"]] * 3
    assert list(chunks_of(channel)) == [b"one", b"two"]


def test_a_cancelled_or_failed_stream_releases_its_slot(serve: Serve) -> None:
    script, ended = Script(), Signal()

    def stream_until_closed() -> Iterator[bytes]:
        try:
            while True:
                yield b"one"
        finally:
            ended.set()

    channel = serve(photos(script), matcher(script), max_streams=1)
    stub = photo_pb2_grpc.PhotoServiceStub(channel)
    for _ in range(20):
        script.stream = stream_until_closed
        ended.clear()
        call = stub.GetPhoto(pb.GetPhotoRequest())
        next(call)
        call.cancel()
        assert ended.wait(5)
    script.stream = fail  # type: ignore[assignment]
    for _ in range(3):
        with raises_fault(grpc.StatusCode.INTERNAL, "INTERNAL"):
            list(chunks_of(channel))


def test_the_deadline_of_the_caller_limits_further_calls(serve: Serve) -> None:
    script, left = Script(), []
    script.unary = lambda: left.append(deadlines.remaining_s(30))
    stub = photo_pb2_grpc.PhotoServiceStub(serve(photos(script)))
    stub.ListPhotos(pb.ListPhotosRequest(), timeout=3)
    stub.ListPhotos(pb.ListPhotosRequest(), timeout=300)
    stub.ListPhotos(pb.ListPhotosRequest())
    assert 1 < left[0] < 4
    assert left[1:] == [30, 30]


def test_the_request_id_is_logged_and_propagated_to_other_services(
    serve: Serve, signer: Callable[[str], Signer]
) -> None:
    script, forwarded = Script(), []
    calls = ServiceCalls(signer("selfie"), "matcher")

    def log_and_forward() -> None:
        structlog.get_logger().info("Working.", action="work")
        forwarded.append(dict(calls.metadata(x_event_id="7")))
        fail()

    script.unary = log_and_forward
    stub = photo_pb2_grpc.PhotoServiceStub(serve(photos(script)))
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        for request_id in ("abc-1", "x" * 100, ""):
            metadata = [("x-request-id", request_id)] if request_id else []
            with raises_fault(grpc.StatusCode.INTERNAL, "INTERNAL"):
                stub.ListPhotos(pb.ListPhotosRequest(), metadata=metadata)
    assert [line["action"] for line in lines] == ["work", "rpc_failed", "rpc"] * 3
    ids = [line["request_id"] for line in lines]
    assert ids[:6] == ["abc-1"] * 3 + ["x" * 64] * 3
    assert len(set(ids[6:])) == 1
    assert [call["x-request-id"] for call in forwarded] == ids[::3]
    assert len(ids[6]) == 36
    assert forwarded[0]["x-event-id"] == "7"


def test_a_call_has_no_context_of_the_previous_call(serve: Serve) -> None:
    script, seen = Script(), []
    script.unary = lambda: seen.append((deadlines.remaining_s(30), structlog.contextvars.get_contextvars()))
    stub = photo_pb2_grpc.PhotoServiceStub(serve(photos(script), unary_workers=1, max_streams=1))
    stub.ListPhotos(pb.ListPhotosRequest(), timeout=5, metadata=[("x-request-id", "first")])
    for _ in range(4):
        stub.ListPhotos(pb.ListPhotosRequest())
    assert {left for left, _ in seen[1:]} == {30}
    assert "first" not in str(seen[1:])
