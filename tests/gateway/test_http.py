"""HTTP semantics: HEAD, OPTIONS, Allow, unknown and duplicate parameters, malformed requests."""

import json
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.duration_pb2 import Duration
from starlette.routing import Match

from gateway.http.cookies import ACCESS as COOKIE
from gateway.http.methods import allowed_methods
from protos.auth.v1 import auth_pb2
from protos.selfie.v1 import selfie_pb2
from tests.gateway.world import SIGNED, TOKEN, World, problem

EVENT = str(UUID(int=7))
PHOTO = str(UUID(int=8))
TOKENS = auth_pb2.TokenPair(access_token=TOKEN, refresh_token="r1", expires_in=Duration(seconds=900))
LOGIN = {"username": "ada", "password": "correct horse"}
PENDING = selfie_pb2.GetRematchStateResponse(selfie_state=selfie_pb2.SELFIE_STATE_PENDING)

READABLE = [
    "/healthz",
    "/readyz",
    "/",
    "/docs",
    "/openapi.json",
    "/api/me",
    "/api/my-photos",
    "/api/my-selfie",
    "/api/people",
    "/api/rematch-status",
    "/api/events",
    f"/api/events/{EVENT}",
    f"/api/events/{EVENT}/guests",
    f"/api/events/{EVENT}/photos",
    f"/api/my-photos.zip?event_id={EVENT}",
    f"/api/events/{EVENT}/photos.zip",
]


# Not subtests, because each one replaces the standard output while the gateway's thread may be writing to it.
@pytest.mark.parametrize("path", READABLE)
def test_head_returns_the_headers_of_get_without_a_body(world: World, path: str) -> None:
    got = world.client.get(path, headers=SIGNED)
    head = world.client.head(path, headers=SIGNED)
    assert (head.status_code, head.content) == (got.status_code, b"")
    names = ("content-type", "content-length", "location")
    assert {name: head.headers.get(name) for name in names} == {name: got.headers.get(name) for name in names}


def test_head_of_an_event_stream_ends_immediately(world: World) -> None:
    world.answer(GetRematchState=PENDING)
    answer = world.client.head("/api/rematch-events", headers=SIGNED)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")
    asked = 0
    while asked != len(world.services.calls):  # each round lasts longer than several polls of an open stream
        asked = len(world.services.calls)
        assert asked < 100
        for _ in range(50):
            world.client.get("/healthz")


def test_head_is_rejected_where_get_is(world: World) -> None:
    assert world.client.head("/api/me").status_code == 401
    assert world.client.head("/api/nothing").status_code == 404
    answer = world.client.head("/api/login")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
    assert not world.services.calls


def test_the_cookie_authenticates_head_requests(world: World) -> None:
    assert world.client.head("/api/rematch-status", headers={"cookie": f"{COOKIE}={TOKEN}"}).status_code == 200


ALLOWED = [
    ("/api/login", "POST, OPTIONS"),
    ("/api/me", "GET, HEAD, DELETE, OPTIONS"),
    ("/api/my-selfie", "GET, HEAD, DELETE, OPTIONS"),
    ("/api/events", "GET, HEAD, POST, OPTIONS"),
    (f"/api/events/{EVENT}", "GET, HEAD, PATCH, DELETE, OPTIONS"),
    (f"/api/events/{EVENT}/photos", "GET, HEAD, POST, OPTIONS"),
    ("/api/my-photos.zip", "GET, HEAD, OPTIONS"),
    (f"/api/events/{EVENT}/photos.zip", "GET, HEAD, OPTIONS"),
    (f"/api/photos/{PHOTO}/thumb", "GET, HEAD, OPTIONS"),
    ("/healthz", "GET, HEAD, OPTIONS"),
]


@pytest.mark.parametrize(("path", "allowed"), ALLOWED)
def test_allow_lists_every_method_of_a_path(world: World, path: str, allowed: str) -> None:
    refused = world.client.put(path, headers=SIGNED)
    assert problem(refused) == (405, "method_not_allowed")
    assert refused.headers["allow"] == allowed
    asked = world.client.options(path)
    assert (asked.status_code, asked.headers["allow"], asked.content) == (204, allowed, b"")
    assert problem(world.client.request("TRACE", path)) == (405, "method_not_allowed")


def test_options_of_an_unknown_path_is_not_found(world: World) -> None:
    assert problem(world.client.options("/api/nothing")) == (404, "not_found")


def test_only_full_matches_count_as_methods() -> None:
    """With the methods of the first route alone, `Allow` would lack DELETE."""

    class Route:
        def __init__(self, method: str) -> None:
            self._method = method

        def matches(self, scope: dict[str, Any]) -> tuple[Match, dict[str, Any]]:
            return (Match.FULL if scope["method"] == self._method else Match.PARTIAL), {}

    class App:
        routes = (Route("GET"), Route("DELETE"))

    assert allowed_methods({"app": App(), "path": "/"}) == ("GET", "HEAD", "DELETE", "OPTIONS")


UNKNOWN = [
    ("GET", "/api/my-photos?event=1", "event", "cursor, "),
    ("GET", f"/api/events/{EVENT}/photos?limit=5&state=failed", "state", "cursor, "),
    ("GET", f"/api/events/{EVENT}/guests?page=2", "page", "cursor, limit"),
    ("GET", "/api/me?verbose", "verbose", ""),
    ("DELETE", "/api/me?really=1", "really", ""),
    ("POST", "/api/login?username=ada", "username", ""),
    ("HEAD", "/api/me?verbose", "verbose", ""),
    ("GET", f"/api/photos/{PHOTO}/thumb?widht=100", "widht", ""),
]


@pytest.mark.parametrize(("method", "path", "name", "known"), UNKNOWN)
def test_an_unknown_parameter_is_rejected_by_name(world: World, method: str, path: str, name: str, known: str) -> None:
    body = {"json": LOGIN} if method == "POST" else {}
    answer = world.client.request(method, path, headers=SIGNED, **body)
    assert answer.status_code == 400
    assert not world.services.calls
    if method != "HEAD":
        assert problem(answer) == (400, "unknown_parameter")
        (error,) = answer.json()["errors"]
        assert (error["field"], error["reason"]) == (name, "unknown_parameter")
        assert known in error["message"]


def test_known_parameters_and_links_to_pages_are_accepted(world: World) -> None:
    for path in (
        "/api/my-photos?limit=5&cursor=",
        f"/api/my-photos?event_id={EVENT}",
        "/healthz?fbclid=x",
        "/docs?utm=1",
    ):
        assert world.client.get(path, headers=SIGNED).status_code == 200


@pytest.mark.parametrize("sent", [b"GET /api/me?\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\r\n\r\n"])
def test_invalid_http_returns_a_problem(world: World, sent: bytes) -> None:
    head, _, body = world.send_raw(sent).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert json.loads(body)["reason"] == "bad_request"


def test_a_duplicate_parameter_is_rejected(world: World) -> None:
    answer = world.client.get(f"/api/events/{EVENT}/photos?status=failed&status=indexed", headers=SIGNED)
    assert problem(answer) == (400, "invalid_argument")
    assert answer.json()["errors"][0]["field"] == "status"


def test_a_duplicate_json_key_is_malformed(world: World) -> None:
    sent = b'{"event_code": "7K3F9QXA", "event_code": "7K3F9QXB"}'
    answer = world.client.post("/api/check-event-code", content=sent, headers={"content-type": "application/json"})
    assert problem(answer) == (400, "malformed_json")
