"""Serving the built pages. `make pages` builds them, and `make test` runs it first."""

import asyncio
import gzip
import re
from collections.abc import Iterator
from uuid import UUID

import httpx2
import pytest

from gateway.app import create_app
from gateway.backends.channels import Addresses
from gateway.http.limits import Limits
from gateway.pages import WEB
from kit.settings import TlsSettings
from protos.auth.v1 import auth_pb2 as pb
from tests.gateway.world import SIGNED, VERIFIER, World, problem, running_world

FIRST_LOAD_BYTES = {"/": 40_000, "/organiser": 60_000}
ASSET = re.compile(r'"(/assets/[^"]+)"')
EVENT = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
GUEST = [
    "/",
    "/e/7K3F-9QXA?fbclid=x",
    "/e/7K3F-9QXA/",
    "/E/7K3F-9QXA",
    "/e/",
    "/e/%",
    f"/my/{EVENT}",
    "/sign-in",
    "/unsubscribe",
    "/password",
    "/email",
]
GUEST += ["/e/https%3A%2F%2Fparty.example%2Fe%2F7K3F-9QXA", f"/my/{EVENT}/", "/sign-in/"]
ORGANISER = [
    "/organiser",
    "/organiser/",
    "/organiser/new",
    "/organiser/account",
    f"/organiser/events/{EVENT}",
    f"/organiser/events/{EVENT}/poster",
    "/organiser/invitation",
]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with running_world() as running:
        yield running


def first_load(page: httpx2.Response) -> set[str]:
    """The assets that a browser loads for a page at first; the `old-` versions are only for old browsers."""
    return {path for path in ASSET.findall(page.text) if "/old-" not in path}


@pytest.mark.parametrize("path", GUEST + ORGANISER)
def test_every_page_url_returns_its_page(world: World, path: str) -> None:
    page = world.client.get(path)
    assert ("organiser" in page.text) == (path in ORGANISER)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["cache-control"] == "no-cache"
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "camera=(self)" in page.headers["permissions-policy"]
    again = world.client.get(path, headers={"if-none-match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert not re.search(r"<script(?! src)|style=|https?:", page.text), "the policy forbids it"


@pytest.mark.parametrize("path", ["/nothing", "/organiser/events/a/b/c", "/my", "/apis"])
def test_a_browser_at_an_unknown_path_gets_a_page(world: World, path: str) -> None:
    page = world.client.get(path, headers={"accept": "text/html,*/*;q=0.8", "accept-language": "fr"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert page.headers["cache-control"] == "no-cache"
    assert '<html lang="fr">' in page.text
    again = world.client.get(path, headers={"accept": "text/html", "if-none-match": page.headers["etag"]})
    assert again.status_code == 404
    assert problem(world.client.get(path, headers={"accept": "*/*"})) == (404, "not_found")


@pytest.mark.parametrize("path", ["/api/nothing", "/api", "/assets/nothing", "/assets/a/b", "/healthz/x", "/metrics"])
def test_unknown_api_and_asset_paths_return_problems(world: World, path: str) -> None:
    assert problem(world.client.get(path, headers={"accept": "text/html"})) == (404, "not_found")


@pytest.mark.parametrize(
    ("accepted", "cookie", "language"),
    [
        ("", "", "en"),
        ("fr", "", "fr"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "", "fr"),
        ("en-GB,en;q=0.9,fr;q=0.8", "", "en"),
        ("de,fr;q=0.5,en;q=0.3", "", "fr"),
        ("de,fr;q=0", "", "en"),
        ("nonsense;;q=x", "", "en"),
        ("en", "fr", "fr"),
        ("fr", "xx", "fr"),
    ],
)
def test_the_language_is_the_one_chosen_or_preferred(world: World, accepted: str, cookie: str, language: str) -> None:
    headers = {"accept-language": accepted, "cookie": f"minois_lang={cookie}"}
    page = world.client.get("/", headers=headers)
    assert f'<html lang="{language}">' in page.text
    assert page.headers["vary"] == "Accept-Language, Cookie"


@pytest.mark.parametrize("path", FIRST_LOAD_BYTES)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_first_load_is_small(world: World, language: str, path: str) -> None:
    page = world.client.get(path, headers={"accept-language": language})
    sizes = {asset: len(gzip.compress(world.client.get(asset).content)) for asset in first_load(page)}
    total = len(gzip.compress(page.content)) + sum(sizes.values())
    assert len(sizes) >= 4
    assert total <= FIRST_LOAD_BYTES[path], sizes


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_assets_are_compressed_and_cached_forever(world: World, encoding: str) -> None:
    assets = first_load(world.client.get("/"))
    assert assets
    for path in assets:
        asset = world.client.get(path, headers={"accept-encoding": encoding})
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert (asset.headers["content-encoding"], asset.headers["vary"]) == (encoding, "Accept-Encoding")
        plain = world.client.get(path, headers={"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == (WEB / path.removeprefix("/")).read_bytes()


@pytest.mark.parametrize("name", ["nothing.js", "..%2fguest.en.html", "%2e%2e/guest.en.html"])
def test_only_assets_are_served(world: World, name: str) -> None:
    assert problem(world.client.get(f"/assets/{name}"))[0] == 404


def test_the_api_docs_load_nothing_from_other_hosts(world: World) -> None:
    page = world.client.get("/docs")
    assert page.status_code == 200
    assert not re.search(r"https?:", page.text)
    assets = ASSET.findall(page.text)
    assert assets
    for path in assets:
        assert world.client.get(path).status_code == 200


def test_no_stylesheet_of_the_api_docs_loads_from_another_host(world: World) -> None:
    """The policy of the page forbids it, too."""
    page = world.client.get("/docs")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    styles = [path for path in ASSET.findall(page.text) if path.endswith(".css")]
    assert styles
    for path in styles:
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", world.client.get(path).text)


@pytest.mark.parametrize("shown", [True, False])
def test_the_api_docs_can_be_disabled(shown: bool) -> None:
    app = create_app(Addresses("a", "b", "c"), TlsSettings(), Limits(), VERIFIER, shows_docs=shown)

    async def ask() -> list[int]:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://here") as client:
            return [(await client.get(path)).status_code for path in ("/docs", "/openapi.json")]

    assert asyncio.run(ask()) == ([200, 200] if shown else [404, 404])


def test_a_later_consent_is_recorded(world: World) -> None:
    world.answer(RecordConsent=pb.RecordConsentResponse())
    form = {"event_id": str(UUID(int=7)), "consent_version": "2026-11"}
    assert world.client.post("/api/me/consents", json=form, headers=SIGNED).status_code == 204
    assert world.services.sent("RecordConsent").consent_version == "2026-11"


def test_a_session_reports_whether_it_can_be_renewed(world: World) -> None:
    for cookie, expected in (("", False), ("minois_renewable=1", True)):
        session = world.client.get("/api/session", headers={"cookie": cookie}).json()
        assert (session["me"], session["renewable"]) == (None, expected)
