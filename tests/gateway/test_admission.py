"""Load shedding: requests above the limit of their kind are rejected immediately with 503."""

import asyncio
import math
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from threading import Event, Thread
from typing import Any

import httpx2
import pytest

from gateway.http.limiters import ConcurrencyLimiter
from gateway.http.limits import Bounds
from gateway.http.site import Site
from kit.rpc.statuses import RETRY_AFTER_S
from protos.selfie.v1 import selfie_pb2
from selfie_service.domain import QueueFull
from tests.gateway.world import SIGNED, TOKEN, World, problem, running_world
from tests.selfie.world import wait_until

PENDING = selfie_pb2.GetRematchStateResponse(selfie_state=selfie_pb2.SELFIE_STATE_PENDING)
FEW = Bounds(bodies=2, selfies=1, photos=1, streams=1, requests=1, waiting=0)
HEAD = (
    b"POST /api/upload-selfie HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 1000000\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n\r\n" % TOKEN.encode()
)
FORM = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n'


def upload(world: World) -> httpx2.Response:
    return world.client.post("/api/upload-selfie", files={"file": b"jpeg"}, headers=SIGNED)


def ask_status(world: World) -> httpx2.Response:
    return world.client.get("/api/rematch-status", headers=SIGNED)


@contextmanager
def busy(world: World, method: str, ask: Callable[[World], httpx2.Response]) -> Iterator[None]:
    """Keeps one request running in a service until the end of the block."""
    free = Event()
    world.answer(**{method: lambda _: free.wait(10) and answer_of(method)})
    asking = Thread(target=ask, args=[world])
    asking.start()
    try:
        wait_until(lambda: method in world.services.running)
        yield
    finally:
        free.set()
        asking.join()
        world.services.answers.clear()


def answer_of(method: str) -> Any:
    return {"UploadSelfie": selfie_pb2.UploadSelfieResponse, "GetRematchState": selfie_pb2.GetRematchStateResponse}[
        method
    ]()


@contextmanager
def small_world() -> Iterator[World]:
    with running_world(bounds=FEW) as world:
        yield world


def is_refused(answer: httpx2.Response) -> bool:
    if answer.status_code < 400:
        return False
    assert problem(answer) == (503, "overloaded")
    assert answer.headers["retry-after"] == str(RETRY_AFTER_S)
    return True


@pytest.mark.parametrize(("bounds", "refused"), [(FEW, True), (Bounds(), False)], ids=["few", "control"])
def test_a_selfie_above_the_limit_is_shed_before_its_body_arrives(bounds: Bounds, refused: bool) -> None:
    with running_world(bounds=bounds, pause_s=0.3) as world:
        with busy(world, "UploadSelfie", upload):
            answer = world.send_raw(HEAD)
            assert answer.startswith(b"HTTP/1.1 503" if refused else b"HTTP/1.1 408")
            assert b"connection: close" in answer.lower()
            assert not is_refused(ask_status(world))
            assert world.client.get("/readyz").is_success
        assert not is_refused(upload(world))


@pytest.mark.parametrize(("bounds", "refused"), [(FEW, True), (Bounds(), False)], ids=["few", "control"])
def test_a_request_above_the_limit_is_shed_and_health_still_answers(bounds: Bounds, refused: bool) -> None:
    with running_world(bounds=bounds) as world:
        with busy(world, "GetRematchState", ask_status):
            assert is_refused(world.client.get("/api/my-photos", headers=SIGNED)) == refused
            assert world.client.get("/healthz").is_success
            assert not is_refused(upload(world))
        assert not is_refused(ask_status(world))


def test_streams_have_a_separate_limit() -> None:
    with small_world() as world:
        world.answer(GetRematchState=PENDING)
        with world.client.stream("GET", "/api/rematch-events", headers=SIGNED) as stream:
            lines = stream.iter_lines()  # closing the iterator closes the stream
            assert next(lines).startswith("id: ")
            assert is_refused(world.client.get("/api/rematch-events", headers=SIGNED))
            assert not is_refused(ask_status(world))
        world.answer(GetRematchState=selfie_pb2.GetRematchStateResponse())
        wait_until(lambda: not is_refused(world.client.get("/api/rematch-events", headers=SIGNED)))


def test_open_bodies_are_limited_without_blocking_other_requests() -> None:
    with running_world(bounds=replace(FEW, selfies=4)) as world, ExitStack() as stack:
        for _ in range(FEW.bodies):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", world.port)))
            connection.sendall(HEAD)
        wait_until(lambda: is_refused(upload(world)))
        assert not is_refused(ask_status(world))


def test_a_complete_body_has_priority_over_new_requests() -> None:
    with small_world() as world, socket.create_connection(("127.0.0.1", world.port)) as slow:
        slow.sendall(HEAD.replace(b"1000000", b"%d" % len(FORM)) + FORM[:-1])
        wait_until(lambda: not is_refused(upload(world)))  # the slow body has released its slot
        with busy(world, "UploadSelfie", upload):
            slow.sendall(FORM[-1:])
        assert slow.recv(4096).startswith(b"HTTP/1.1 202")


def test_a_full_queue_is_reported_with_retry_after() -> None:
    with running_world() as world:
        world.answer(UploadSelfie=QueueFull())
        answer = upload(world)
    assert problem(answer) == (429, "queue_full")
    assert answer.headers["retry-after"] == str(RETRY_AFTER_S)


def test_a_burst_is_queued_and_sustained_overload_is_shed() -> None:
    async def come_at_once(limiter: ConcurrencyLimiter, count: int) -> list[bool]:
        async def come() -> bool:
            if not limiter.admits():
                return False
            await limiter.acquire()
            await asyncio.sleep(0.01)
            limiter.release()
            return True

        return await asyncio.gather(*(come() for _ in range(count)))

    async def come() -> None:
        limiter = ConcurrencyLimiter(2, max_waiting=3)
        assert await come_at_once(limiter, 5) == [True] * 5
        assert await come_at_once(limiter, 7) == [True] * 5 + [False] * 2
        assert await come_at_once(limiter, 4) == [True] * 2 + [False] * 2  # no queue right after shedding

    asyncio.run(come())


def test_a_wait_that_times_out_starts_shedding() -> None:
    async def wait(limiter: ConcurrencyLimiter) -> bool:
        """Whether the limiter still queues callers after one has timed out."""
        await limiter.enter()
        with pytest.raises(TimeoutError):
            await limiter.enter()
        return limiter.admits()

    assert not asyncio.run(wait(ConcurrencyLimiter(1, max_waiting=3, patience_s=0.01)))


def test_control_a_timeout_of_a_complete_body_does_not_start_shedding() -> None:
    async def wait(limiter: ConcurrencyLimiter) -> bool:
        await limiter.enter()
        with pytest.raises(TimeoutError):
            await limiter.acquire(0.01)
        return limiter.admits()

    assert asyncio.run(wait(ConcurrencyLimiter(1, max_waiting=3, patience_s=0.01)))


@pytest.mark.parametrize(("target_s", "refused"), [(-1.0, True), (math.inf, False)], ids=["late", "control"])
def test_while_complete_bodies_wait_too_long_new_requests_are_shed(
    monkeypatch: pytest.MonkeyPatch, target_s: float, refused: bool
) -> None:
    monkeypatch.setattr("gateway.http.limiters.TARGET_S", math.inf)
    with running_world(bounds=Bounds(selfies=2)) as world:
        with ExitStack() as stack:
            slow = [stack.enter_context(socket.create_connection(("127.0.0.1", world.port))) for _ in range(6)]
            for connection in slow:
                connection.sendall(HEAD.replace(b"1000000", b"%d" % len(FORM)) + FORM[:-1])
            # A free slot means that slow bodies have released theirs.
            wait_until(lambda: not is_refused(upload(world)))
            monkeypatch.setattr(
                "gateway.http.limiters.TARGET_S", target_s
            )  # a negative target makes every wait for a slot too long
            slow[0].sendall(FORM[-1:])
            assert slow[0].recv(4096).startswith(b"HTTP/1.1 202")
            assert is_refused(upload(world)) == refused
        wait_until(lambda: not is_refused(upload(world)))


def test_reading_the_rest_of_a_rejected_body_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.http.limiters.DISCARDED_BYTES_PER_S", 1)
    with small_world() as world, busy(world, "UploadSelfie", upload):
        client = socket.create_connection(("127.0.0.1", world.port))
        with client:
            client.sendall(HEAD.replace(b"1000000", b"100000000"))
            with pytest.raises(OSError):
                client.sendall(bytes(100_000_000))
            assert client.recv(4096).startswith(b"HTTP/1.1 503")


@pytest.mark.parametrize("origins", [("https://party.example",), ()], ids=["configured", "control"])
def test_a_shed_upload_has_cors_headers_for_a_configured_origin(origins: tuple[str, ...]) -> None:
    with running_world(Site(cors_origins=origins), bounds=FEW, pause_s=0.3) as world:
        with busy(world, "UploadSelfie", upload):
            answer = world.send_raw(HEAD.replace(b"Host: x\r\n", b"Host: x\r\nOrigin: https://party.example\r\n"))
        assert answer.startswith(b"HTTP/1.1 503")
        assert (b"access-control-allow-origin: https://party.example" in answer.lower()) == bool(origins)
