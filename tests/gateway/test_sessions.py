"""Sessions of pages: their cookies, and the requests that cookies authenticate."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import segno
from google.protobuf.duration_pb2 import Duration

from auth_service.domain import InvalidRefreshToken, InvalidSignInLink, UserNotFound
from gateway.http.site import Site
from kit.errors import DatabaseUnavailable, InvalidToken
from protos.auth.v1 import auth_pb2 as pb
from protos.selfie.v1 import selfie_pb2
from tests.gateway.world import SIGNED, TOKEN, World, problem, running_world

TOKENS = pb.TokenPair(
    access_token=TOKEN,
    refresh_token="r1",
    expires_in=Duration(seconds=900),
    refresh_expires_in=Duration(seconds=15_000_000),
)
GUEST = pb.CreateGuestResponse(user_id="u", event_id="e", event_name="Wedding", tokens=TOKENS, waiting=True)
OWN_PAGE = {"sec-fetch-site": "same-origin"}
FORM = {"event_code": "7k3f 9qxa", "display_name": "Gina", "consent_version": "1"}


@pytest.fixture(autouse=True)
def no_cookies(world: World) -> None:
    world.client.cookies.clear()


def enter(world: World, **headers: str) -> httpx2.Response:
    world.answer(CreateGuest=GUEST)
    return world.client.post("/api/guest-sessions", json=FORM, headers=headers)


def cookies_of(answer: httpx2.Response) -> dict[str, str]:
    """The `Set-Cookie` headers by cookie name."""
    return {header.partition("=")[0]: header for header in answer.headers.get_list("set-cookie")}


def test_a_guest_gets_tokens_and_cookies(world: World) -> None:
    request_id = str(uuid4())
    answer = enter(world, **{"idempotency-key": request_id})
    assert answer.status_code == 201
    assert answer.json() == {
        "user_id": "u",
        "event_id": "e",
        "event_name": "Wedding",
        "waiting": True,
        "access_token": TOKEN,
        "refresh_token": "r1",
        "token_type": "bearer",
        "expires_in": 900,
    }
    sent = world.services.sent("CreateGuest")
    assert (sent.event_code, sent.display_name, sent.consent_version) == ("7k3f 9qxa", "Gina", "1")
    assert sent.request_id == request_id
    assert not sent.without_search, "older pages do not send `search`"
    cookies = cookies_of(answer)
    for name, path, age in (("minois_token", "/api", 900), ("minois_refresh", "/api/refresh", 15_000_000)):
        assert all(part in cookies[name] for part in ("HttpOnly", "SameSite=strict", f"Path={path};", f"Max-Age={age}"))
        assert "Secure" not in cookies[name]


def test_a_guest_without_a_selfie_is_not_searched(world: World) -> None:
    world.answer(CreateGuest=GUEST)
    world.client.post("/api/guest-sessions", json={"event_code": "C", "search": False})
    assert world.services.sent("CreateGuest").without_search


def test_a_guessable_idempotency_key_is_rejected(world: World) -> None:
    answer = enter(world, **{"idempotency-key": "1"})
    assert problem(answer) == (400, "invalid_argument")
    assert not world.services.calls


@pytest.fixture(scope="module")
def secure_world() -> Iterator[World]:
    with running_world(Site(root_path="/photos", trusted_proxies=("127.0.0.1",))) as world:
        yield world


def test_over_https_cookie_names_have_protected_prefixes(secure_world: World) -> None:
    answer = enter(secure_world, **{"x-forwarded-proto": "https"})
    cookies = cookies_of(answer)
    assert set(cookies) == {"__Host-minois_token", "__Secure-minois_refresh", "__Secure-minois_renewable"}
    assert "Path=/;" in cookies["__Host-minois_token"]
    assert "Path=/photos/api/refresh;" in cookies["__Secure-minois_refresh"]
    assert all("Secure" in cookie for cookie in cookies.values())
    secure_world.answer(GetRematchState=selfie_pb2.GetRematchStateResponse())
    for name, status in (("__Host-minois_token", 200), ("minois_token", 401)):
        headers = {"x-forwarded-proto": "https", "cookie": f"{name}={TOKEN}"}
        assert secure_world.client.get("/api/rematch-status", headers=headers).status_code == status, name


def test_public_url_determines_cookies_origins_and_links() -> None:
    """This works behind a proxy that does not forward the scheme and that sends its own host name."""
    with running_world(Site(public_origin="https://photos.example")) as world:
        cookies = cookies_of(enter(world))
        assert all(name.startswith("__") and "Secure" in cookie for name, cookie in cookies.items())
        world.answer(CreateSignInLink=pb.CreateSignInLinkResponse(token="t"))
        for origin, status in (("https://photos.example", 201), ("https://elsewhere.example", 401)):
            headers = {"origin": origin, "cookie": f"__Host-minois_token={TOKEN}"}
            answer = world.client.post("/api/me/sign-in-links", headers=headers)
            assert answer.status_code == status, origin
            if status == 201:
                address = segno.make_qr("https://photos.example/sign-in#t")
                assert answer.json()["qr_svg"] == address.svg_data_uri(border=2)


ORIGINS = [
    ({"sec-fetch-site": "same-origin"}, True),
    ({"sec-fetch-site": "same-origin", "origin": "http://elsewhere.example"}, True),
    ({"origin": "http://{host}"}, True),
    ({}, False),
    ({"sec-fetch-site": "cross-site"}, False),
    ({"sec-fetch-site": "same-site"}, False),
    ({"sec-fetch-site": "none"}, False),
    ({"sec-fetch-site": "cross-site", "origin": "http://{host}"}, False),
    ({"origin": "http://elsewhere.example"}, False),
    ({"origin": "null"}, False),
]


@pytest.mark.parametrize(("headers", "allowed"), ORIGINS)
def test_a_cookie_authenticates_changes_only_from_the_own_pages(
    world: World, headers: dict[str, str], allowed: bool
) -> None:
    host = f"{world.client.base_url.host}:{world.port}"
    headers = {name: value.format(host=host) for name, value in headers.items()}
    headers |= {"cookie": f"minois_token={TOKEN}"}
    world.answer(UploadSelfie=selfie_pb2.UploadSelfieResponse(selfie_id="s"))
    changes = (
        world.client.post("/api/rematch", headers=headers),
        world.client.delete("/api/my-selfie", headers=headers),
        world.client.post("/api/join-event", json={"event_code": "C"}, headers=headers),
        world.client.post("/api/upload-selfie", files={"file": b"\xff\xd8\xff"}, headers=headers),
    )
    assert [answer.status_code == 401 for answer in changes] == [not allowed] * 4
    assert world.client.get("/api/rematch-status", headers=headers).status_code == 200
    if allowed:
        assert world.services.calls[0].metadata["authorization"] == f"Bearer {TOKEN}"


def test_a_bearer_token_is_accepted_from_any_origin(world: World) -> None:
    headers = {**SIGNED, "sec-fetch-site": "cross-site", "origin": "http://elsewhere.example"}
    assert world.client.post("/api/rematch", headers=headers).status_code == 202


def test_a_page_can_renew_its_cookies_without_a_body(world: World) -> None:
    world.answer(RefreshToken=pb.RefreshTokenResponse(tokens=TOKENS))
    answer = world.client.post("/api/refresh", headers={**OWN_PAGE, "cookie": "minois_refresh=r0"})
    assert (answer.status_code, answer.json()["refresh_token"]) == (200, "r1")
    assert world.services.sent("RefreshToken").refresh_token == "r0"
    assert set(cookies_of(answer)) == {"minois_token", "minois_refresh", "minois_renewable"}
    world.services.calls.clear()
    world.answer(RefreshToken=InvalidRefreshToken())
    foreign = world.client.post("/api/refresh", headers={"sec-fetch-site": "cross-site", "cookie": "minois_refresh=r0"})
    assert problem(foreign) == (401, "invalid_refresh_token")
    assert world.services.sent("RefreshToken").refresh_token == ""


def test_a_present_body_must_still_be_json(world: World) -> None:
    answer = world.client.post("/api/refresh", content=b"{", headers={"content-type": "application/json"})
    assert problem(answer) == (400, "malformed_json")
    assert problem(world.client.post("/api/refresh", content=b"x")) == (415, "unsupported_media_type")


def test_signing_out_ends_the_session_of_the_cookie(world: World) -> None:
    answer = world.client.delete("/api/refresh", headers={**OWN_PAGE, "cookie": "minois_refresh=r0"})
    assert answer.status_code == 204
    assert world.services.sent("Logout").refresh_token == "r0"
    assert len(cookies_of(answer)) == 3
    assert all("Max-Age=0" in cookie for cookie in cookies_of(answer).values())
    world.services.calls.clear()
    assert world.client.delete("/api/refresh", headers=OWN_PAGE).status_code == 204
    assert not world.services.calls


ENDINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "DELETE /api/refresh": ("Logout", {}),
    "POST /api/logout": ("Logout", {"json": {"refresh_token": "r0"}}),
    "DELETE /api/me": ("DeleteUser", {}),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_ending_a_session_clears_the_browser_cache(world: World, ending: str) -> None:
    method, path = ending.split()
    rpc, request = ENDINGS[ending]
    headers = {**SIGNED, **OWN_PAGE, "cookie": "minois_refresh=r0"}
    answer = world.client.request(method, path, headers=headers, **request)
    assert (answer.status_code, answer.headers.get("clear-site-data")) == (204, '"cache"')
    world.answer(**{rpc: DatabaseUnavailable()})
    failed = world.client.request(method, path, headers=headers, **request)
    assert problem(failed) == (503, "database_unavailable")
    assert "clear-site-data" not in failed.headers


def test_renewing_a_session_keeps_the_browser_cache(world: World) -> None:
    world.answer(RefreshToken=pb.RefreshTokenResponse(tokens=TOKENS))
    renewed = world.client.post("/api/refresh", headers={**OWN_PAGE, "cookie": "minois_refresh=r0"})
    assert (renewed.status_code, "clear-site-data" in renewed.headers) == (200, False)


def test_the_session_is_returned_with_and_without_a_user(world: World) -> None:
    anonymous = world.client.get("/api/session")
    assert (anonymous.status_code, anonymous.json()["me"]) == (200, None)
    assert anonymous.json()["server"]["photos_per_request"] == 100
    world.answer(
        GetUser=pb.GetUserResponse(user_id="u", display_name="Gina"),
        GetRematchState=selfie_pb2.GetRematchStateResponse(),
    )
    me = world.client.get("/api/session", headers={"cookie": f"minois_token={TOKEN}"}).json()["me"]
    assert (me["user_id"], me["display_name"], me["username"]) == ("u", "Gina", "")
    for fault in (InvalidToken(), UserNotFound()):
        world.answer(GetUser=fault)
        gone = world.client.get("/api/session", headers={"cookie": f"minois_token={TOKEN}"})
        assert (gone.status_code, gone.json()["me"]) == (200, None)


def test_credentials_are_passed_on(world: World) -> None:
    form = {"username": "gina", "email": "gina@example.org", "password": "correct horse"}
    answer = world.client.post("/api/me/credentials", json=form, headers=SIGNED)
    assert (answer.status_code, answer.content) == (204, b"")
    assert world.services.sent("SetCredentials").username == "gina"


def test_a_link_has_its_token_in_the_fragment_and_is_used_only_by_post(world: World) -> None:
    world.answer(
        CreateSignInLink=pb.CreateSignInLinkResponse(token="secret", expires_in=Duration(seconds=600)),
        SignIn=pb.SignInResponse(user_id="u", event_id="e", tokens=TOKENS),
    )
    for path in ("/api/me/sign-in-links", f"/api/events/{uuid4()}/guests/{uuid4()}/sign-in-links"):
        answer = world.client.post(path, headers=SIGNED)
        link = answer.json()
        assert link.pop("qr_svg").startswith("data:image/svg+xml")
        assert (answer.status_code, link) == (
            201,
            {"token": "secret", "path": "/sign-in#secret", "expires_in": 600},
        )
    assert problem(world.client.get("/api/sign-in")) == (405, "method_not_allowed")
    signed_in = world.client.post("/api/sign-in", json={"token": "secret"})
    assert (signed_in.status_code, signed_in.json()["user_id"]) == (200, "u")
    assert set(cookies_of(signed_in)) == {"minois_token", "minois_refresh", "minois_renewable"}
    assert world.services.sent("SignIn").token == "secret"
    world.answer(SignIn=InvalidSignInLink())
    assert problem(world.client.post("/api/sign-in", json={"token": "x"})) == (401, "invalid_sign_in_link")
