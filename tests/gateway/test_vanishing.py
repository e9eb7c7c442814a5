"""Clients that vanish during a request leave no RPC, open file or thread behind in the gateway."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from protos.matcher.v1 import photo_pb2
from protos.selfie.v1 import selfie_pb2
from tests.gateway.test_process import free_port, running_process, wait_until_ready
from tests.gateway.world import TOKEN, running_services
from tests.selfie.world import wait_until

TIMES = 10  # at once
ROUNDS = 3
STAYING = 4  # more than the initial connections that may still be closing
ID = "3f2b8c1e-0000-4000-8000-000000000001"
AUTH = f"Host: x\r\nAuthorization: Bearer {TOKEN}\r\n"
FORM = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + bytes(400_000)
UPLOAD = (
    f"POST /api/upload-selfie HTTP/1.1\r\n{AUTH}Content-Length: 1000000\r\n"
    "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
).encode() + FORM
DOWNLOAD = f"GET /api/photos/{ID}/original HTTP/1.1\r\n{AUTH}\r\n".encode()
STREAM = f"GET /api/rematch-events HTTP/1.1\r\n{AUTH}\r\n".encode()


def endless_picture(_: Any) -> Iterator[photo_pb2.GetPhotoResponse]:
    yield photo_pb2.GetPhotoResponse(header=photo_pb2.PhotoHeader(size_bytes=1 << 40, content_type="image/jpeg"))
    while True:
        yield photo_pb2.GetPhotoResponse(chunk=bytes(1 << 16))


def count(pid: int, what: str) -> int:
    return len(os.listdir(Path(f"/proc/{pid}/{what}")))


def vanish(port: int, request: bytes) -> None:
    """Disconnects during the response, or during the request body of an upload."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        if request is not UPLOAD:
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("request_", [UPLOAD, DOWNLOAD, STREAM], ids=["upload", "download", "stream"])
def test_vanished_clients_leave_nothing_behind(request_: bytes) -> None:
    port = free_port()
    with running_services() as (services, address):
        services.answers["GetPhoto"] = endless_picture
        services.answers["GetRematchState"] = selfie_pb2.GetRematchStateResponse(
            selfie_state=selfie_pb2.SELFIE_STATE_PENDING
        )
        addresses = {f"{name}_ADDRESS": address for name in ("AUTH", "SELFIE", "MATCHER")}
        with running_process(GATEWAY_PORT=str(port), LOG_LEVEL="WARNING", **addresses) as process:
            wait_until_ready(f"http://127.0.0.1:{port}")
            vanish(port, request_)  # warms up what is created once and kept
            wait_until(lambda: not services.running)
            files, threads = count(process.pid, "fd"), count(process.pid, "task")
            for _ in range(ROUNDS):
                for _ in range(TIMES):
                    vanish(port, request_)
                wait_until(lambda: not services.running and count(process.pid, "fd") <= files)
            # The pool that writes to disk keeps a thread for each concurrent client, and gRPC adds some;
            # one leaked thread per client would be three times as many.
            wait_until(lambda: count(process.pid, "task") <= threads + TIMES + 2)


def test_control_connected_clients_are_counted() -> None:
    port = free_port()
    with running_services() as (services, address):
        services.answers["GetPhoto"] = endless_picture
        addresses = {f"{name}_ADDRESS": address for name in ("AUTH", "SELFIE", "MATCHER")}
        with running_process(GATEWAY_PORT=str(port), LOG_LEVEL="WARNING", **addresses) as process, ExitStack() as stay:
            wait_until_ready(f"http://127.0.0.1:{port}")
            files = count(process.pid, "fd")
            for _ in range(STAYING):
                connection = stay.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
                connection.sendall(DOWNLOAD)
                assert connection.recv(1000).startswith(b"HTTP/1.1 200")
            assert services.running == ["GetPhoto"] * STAYING
            assert count(process.pid, "fd") > files
