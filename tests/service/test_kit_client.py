"""A client: what it repeats, and how it finds a server that comes back."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from kit.client import channel_options, open_aio_channel, open_channel
from kit.errors import Fault, NotFound, Unavailable
from kit.identity import Verifier
from kit.server import Server
from kit.settings import ServerSettings, TlsSettings
from protos.matcher.v1 import photo_pb2 as pb
from protos.matcher.v1 import photo_pb2_grpc
from tests.service.scripted import Script, photos

Start = Callable[..., Server]
PLAIN = TlsSettings()


@pytest.fixture
def start(keys: Path) -> Iterator[Start]:
    """Starts a server of a script."""
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
        (NotFound, 9, 1, grpc.StatusCode.NOT_FOUND),
    ],
)
def test_what_is_unavailable_is_tried_three_times_and_nothing_else(
    start: Start, fault: type[Fault], failures: int, tried: int, code: grpc.StatusCode | None
) -> None:
    script, attempts = Script(), []
    script.unary = fail_times(failures, fault, attempts)
    with open_channel(f"127.0.0.1:{start(script).port}", PLAIN) as channel:
        stub = photo_pb2_grpc.PhotoServiceStub(channel)
        if code is None:
            stub.ListPhotos(pb.ListPhotosRequest())
        else:
            with pytest.raises(grpc.RpcError) as raised:
                stub.ListPhotos(pb.ListPhotosRequest())
            assert raised.value.code() == code
    assert len(attempts) == tried


def test_a_server_that_comes_back_is_found_again(start: Start) -> None:
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


def test_the_asynchronous_client_repeats_too(start: Start) -> None:
    script, attempts = Script(), []
    script.unary = fail_times(2, Unavailable, attempts)
    address = f"127.0.0.1:{start(script).port}"

    async def call() -> str:
        async with open_aio_channel(address, PLAIN) as channel:
            answer = await photo_pb2_grpc.PhotoServiceStub(channel).ListPhotos(pb.ListPhotosRequest(page_token="a"))
            return str(answer.next_page_token)

    assert asyncio.run(call()) == "a"
    assert len(attempts) == 3


def test_calls_choose_their_replica_by_a_metadata_key_where_one_is_named() -> None:
    config = str(dict(channel_options("x-event-id"))["grpc.service_config"])
    assert '{"ring_hash_experimental": {"requestHashHeader": "x-event-id"}}' in config
    assert "round_robin" in str(dict(channel_options())["grpc.service_config"])
