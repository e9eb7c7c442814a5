"""The gateway behind proxies, on wildcard addresses, and for pages of other origins."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI, Request
from google.protobuf.duration_pb2 import Duration

from gateway.http.site import Site, accept_proxies, listen_everywhere
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import matcher_pb2, photo_pb2
from tests.gateway.world import SIGNED, TOKEN, World, problem, running_world

EVENT = str(UUID(int=7))
PHOTO = str(UUID(int=8))
TOKENS = auth_pb2.TokenPair(access_token=TOKEN, refresh_token="r1", expires_in=Duration(seconds=900))
LOGIN = {"username": "ada", "password": "correct horse"}


@pytest.mark.parametrize(
    ("days", "scheme", "expected"), [(365, "https", "max-age=31536000"), (365, "http", None), (0, "https", None)]
)
def test_hsts_is_sent_over_https_when_configured(days: int, scheme: str, expected: str | None) -> None:
    """All responses have the header, including problems and pages; browsers ignore it over plain HTTP."""
    with running_world(Site(trusted_proxies=("127.0.0.1",), hsts_days=days)) as world:
        for path in ("/", "/healthz", "/api/me", "/api/nothing"):
            answer = world.client.get(path, headers={"x-forwarded-proto": scheme})
            assert answer.headers.get("strict-transport-security") == expected, path


@pytest.fixture(scope="module", params=["removes", "keeps"])
def prefixed(request: pytest.FixtureRequest) -> Iterator[tuple[World, str]]:
    """A gateway behind a proxy that serves it under /photos, and the prefix that the proxy keeps in a path."""
    with running_world(Site(root_path="/photos")) as world:
        yield world, "/photos" if request.param == "keeps" else ""


def test_links_start_with_the_prefix_of_the_proxy(prefixed: tuple[World, str]) -> None:
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
    """Whether a login with these headers counts as HTTPS."""
    world.answer(Login=auth_pb2.LoginResponse(user_id="u", tokens=TOKENS))
    answer = world.client.post("/api/login", json=LOGIN, headers=headers)
    assert answer.status_code == 200
    return "Secure" in answer.headers["set-cookie"]


def test_a_forwarded_scheme_counts_only_from_a_trusted_proxy(world: World) -> None:
    """The second half is the control: the same header is accepted from a trusted sender."""
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
    ("127.0.0.0/8", "1.2.3.4, 192.0.2.1, 127.0.0.9", "192.0.2.1"),  # addresses that the client prepended are ignored
    ("10.0.0.0/8", "192.0.2.1", "127.0.0.1"),
    ("", "192.0.2.1", "127.0.0.1"),
]


@pytest.mark.parametrize(("trusted", "forwarded", "client"), FORWARDED)
def test_the_client_address_is_the_last_one_that_is_not_a_trusted_proxy(
    trusted: str, forwarded: str, client: str
) -> None:
    """No response shows the address, so the test adds a route that does."""
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


OURS, THEIRS = "https://party.example", "https://evil.example"


@pytest.fixture(scope="module")
def open_world() -> Iterator[World]:
    with running_world(Site(cors_origins=(OURS,))) as world:
        yield world


def preflight(world: World, origin: str) -> Any:
    asked = {"access-control-request-method": "PATCH", "access-control-request-headers": "authorization, content-type"}
    return world.client.options(f"/api/events/{EVENT}", headers={"origin": origin, **asked})


def test_pages_of_a_configured_origin_are_allowed(open_world: World) -> None:
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


def test_pages_of_other_origins_are_not_allowed(open_world: World, world: World) -> None:
    for served, origin in ((open_world, THEIRS), (open_world, "null"), (world, OURS)):
        for answer in (preflight(served, origin), served.client.get("/healthz", headers={"origin": origin})):
            assert "access-control-allow-origin" not in answer.headers


def test_the_ipv6_wildcard_address_serves_ipv4_too() -> None:
    """IPv4 clients have their plain address, so that networks of TRUSTED_PROXIES match it."""
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
