"""The client: retries, reconnection, and the distribution of calls over replicas."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event as Signal

import grpc
import pytest

from kit.errors import Fault, NotFound, ServiceUnavailable, Unavailable
from kit.rpc.client import channel_options, open_aio_channel, open_channel
from kit.rpc.identity import Verifier
from kit.rpc.retries import is_passing, repeat, repeat_aio
from kit.rpc.server import Server
from kit.settings import ServerSettings, TlsSettings
from protos.matcher.v1 import photo_pb2 as pb
from protos.matcher.v1 import photo_pb2_grpc
from tests.harness.scripted import Script, photos

Start = Callable[..., Server]
PLAIN = TlsSettings()


@pytest.fixture
def start(keys: Path) -> Iterator[Start]:
    """Starts a server that runs a script."""
    servers: list[Server] = []

    def start(script: Script, port: int = 0) -> Server:
        config = ServerSettings.model_validate({"grace_s": 0})
        servers.append(Server(config, port, Verifier.read(keys), [photos(script)]))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def fail_times(count: int, fault: type[Fault], attempts: list[int]) -> Callable[[], None]:
    def act() -> None:
        attempts.append(len(attempts) + 1)
        if len(attempts) <= count:
            raise fault

    return act


@pytest.mark.parametrize(
    ("fault", "failures", "tried", "code"),
    [
        (Unavailable, 0, 1, None),
        (Unavailable, 2, 3, None),
        (Unavailable, 9, 3, grpc.StatusCode.UNAVAILABLE),
        (ServiceUnavailable, 9, 1, grpc.StatusCode.UNAVAILABLE),
        (NotFound, 9, 1, grpc.StatusCode.NOT_FOUND),
    ],
)
def test_only_unavailable_calls_are_tried_three_times(
    start: Start, fault: type[Fault], failures: int, tried: int, code: grpc.StatusCode | None
) -> None:
    script, attempts = Script(), []
    script.unary = fail_times(failures, fault, attempts)
    with open_channel(f"127.0.0.1:{start(script).port}", PLAIN) as channel:
        stub = photo_pb2_grpc.PhotoServiceStub(channel)
        if code is None:
            list_photos(stub)
        else:
            with pytest.raises(grpc.RpcError) as raised:
                list_photos(stub)
            assert raised.value.code() == code
    assert len(attempts) == tried


def list_photos(stub: photo_pb2_grpc.PhotoServiceStub, token: str = "") -> pb.ListPhotosResponse:
    return repeat(lambda left_s: stub.ListPhotos(pb.ListPhotosRequest(page_token=token), timeout=left_s), 20)


def test_a_restarted_server_is_reconnected(start: Start) -> None:
    first = start(Script())
    with open_channel(f"127.0.0.1:{first.port}", PLAIN) as channel:
        stub = photo_pb2_grpc.PhotoServiceStub(channel)
        stub.ListPhotos(pb.ListPhotosRequest())
        first.close()
        with pytest.raises(grpc.RpcError) as raised:
            stub.ListPhotos(pb.ListPhotosRequest())
        assert raised.value.code() == grpc.StatusCode.UNAVAILABLE
        start(Script(), first.port)
        stub.ListPhotos(pb.ListPhotosRequest(), wait_for_ready=True, timeout=10)


def test_the_asynchronous_client_retries_too(start: Start) -> None:
    script, attempts = Script(), []
    script.unary = fail_times(2, Unavailable, attempts)
    address = f"127.0.0.1:{start(script).port}"

    async def call() -> str:
        async with open_aio_channel(address, PLAIN) as channel:
            stub = photo_pb2_grpc.PhotoServiceStub(channel)
            request = pb.ListPhotosRequest(page_token="a")
            answer = await repeat_aio(lambda left_s: stub.ListPhotos(request, timeout=left_s), 20)
            return str(answer.next_page_token)

    assert asyncio.run(call()) == "a"
    assert len(attempts) == 3


def both(*servers: Server) -> str:
    return "ipv4:" + ",".join(f"127.0.0.1:{server.port}" for server in servers)


def give_up_a_call(start: Start, send: Callable[..., pb.ListPhotosResponse], size: int) -> None:
    """Sends a call of `size` bytes to a server that stops without waiting for it, while another one keeps running."""
    stopping, running, release = Script(), Signal(), Signal()

    def work() -> None:
        running.set()
        release.wait(20)

    stopping.unary = work
    first = start(stopping)
    with open_channel(both(first, start(Script())), PLAIN) as channel, ThreadPoolExecutor(1) as pool:
        stub = photo_pb2_grpc.PhotoServiceStub(channel)
        while not running.is_set():
            call = pool.submit(send, stub, "x" * size)
            while not call.done() and not running.wait(0.01):
                pass
        try:
            first.close()
            answer = call.result(timeout=20)
        finally:
            release.set()
    assert len(answer.next_page_token) == size


@pytest.mark.parametrize("size", [1, 8 * 1024 * 1024])
def test_a_call_aborted_by_its_server_is_retried_on_the_other(start: Start, size: int) -> None:
    give_up_a_call(start, list_photos, size)


def test_control_a_call_without_retries_fails(start: Start) -> None:
    def send_once(stub: photo_pb2_grpc.PhotoServiceStub, token: str) -> pb.ListPhotosResponse:
        return stub.ListPhotos(pb.ListPhotosRequest(page_token=token), timeout=20)

    with pytest.raises(grpc.RpcError) as raised:
        give_up_a_call(start, send_once, 1)
    assert is_passing(raised.value)


def test_no_attempt_starts_after_the_time_is_up(start: Start) -> None:
    script, attempts = Script(), []
    script.unary = fail_times(9, Unavailable, attempts)
    with open_channel(f"127.0.0.1:{start(script).port}", PLAIN) as channel:
        stub = photo_pb2_grpc.PhotoServiceStub(channel)
        with pytest.raises(grpc.RpcError) as raised:
            repeat(lambda _: stub.ListPhotos(pb.ListPhotosRequest()), 0.1)
    assert raised.value.code() == grpc.StatusCode.UNAVAILABLE
    assert len(attempts) == 1


def start_two(start: Start) -> tuple[str, list[int]]:
    """Starts two replicas; returns their target, and a list that records which of them received each call."""
    answered: list[int] = []
    scripts = [Script(), Script()]
    scripts[0].unary, scripts[1].unary = lambda: answered.append(0), lambda: answered.append(1)
    return both(*(start(script) for script in scripts)), answered


def test_calls_are_distributed_over_the_replicas(start: Start) -> None:
    target, answered = start_two(start)
    with open_channel(target, PLAIN) as channel:
        stub = photo_pb2_grpc.PhotoServiceStub(channel)
        while len(set(answered)) < 2 and len(answered) < 10_000:
            stub.ListPhotos(pb.ListPhotosRequest(), timeout=20)
    assert set(answered) == {0, 1}


def test_the_asynchronous_client_distributes_calls_too(start: Start) -> None:
    target, answered = start_two(start)

    async def call() -> None:
        async with open_aio_channel(target, PLAIN) as channel:
            stub = photo_pb2_grpc.PhotoServiceStub(channel)
            while len(set(answered)) < 2 and len(answered) < 10_000:
                await stub.ListPhotos(pb.ListPhotosRequest(), timeout=20)

    asyncio.run(call())
    assert set(answered) == {0, 1}


def test_the_calls_of_one_event_go_to_one_replica(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRPC_EXPERIMENTAL_RING_HASH_SET_REQUEST_HASH_KEY", "true")
    target, answered = start_two(start)
    with open_channel(target, PLAIN, "x-event-id") as channel:
        stub = photo_pb2_grpc.PhotoServiceStub(channel)
        for number in range(80):
            metadata = [("x-event-id", f"event {number % 40}")]
            stub.ListPhotos(pb.ListPhotosRequest(), metadata=metadata, timeout=20)
    assert answered[:40] == answered[40:]
    assert set(answered) == {0, 1}


def test_a_hash_key_selects_ring_hash_instead_of_round_robin() -> None:
    config = str(dict(channel_options("x-event-id"))["grpc.service_config"])
    assert '{"ring_hash_experimental": {"requestHashHeader": "x-event-id"}}' in config
    assert "round_robin" in str(dict(channel_options())["grpc.service_config"])
