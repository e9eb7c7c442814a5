"""Request bodies: tokens are verified first, times are limited, and complete files of broken uploads are kept."""

import socket
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.http.limiters import OpenBodies
from gateway.http.limits import Bounds
from gateway.photos import upload as photo_upload
from kit.rpc.identity import USER_ISSUER, Signer
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import photo_pb2 as pb
from protos.selfie.v1 import selfie_pb2
from tests.gateway.world import KEY, SIGNED, TOKEN, USER_ID, World, running_world
from tests.selfie.world import wait_until

EVENT = "3f2b8c1e-0000-4000-8000-000000000001"
SELFIE = "/api/upload-selfie"
PHOTOS = f"/api/events/{EVENT}/photos"
FORM = "multipart/form-data; boundary=b"
JPEG = b"\xff\xd8\xff\xe0" + b"jpeg"
LOGIN = b"POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nContent-Type: application/json\r\n\r\n{"


def part(name: str, filename: str, data: bytes = JPEG) -> bytes:
    disposition = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
    return disposition.encode() + data + b"\r\n"


def head(path: str, *headers: str, method: str = "POST", token: str = TOKEN) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", *headers, "", ""]
    return "\r\n".join(lines).encode()


def upload_head(path: str, length: int) -> bytes:
    return head(path, f"Content-Type: {FORM}", f"Content-Length: {length}")


@contextmanager
def connection(world: World, *parts: bytes) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", world.port), timeout=10) as opened:
        for sent in parts:
            opened.sendall(sent)
        yield opened


OTHER_KEY = Ed25519PrivateKey.generate()
TOKENS = {
    "none": "",
    "not a token": "t",
    "shaped like a token": "header.payload.signature",
    "of another key": Signer(USER_ISSUER, OTHER_KEY).sign(str(USER_ID), 60),
    "expired": Signer(USER_ISSUER, KEY).sign(str(USER_ID), -60),
    "of an unknown subject": Signer(USER_ISSUER, KEY).sign("no UUID", 60),
}
BODIES = {
    "selfie": ("POST", SELFIE, FORM),
    "photos": ("POST", PHOTOS, FORM),
    "event": ("POST", "/api/events", "application/json"),
    "change": ("PATCH", f"/api/events/{EVENT}", "application/json"),
    "join": ("POST", "/api/join-event", "application/json"),
}


def answer_to_head(world: World, body: str, token: str) -> bytes:
    """The status line in response to a request whose body waits for `100 Continue`."""
    method, path, content_type = BODIES[body]
    more = f"Content-Type: {content_type}", "Content-Length: 50000", "Expect: 100-continue"
    with connection(world, head(path, *more, method=method, token=token)) as opened:
        return opened.recv(65536).partition(b"\r\n")[0]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("body", BODIES)
def test_without_a_valid_token_no_body_is_read(world: World, body: str, token: str) -> None:
    assert answer_to_head(world, body, TOKENS[token]).startswith(b"HTTP/1.1 401")
    assert not world.services.calls


@pytest.mark.parametrize("body", BODIES)
def test_control_with_a_valid_token_the_body_is_read(world: World, body: str) -> None:
    assert answer_to_head(world, body, TOKEN).startswith(b"HTTP/1.1 100")


@pytest.mark.parametrize(
    ("path", "form"),
    [("/api/login", {"username": "a", "password": "b"}), ("/api/check-event-code", {"event_code": "C"})],
)
def test_a_public_route_reads_its_body_without_a_token(world: World, path: str, form: dict[str, str]) -> None:
    for headers in ({}, {"authorization": "Bearer expired"}):
        answer = world.client.post(path, json=form, headers=headers)
        assert answer.is_success


def test_a_too_large_content_length_is_rejected_before_the_body(world: World) -> None:
    more = f"Content-Type: {FORM}", "Expect: 100-continue", "Content-Length: 99999999999"
    answer = world.send_raw(head(SELFIE, *more))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer.lower()


def test_a_body_longer_than_its_content_length_is_not_read_further(world: World) -> None:
    answer = world.send_raw(upload_head(SELFIE, 10), part("file", "a"), bytes(4_000_000))
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")  # a reset connection may lose the response
    assert not world.services.calls
    assert world.client.get("/healthz").is_success


def test_an_endless_chunked_body_is_rejected_at_the_limit(world: World) -> None:
    chunk = b"%x\r\n%s\r\n" % (1 << 20, bytes(1 << 20))
    begin = part("file", "a", b"")[:-2]
    opening = head(SELFIE, f"Content-Type: {FORM}", "Transfer-Encoding: chunked")
    answer = world.send_raw(opening, b"%x\r\n%s\r\n" % (len(begin), begin), *[chunk] * 17)
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_body_with_a_token_can_pause_without_holding_a_slot() -> None:
    bounds = Bounds(selfies=1, photos=1, waiting=0)
    body = part("file", "a") + b"--b--\r\n"
    with running_world(bounds=bounds, body_s=0.2) as world:
        world.answer(AddPhotos=keep)
        for path in (SELFIE, PHOTOS):
            with connection(world, upload_head(path, len(body)), body[:60]) as opened:
                Event().wait(0.5)  # longer than the limit for a body without a token
                for other in (SELFIE, PHOTOS):
                    assert world.client.post(other, files={"file": ("b", JPEG)}, headers=SIGNED).status_code == 202
                opened.sendall(body[60:])
                assert opened.recv(65536).startswith(b"HTTP/1.1 202")


def test_a_body_with_a_token_that_pauses_too_long_times_out() -> None:
    with running_world(pause_s=0.2) as world:
        answer = world.send_raw(upload_head(SELFIE, 1000), part("file", "a"))
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"request_timeout" in answer


def test_a_body_without_a_token_has_a_total_time_limit() -> None:
    with running_world(body_s=0.5) as world, connection(world, LOGIN) as opened:
        opened.settimeout(0.02)
        for _ in range(200):  # it never pauses
            opened.sendall(b" ")
            try:
                assert opened.recv(65536).startswith(b"HTTP/1.1 408")
                break
            except TimeoutError:
                continue
        else:
            raise AssertionError


def keep(messages: list[pb.AddPhotosRequest]) -> pb.AddPhotosResponse:
    return pb.AddPhotosResponse(photos=[pb.AddedPhoto(photo_id="p", state=pb.PHOTO_STATE_PENDING)])


def handed_on(world: World) -> list[str]:
    return [call.request[0].header.filename for call in world.services.calls if call.method == "AddPhotos"]


FILES = [part("files", name, JPEG + bytes(100_000)) for name in "abc"]


def test_a_photo_is_forwarded_before_the_body_is_complete(world: World) -> None:
    world.answer(AddPhotos=keep)
    with connection(world, upload_head(PHOTOS, 1_000_000), FILES[0], FILES[1]):
        wait_until(lambda: handed_on(world) == ["a"])


def drop_in_the_middle(world: World) -> None:
    world.answer(AddPhotos=keep)
    with connection(world, upload_head(PHOTOS, 1_000_000), FILES[0], FILES[1], FILES[2][:50_000]):
        wait_until(lambda: any(call.method == "CheckUpload" for call in world.services.calls))
        Event().wait(0.2)


def test_complete_files_are_kept_when_the_connection_drops(world: World) -> None:
    drop_in_the_middle(world)
    wait_until(lambda: sorted(handed_on(world)) == ["a", "b"])


def test_control_files_held_until_the_body_is_complete_are_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    receive: Callable[..., AsyncGenerator[Any]] = photo_upload.receive_files

    async def receive_all(*arguments: Any) -> AsyncGenerator[Any]:
        files: list[Any] = []
        try:
            async for file in receive(*arguments):
                files.append(file)
            while files:
                yield files.pop(0)
        finally:
            for file in files:
                file.close()

    monkeypatch.setattr(photo_upload, "receive_files", receive_all)
    drop_in_the_middle(world)
    Event().wait(0.3)
    assert handed_on(world) == []


BOUNDS = Bounds(bodies=5, bodies_per_caller=2)
CROWD = 20


def all_is_well(world: World) -> bool:
    """Whether a login and an upload succeed while many bodies without tokens are open."""
    with ExitStack() as stack:
        crowd = [stack.enter_context(connection(world, LOGIN)) for _ in range(CROWD)]
        crowd[0].settimeout(5)
        with_token = world.client.post(SELFIE, files={"file": ("b", JPEG)}, headers=SIGNED)
        without = world.client.post("/api/login", json={"username": "a", "password": "b"})
        return with_token.status_code == 202 and without.status_code == 200


def test_many_bodies_without_tokens_do_not_block_logins() -> None:
    with running_world(bounds=BOUNDS) as world:
        world.answer(Login=auth_pb2.LoginResponse(), UploadSelfie=selfie_pb2.UploadSelfieResponse())
        assert all_is_well(world)
        with ExitStack() as stack:
            crowd = [stack.enter_context(connection(world, LOGIN)) for _ in range(CROWD)]
            assert crowd[0].recv(65536).startswith(b"HTTP/1.1 408")  # the oldest is evicted


def test_control_without_a_separate_count_bodies_without_tokens_block_logins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Blind(OpenBodies):
        def admits(self, caller: Any) -> bool:
            return len(self._others) + self._verified.total() < self._count

    monkeypatch.setattr("gateway.http.limiters.OpenBodies", Blind)
    with running_world(bounds=BOUNDS) as world:
        wait_until(lambda: not all_is_well(world))


def test_the_open_bodies_of_one_user_are_limited() -> None:
    with running_world(bounds=BOUNDS) as world, ExitStack() as stack:
        for _ in range(BOUNDS.bodies_per_caller):
            stack.enter_context(connection(world, upload_head(SELFIE, 1000)))

        def upload(headers: dict[str, str]) -> int:
            return world.client.post(SELFIE, files={"file": ("b", JPEG)}, headers=headers).status_code

        wait_until(lambda: upload(SIGNED) == 503)
        other = Signer(USER_ISSUER, KEY).sign("3f2b8c1e-0000-4000-8000-0000000000ff", 60)
        assert upload({"authorization": f"Bearer {other}"}) == 202
