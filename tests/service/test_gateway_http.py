"""HTTP as clients and proxies speak it: HEAD, OPTIONS, Allow, unknown parameters, prefixes, proxies, CORS."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI, Request
from google.protobuf.duration_pb2 import Duration
from starlette.routing import Match

from gateway.http.cookies import ACCESS as COOKIE
from gateway.http.methods import allowed_methods
from gateway.http.site import Site, accept_proxies, listen_everywhere
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import matcher_pb2, photo_pb2
from protos.selfie.v1 import selfie_pb2
from tests.service.gateway_fixtures import shared as shared
from tests.service.gateway_fixtures import world as world
from tests.service.gateway_world import SIGNED, TOKEN, World, problem, running_world

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
    "/api/rematch-status",
    "/api/events",
    f"/api/events/{EVENT}",
    f"/api/events/{EVENT}/guests",
    f"/api/events/{EVENT}/photos",
    f"/api/my-photos.zip?event_id={EVENT}",
    f"/api/events/{EVENT}/photos.zip",
]


# Not subtests: each of them swaps the standard output, to which the gateway's thread may just be writing.
@pytest.mark.parametrize("path", READABLE)
def test_head_answers_as_get_does_without_a_body(world: World, path: str) -> None:
    got = world.client.get(path, headers=SIGNED)
    head = world.client.head(path, headers=SIGNED)
    assert (head.status_code, head.content) == (got.status_code, b"")
    names = ("content-type", "content-length", "location")
    assert {name: head.headers.get(name) for name in names} == {name: got.headers.get(name) for name in names}


def test_head_of_a_stream_ends_at_once(world: World) -> None:
    world.answer(GetRematchState=PENDING)
    answer = world.client.head("/api/rematch-events", headers=SIGNED)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")
    asked = 0
    while asked != len(world.services.calls):  # each round outlasts several questions of a stream that lives
        asked = len(world.services.calls)
        assert asked < 100
        for _ in range(50):
            world.client.get("/healthz")


def test_head_is_refused_where_get_is(world: World) -> None:
    assert world.client.head("/api/me").status_code == 401
    assert world.client.head("/api/nothing").status_code == 404
    answer = world.client.head("/api/login")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
    assert not world.services.calls


def test_the_cookie_is_good_for_head(world: World) -> None:
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
def test_allow_names_every_method_of_an_address(world: World, path: str, allowed: str) -> None:
    refused = world.client.put(path, headers=SIGNED)
    assert problem(refused) == (405, "method_not_allowed")
    assert refused.headers["allow"] == allowed
    asked = world.client.options(path)
    assert (asked.status_code, asked.headers["allow"], asked.content) == (204, allowed, b"")
    assert problem(world.client.request("TRACE", path)) == (405, "method_not_allowed")


def test_options_of_an_unknown_address_is_not_found(world: World) -> None:
    assert problem(world.client.options("/api/nothing")) == (404, "not_found")


def test_only_full_matches_count_as_methods() -> None:
    """Control of `Allow`: with the methods of the first route alone, two of four would be missing."""

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


@pytest.fixture(scope="module", params=["removes", "keeps"])
def prefixed(request: pytest.FixtureRequest) -> Iterator[tuple[World, str]]:
    """A gateway behind a proxy that shows it under /photos, and what the proxy puts before a path."""
    with running_world(Site(root_path="/photos")) as world:
        yield world, "/photos" if request.param == "keeps" else ""


def test_links_begin_with_the_prefix_of_the_proxy(prefixed: tuple[World, str]) -> None:
    world, before = prefixed
    match = matcher_pb2.Match(photo_id=PHOTO, event_id=EVENT)
    photo = photo_pb2.Photo(photo_id=PHOTO, event_id=EVENT, state=photo_pb2.PHOTO_STATE_INDEXED)
    world.answer(
        ListMatches=matcher_pb2.ListMatchesResponse(matches=[match]),
        ListPhotos=photo_pb2.ListPhotosResponse(photos=[photo]),
        Login=auth_pb2.LoginResponse(user_id="u", tokens=TOKENS),
    )
    for path in ("/api/my-photos", f"/api/events/{EVENT}/photos"):
        (shown,) = world.client.get(before + path, headers=SIGNED).json()["photos"]
        for variant in ("thumb", "medium", "preview", "original"):
            assert shown[f"{variant}_url"] == f"/photos/api/photos/{PHOTO}/{variant}"
    for page in ("/", "/docs", "/e/7K3F-9QXA"):
        assert '"/photos/assets/' in world.client.get(before + page).text
    assert '"/photos/openapi.json"' in world.client.get(f"{before}/docs").text
    assert world.client.get(f"{before}/openapi.json").json()["servers"] == [{"url": "/photos"}]
    assert "Path=/photos/api;" in world.client.post(f"{before}/api/login", json=LOGIN).headers["set-cookie"]
    refused = world.client.put(f"{before}/api/me")
    assert (problem(refused)[0], refused.headers["allow"]) == (405, "GET, HEAD, DELETE, OPTIONS")
    assert problem(world.client.get(f"{before}/photosapi/me"))[0] == 404


def is_secure(world: World, headers: dict[str, str]) -> bool:
    """Whether a login under these headers counts as one over HTTPS."""
    world.answer(Login=auth_pb2.LoginResponse(user_id="u", tokens=TOKENS))
    answer = world.client.post("/api/login", json=LOGIN, headers=headers)
    assert answer.status_code == 200
    return "Secure" in answer.headers["set-cookie"]


def test_a_forwarded_scheme_counts_only_from_a_trusted_proxy(world: World) -> None:
    """The second half is the control: the same header is believed where the sender is trusted."""
    forwarded = {"x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.1"}
    assert not is_secure(world, {})
    assert not is_secure(world, forwarded)
    with running_world(Site(trusted_proxies=("10.0.0.0/8",))) as distrusting:
        assert not is_secure(distrusting, forwarded)
    with running_world(Site(trusted_proxies=("127.0.0.0/8",))) as trusting:
        assert is_secure(trusting, forwarded)
        assert not is_secure(trusting, {"x-forwarded-proto": "http"})
        assert not is_secure(trusting, {})


FORWARDED = [
    ("127.0.0.0/8", "192.0.2.1", "192.0.2.1"),
    ("127.0.0.0/8", "1.2.3.4, 192.0.2.1, 127.0.0.9", "192.0.2.1"),  # what the client wrote before it counts for nothing
    ("10.0.0.0/8", "192.0.2.1", "127.0.0.1"),
    ("", "192.0.2.1", "127.0.0.1"),
]


@pytest.mark.parametrize(("trusted", "forwarded", "client"), FORWARDED)
def test_the_address_of_a_client_is_the_last_one_that_is_no_trusted_proxy(
    trusted: str, forwarded: str, client: str
) -> None:
    """No response shows the address, so a route of the test does."""
    app = FastAPI()

    @app.get("/address")
    async def show(request: Request) -> str:
        return request.client.host if request.client else ""

    async def ask() -> object:
        proxy = httpx2.ASGITransport(app, client=("127.0.0.1", 1))
        async with httpx2.AsyncClient(transport=proxy, base_url="http://gateway") as browser:
            return (await browser.get("/address", headers={"x-forwarded-for": forwarded})).json()

    accept_proxies(app, Site(trusted_proxies=(trusted,) if trusted else ()))
    assert asyncio.run(ask()) == client


@pytest.mark.parametrize("sent", [b"GET /api/me?\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\r\n\r\n"])
def test_what_is_not_http_gets_a_problem(world: World, sent: bytes) -> None:
    head, _, body = world.send_raw(sent).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert json.loads(body)["reason"] == "bad_request"


def test_a_parameter_that_is_given_twice_is_rejected(world: World) -> None:
    answer = world.client.get(f"/api/events/{EVENT}/photos?status=failed&status=indexed", headers=SIGNED)
    assert problem(answer) == (400, "invalid_argument")
    assert answer.json()["errors"][0]["field"] == "status"


def test_a_name_that_is_given_twice_is_malformed(world: World) -> None:
    sent = b'{"event_code": "7K3F9QXA", "event_code": "7K3F9QXB"}'
    answer = world.client.post("/api/check-event-code", content=sent, headers={"content-type": "application/json"})
    assert problem(answer) == (400, "malformed_json")


OURS, THEIRS = "https://party.example", "https://evil.example"


@pytest.fixture(scope="module")
def open_world() -> Iterator[World]:
    with running_world(Site(cors_origins=(OURS,))) as world:
        yield world


def preflight(world: World, origin: str) -> Any:
    asked = {"access-control-request-method": "PATCH", "access-control-request-headers": "authorization, content-type"}
    return world.client.options(f"/api/events/{EVENT}", headers={"origin": origin, **asked})


def test_pages_of_a_configured_origin_may_call(open_world: World) -> None:
    allowed = preflight(open_world, OURS)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, OURS)
    assert "PATCH" in allowed.headers["access-control-allow-methods"]
    assert "authorization" in allowed.headers["access-control-allow-headers"].lower()
    answer = open_world.client.get("/api/me", headers={"origin": OURS})
    assert problem(answer) == (401, "invalid_token")
    assert answer.headers["access-control-allow-origin"] == OURS
    assert "x-request-id" in answer.headers["access-control-expose-headers"]
    for response in (allowed, answer):
        assert "access-control-allow-credentials" not in response.headers


def test_pages_of_other_origins_may_not(open_world: World, world: World) -> None:
    for somebody, origin in ((open_world, THEIRS), (open_world, "null"), (world, OURS)):
        for answer in (preflight(somebody, origin), somebody.client.get("/healthz", headers={"origin": origin})):
            assert "access-control-allow-origin" not in answer.headers


def test_the_address_of_all_ipv6_serves_ipv4_too() -> None:
    """Under its plain address, so that networks of TRUSTED_PROXIES match it."""
    sockets = listen_everywhere(0)
    try:
        port = sockets[0].getsockname()[1]
        for host in ("127.0.0.1", "::1"):
            with closing(socket.create_connection((host, port), 5)) as client:
                listener = next(s for s in sockets if s.family == client.family)
                with closing(listener.accept()[0]) as accepted:
                    assert accepted.getpeername()[0] == host
    finally:
        for listening in sockets:
            listening.close()
