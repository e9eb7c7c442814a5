"""A selfie without a valid token is rejected before routing, with the response of its route."""

from collections.abc import Iterator
from uuid import uuid4

import httpx2
import pytest
from prometheus_client import REGISTRY
from starlette.types import Receive, Scope, Send

from gateway.http.cookies import ACCESS
from gateway.http.methods import Methods
from gateway.http.site import Site
from kit.rpc.identity import USER_ISSUER, Signer
from tests.gateway.world import KEY, SIGNED, TOKEN, World, problem, running_world
from tests.selfie.world import wait_until

PATH = "/api/upload-selfie"
SIGNER = Signer(USER_ISSUER, KEY)
HEADERS = {
    "none": {},
    "malformed": {"authorization": "Bearer no.valid.token"},
    "expired": {"authorization": f"Bearer {SIGNER.sign(str(uuid4()), -60)}"},
    "of a service": {"authorization": f"Bearer {SIGNER.sign_service()}"},
    "of another site": {"cookie": f"{ACCESS}={TOKEN}", "sec-fetch-site": "cross-site"},
    "of an allowed origin": {"origin": "https://photos.example.org"},
}


@pytest.fixture(scope="module")
def early() -> Iterator[World]:
    with running_world(Site(cors_origins=("https://photos.example.org",))) as world:
        yield world


@pytest.fixture
def routed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that reach the routes."""
    answer, paths = Methods.__call__, []

    async def count(self: Methods, scope: Scope, receive: Receive, send: Send) -> None:
        paths.append(scope.get("path", ""))
        await answer(self, scope, receive, send)

    monkeypatch.setattr(Methods, "__call__", count)
    return paths


def send(world: World, query: str = "", **headers: str) -> httpx2.Response:
    headers = {"x-request-id": "one-id", **headers}
    return world.client.post(f"{PATH}{query}", files={"file": b"jpeg"}, headers=headers)


def count_handled() -> float:
    return REGISTRY.get_sample_value("http_handled_total", {"method": "POST", "route": PATH, "status": "401"}) or 0.0


def describe(answer: httpx2.Response) -> tuple[int, dict[str, str], bytes]:
    """Everything but the time."""
    return answer.status_code, {**answer.headers, "date": ""}, answer.content


@pytest.mark.parametrize("kind", HEADERS)
def test_the_response_is_that_of_the_route(
    early: World, routed: list[str], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = count_handled()
    first = send(early, **HEADERS[kind])
    assert problem(first) == (401, "invalid_token")
    assert not routed
    wait_until(lambda: count_handled() == before + 1)
    monkeypatch.setattr("gateway.http.admission.SELFIE", "/nowhere")  # the control
    assert describe(send(early, **HEADERS[kind])) == describe(first)
    assert routed == [PATH]
    wait_until(lambda: count_handled() == before + 2)


def test_a_selfie_with_a_token_and_a_request_with_a_query_reach_the_route(early: World, routed: list[str]) -> None:
    assert send(early, **SIGNED).status_code == 202
    assert problem(send(early, "?wrong=1")) == (400, "unknown_parameter")
    assert problem(send(early, "?add=true")) == (401, "invalid_token")
    assert early.client.get(PATH).status_code == 405
    assert routed == [PATH] * 4
