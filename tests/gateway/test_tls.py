"""The gateway over HTTPS: the same requests and protections, and the checks of the certificate."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event

import httpx2
import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from deploy.local.certificate import keep_certificate
from deploy.local.lan import LOCAL_NAMES
from gateway.http.limits import Bounds
from gateway.http.tls import Certificate
from gateway.server import HTTP
from protos.auth.v1 import auth_pb2
from tests.gateway.test_connections import HEAD, ID, PICTURE_BYTES, send_picture
from tests.gateway.test_process import START_S, free_port, running_process
from tests.gateway.world import SIGNED, TOKEN, World, running_services, running_world
from tests.selfie.world import wait_until

ROUND_S = 0.05
ROUNDS = 20
UPLOAD = b"POST /api/upload-selfie HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 10000000\r\n\r\n"


def make_certificate(folder: Path) -> Certificate:
    folder.mkdir(exist_ok=True)
    made = keep_certificate(folder, LOCAL_NAMES)
    return Certificate(made.chain, made.key)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@contextmanager
def connection_to(world: World, certificate: Certificate) -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context(cafile=certificate.chain)
    with (
        socket.create_connection(("127.0.0.1", world.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        yield connection


def receive_all(connection: socket.socket) -> bytes:
    received = b""
    with suppress(OSError):
        while chunk := connection.recv(1 << 20):
            received += chunk
    return received


def test_cookies_have_prefixes_and_no_response_has_hsts(certificate: Certificate) -> None:
    """With HSTS, a browser would not let users bypass the warning about a local certificate."""
    tokens = auth_pb2.TokenPair(access_token=TOKEN, refresh_token="r")
    with running_world(certificate=certificate) as world:
        world.answer(Login=auth_pb2.LoginResponse(user_id="u", tokens=tokens))
        answer = world.client.post("/api/login", json={"username": "ada", "password": "correct horse"})
        cookies = answer.headers.get_list("set-cookie")
        names = [cookie.partition("=")[0] for cookie in cookies]
        assert names == ["__Host-minois_token", "__Secure-minois_refresh", "__Secure-minois_renewable"]
        assert all("Secure" in cookie for cookie in cookies)
        for response in (
            answer,
            world.client.get("/healthz"),
            world.client.get("/api/session"),
            world.client.get("/no"),
        ):
            assert "strict-transport-security" not in response.headers


def test_large_responses_are_sent_without_pauses(certificate: Certificate) -> None:
    """A transport that pauses with nothing to send must not be mistaken for a client that does not read."""
    with running_world(certificate=certificate, answer_s=1) as world:
        world.answer(GetPhoto=send_picture)
        assert world.client.get("/healthz").status_code == 200
        assert len(world.client.get(f"/api/photos/{ID}/original", headers=SIGNED).content) == PICTURE_BYTES


def test_a_connection_without_a_handshake_is_closed(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.http.tls.HANDSHAKE_S", 0.3)
    with (
        running_world(certificate=certificate) as world,
        socket.create_connection(("127.0.0.1", world.port), timeout=10) as silent,
    ):
        assert receive_all(silent) == b""
        assert world.client.get("/healthz").status_code == 200


def test_control_the_default_loop_keeps_waiting_for_a_handshake(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.http.tls.HANDSHAKE_S", 0.3)
    monkeypatch.setitem(HTTP, "loop", "uvloop")
    with (
        running_world(certificate=certificate) as world,
        socket.create_connection(("127.0.0.1", world.port), timeout=ROUNDS * ROUND_S) as silent,
        pytest.raises(TimeoutError),
    ):
        silent.recv(1)


def test_a_connection_with_a_dripping_head_is_closed(certificate: Certificate) -> None:
    with (
        running_world(certificate=certificate, head_s=0.3) as world,
        connection_to(world, certificate) as connection,
    ):
        connection.sendall(HEAD)
        connection.settimeout(ROUND_S)
        ends_at, is_open = time.monotonic() + 10, True
        while is_open:
            assert time.monotonic() < ends_at
            is_open = drips(connection)


def drips(connection: socket.socket) -> bool:
    """Sends one more byte; returns whether the connection is still open."""
    try:
        connection.sendall(b"x")
        return bool(connection.recv(1))
    except TimeoutError:
        return True
    except OSError:
        return False


def test_a_client_that_does_not_read_is_disconnected_and_frees_the_service(certificate: Certificate) -> None:
    with (
        running_world(certificate=certificate, answer_s=0.4) as world,
        connection_to(world, certificate) as connection,
    ):
        world.answer(GetPhoto=send_picture)
        request = f"GET /api/photos/{ID}/original HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        connection.sendall(request.encode())
        wait_until(lambda: bool(world.services.calls) and not world.services.running)
        assert len(receive_all(connection)) < PICTURE_BYTES


def test_a_slow_reader_gets_the_whole_response(certificate: Certificate) -> None:
    with (
        running_world(certificate=certificate, answer_s=2) as world,
        connection_to(world, certificate) as connection,
    ):
        world.answer(GetPhoto=send_picture)
        request = f"GET /api/photos/{ID}/original HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        connection.sendall(request.encode())
        received, rounds, pause = 0, 0, Event()
        while received < PICTURE_BYTES:
            chunk = connection.recv(1 << 20)
            assert chunk
            received, rounds = received + len(chunk), rounds + 1
            if rounds < 100:
                pause.wait(ROUND_S)


def test_an_upload_without_a_slot_is_rejected_before_its_body(certificate: Certificate) -> None:
    with (
        running_world(certificate=certificate, bounds=Bounds(selfies=0, waiting=0)) as world,
        connection_to(world, certificate) as connection,
    ):
        connection.sendall(UPLOAD % TOKEN.encode())
        answer = b""
        while not answer.endswith(b"}"):
            answer += connection.recv(65536)
        for _ in range(3):  # the gateway still reads, because a reset could lose the response
            connection.sendall(b"x" * 65536)
            Event().wait(ROUND_S)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"connection: close" in head
    assert b'"reason":"overloaded"' in body


def write_locked_key(certificate: Certificate, path: Path) -> Path:
    key = load_pem_private_key(certificate.key.read_bytes(), None)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    return path


@pytest.mark.parametrize(
    ("chain", "key", "words"),
    [
        ("{chain}", "", "GATEWAY_TLS_CERT and GATEWAY_TLS_KEY go together"),
        ("", "{key}", "GATEWAY_TLS_CERT and GATEWAY_TLS_KEY go together"),
        ("{folder}/nothing.pem", "{key}", "GATEWAY_TLS_CERT: Path does not point to a file"),
        ("{key}", "{key}", "are not a certificate and its private key"),
        ("{chain}", "{other}", "are not a certificate and its private key"),
        ("{chain}", "{locked}", "are not a certificate and its private key (PEM, without a password)"),
    ],
)
def test_an_unusable_certificate_stops_the_start_with_one_line(
    certificate: Certificate, tmp_path: Path, chain: str, key: str, words: str
) -> None:
    files = {
        "chain": certificate.chain,
        "key": certificate.key,
        "folder": tmp_path,
        "other": make_certificate(tmp_path / "other").key,
        "locked": write_locked_key(certificate, tmp_path / "locked.pem"),
    }
    settings = {f"{service}_ADDRESS": "localhost:1" for service in ("AUTH", "SELFIE", "MATCHER")}
    settings |= {"GATEWAY_TLS_CERT": chain.format(**files), "GATEWAY_TLS_KEY": key.format(**files)}
    with running_process(**settings, GATEWAY_PORT=str(free_port())) as process:
        output = process.communicate(timeout=60)[0].decode()
    assert process.returncode == 2
    assert len(output.splitlines()) == 1
    assert words in output


@pytest.mark.parametrize("workers", ["1", "2"])
def test_every_worker_serves_all_addresses(certificate: Certificate, workers: str) -> None:
    port = free_port()
    trusting = ssl.create_default_context(cafile=certificate.chain)
    with running_services() as (_, address):
        settings = {f"{name}_ADDRESS": address for name in ("AUTH", "SELFIE", "MATCHER")}
        settings |= {"GATEWAY_TLS_CERT": str(certificate.chain), "GATEWAY_TLS_KEY": str(certificate.key)}
        more = {"GATEWAY_HOST": "::", "GATEWAY_PORT": str(port), "GATEWAY_WORKERS": workers}
        with running_process(**settings, **more):
            ends_at = time.monotonic() + START_S
            for host in ("localhost", "127.0.0.1", "[::1]"):
                while True:
                    assert time.monotonic() < ends_at
                    with suppress(httpx2.TransportError):
                        answer = httpx2.get(f"https://{host}:{port}/healthz", verify=trusting, timeout=10)
                        break
                assert answer.status_code == 200
