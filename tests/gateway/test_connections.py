"""Connections that drip, stall or become silent are closed and do not affect other clients."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from threading import Event
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from gateway.http.limiters import Limiters
from gateway.http.limits import Bounds, Limits
from gateway.http.protocol import GONE_MS, Connection
from gateway.server import HTTP
from protos.matcher.v1 import photo_pb2
from protos.selfie.v1 import selfie_pb2
from tests.gateway.world import SIGNED, TOKEN, World, running_world
from tests.selfie.world import wait_until

CROWD = 100
MANY = Bounds(selfies=CROWD, bodies_per_caller=CROWD)  # no connection is shed
ROUNDS = 20
ROUND_S = 0.05
ID = "3f2b8c1e-0000-4000-8000-000000000001"
HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Drip: "
BODY = (
    b"POST /api/upload-selfie HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 1000000\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
) % TOKEN.encode()
JSON = b"POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nContent-Type: application/json\r\n\r\n{"
CHUNK = b"x" * (1 << 18)
PICTURE_BYTES = 256 * len(CHUNK)  # more than any kernel buffers for a client that does not read


@contextmanager
def crowd(world: World, opening: bytes) -> Iterator[list[socket.socket]]:
    """Opens many connections that have all sent the same bytes."""
    with ExitStack() as stack:
        connections = []
        for _ in range(CROWD):
            connections.append(stack.enter_context(socket.create_connection(("127.0.0.1", world.port), timeout=10)))
            connections[-1].sendall(opening)
            connections[-1].setblocking(False)
        yield connections


def is_closed(connection: socket.socket) -> bool:
    """Sends one more byte and reads what has arrived."""
    try:
        connection.send(b"x")
        while connection.recv(4096):
            pass
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def drip(connections: list[socket.socket], is_over: Callable[[int, int], bool]) -> int:
    """Lets all connections drip until `is_over(rounds, open_count)`; returns how many are still open."""
    pause, rounds = Event(), 0
    while connections and not is_over(rounds, len(connections)):
        connections = [connection for connection in connections if not is_closed(connection)]
        pause.wait(ROUND_S)
        rounds += 1
    return len(connections)


@pytest.mark.parametrize("opening", [b"", HEAD, BODY, JSON], ids=["nothing", "head", "body", "json"])
def test_dripping_connections_are_closed_without_blocking_others(opening: bytes) -> None:
    with (
        running_world(bounds=MANY, head_s=0.3, body_s=0.3, slowest_s=0.3) as world,
        crowd(world, opening) as connections,
    ):
        ends_at = time.monotonic() + 30

        def is_over(_: int, __: int) -> bool:
            assert world.client.get("/healthz").is_success
            return time.monotonic() > ends_at

        assert drip(connections, is_over) == 0


def drips_go_on(world: World, opening: bytes) -> bool:
    with crowd(world, opening) as connections:
        return drip(connections, lambda rounds, _: rounds > ROUNDS) == CROWD


def test_control_the_protocol_of_uvicorn_waits_forever_for_a_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HTTP, "http", "h11")
    with running_world(head_s=0.3) as world:
        assert drips_go_on(world, HEAD)


def test_control_with_a_low_minimum_rate_dripping_bodies_stay_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.http.admission.MIN_BYTES_PER_S", 0.1)
    with running_world(bounds=MANY, slowest_s=0.5) as world:
        assert drips_go_on(world, BODY)


def test_a_dripping_second_head_on_a_kept_connection_is_closed() -> None:
    with running_world(head_s=0.3) as world, crowd(world, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + HEAD) as some:
        ends_at = time.monotonic() + 30
        assert drip(some, lambda *_: time.monotonic() > ends_at) == 0


def send_picture(_: Any) -> Iterator[photo_pb2.GetPhotoResponse]:
    yield photo_pb2.GetPhotoResponse(header=photo_pb2.PhotoHeader(size_bytes=PICTURE_BYTES, content_type="image/jpeg"))
    for _ in range(PICTURE_BYTES // len(CHUNK)):
        yield photo_pb2.GetPhotoResponse(chunk=CHUNK)


@contextmanager
def reader(world: World) -> Iterator[socket.socket]:
    """A client that requested a large picture and has not read anything."""
    world.answer(GetPhoto=send_picture)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", world.port))
        request = f"GET /api/photos/{ID}/original HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        connection.sendall(request.encode())
        yield connection


def test_a_client_that_does_not_read_is_disconnected_and_frees_the_service() -> None:
    with running_world(answer_s=0.4) as world, reader(world) as connection:
        wait_until(lambda: bool(world.services.calls) and not world.services.running)
        received = 0
        with suppress(ConnectionError):
            while chunk := connection.recv(65536):
                received += len(chunk)
        assert received < PICTURE_BYTES


def test_control_the_protocol_of_uvicorn_waits_forever_for_a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HTTP, "http", "h11")
    with running_world(answer_s=0.4) as world, reader(world):
        wait_until(lambda: bool(world.services.calls))
        for _ in range(ROUNDS):
            Event().wait(ROUND_S)
            assert world.services.running


def test_a_slow_reader_gets_the_whole_response() -> None:
    with running_world(answer_s=2) as world, reader(world) as connection:
        received, pause = 0, Event()
        for number in count():
            chunk = connection.recv(1 << 20)
            assert chunk
            received += len(chunk)
            if received >= PICTURE_BYTES:
                break
            if number < 60:
                pause.wait(ROUND_S)


def test_an_idle_event_stream_stays_open() -> None:
    pending = selfie_pb2.GetRematchStateResponse(selfie_state=selfie_pb2.SELFIE_STATE_PENDING)
    states = iter([pending] * 100)
    with running_world(answer_s=0.1, head_s=0.1, body_s=0.1) as world:
        world.answer(GetRematchState=lambda _: next(states, selfie_pb2.GetRematchStateResponse()))
        answer = world.client.get("/api/rematch-events", headers=SIGNED)
    assert answer.text.count("data: ") == 2


def ask_kernel(option: int, protocol: type[H11Protocol] = Connection) -> int:
    """A TCP option of an accepted connection."""

    async def ask() -> int:
        limits = Limits()
        state = {
            "limits": limits,
            "limiters": Limiters(limits.bounds),
            "sheds_early": True,
            "end_streams": lambda: None,
        }
        config, server_state = Config(lambda: None), ServerState()
        config.load()
        loop = asyncio.get_running_loop()
        # As uvicorn's listener for several workers, it does not name its protocol.
        listener = socket.create_server(("127.0.0.1", 0))
        server = await loop.create_server(lambda: protocol(config, server_state, state), sock=listener)
        _, writer = await asyncio.open_connection(*listener.getsockname())
        while not server_state.connections:
            await asyncio.sleep(0)
        (connection,) = server_state.connections
        accepted = connection.transport.get_extra_info("socket")
        given = accepted.getsockopt(socket.IPPROTO_TCP, option)
        writer.close()
        connection.transport.close()
        server.close()
        return int(given)

    return asyncio.run(ask())


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux has it")
def test_connections_have_a_tcp_user_timeout() -> None:
    """A client that changes networks cannot be simulated here, so this reads the socket option."""
    assert ask_kernel(socket.TCP_USER_TIMEOUT) == GONE_MS


def test_the_body_of_a_response_does_not_wait_for_the_acknowledgement_of_its_head() -> None:
    assert ask_kernel(socket.TCP_NODELAY) == 1
    assert ask_kernel(socket.TCP_NODELAY, H11Protocol) == 0, "asyncio does not set it here"
