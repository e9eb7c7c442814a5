"""Rate limits: a request above the limit gets 429 with Retry-After and reaches no service."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import httpx2
import pytest

from gateway.http.rates import Rates, address_of, parse_rates
from gateway.http.site import Site
from kit.rpc.identity import USER_ISSUER, Signer
from tests.gateway.test_sessions import OWN_PAGE
from tests.gateway.world import KEY, SIGNED, World, problem, running_world

LOGIN = {"username": "ada", "password": "correct horse"}
USER = {**LOGIN, "email": "a@example.org"}
THREE = "3/minute"


def log_in(world: World, **headers: str) -> httpx2.Response:
    return world.client.post("/api/login", json=LOGIN, headers=headers)


ASK: dict[str, Callable[[World], httpx2.Response]] = {
    "codes": lambda world: world.client.post("/api/check-event-code", json={"event_code": "C"}),
    "availability": lambda world: world.client.post(
        "/api/check-user-availability", json={"event_code": "C", "username": "ada", "email": "a@example.org"}
    ),
    "guests": lambda world: world.client.post("/api/guest-sessions", json={"event_code": "C"}),
    "registrations": lambda world: world.client.post(
        "/api/register-with-event-code", json={"user_data": USER, "event_code": "C"}
    ),
    "logins": log_in,
    "passwords": log_in,
    "phones": lambda world: world.client.post("/api/guest-sessions", json={"event_code": "C"}, headers=OWN_PAGE),
    "address_selfies": lambda world: world.client.post(
        "/api/upload-selfie", files={"file": b"\xff\xd8\xff"}, headers=SIGNED
    ),
    "selfies": lambda world: world.client.post("/api/upload-selfie", files={"file": b"\xff\xd8\xff"}, headers=SIGNED),
}


@pytest.mark.parametrize("kind", ASK)
def test_a_request_above_the_limit_is_rejected_and_reaches_no_service(kind: str) -> None:
    with running_world(rates=Rates(**{kind: THREE})) as world:
        assert [ASK[kind](world).status_code < 300 for _ in range(3)] == [True] * 3
        calls = len(world.services.calls)
        answer = ASK[kind](world)
        assert problem(answer) == (429, "too_many_requests")
        assert 0 < int(answer.headers["retry-after"]) <= 60
        assert answer.headers["retry-after"] in answer.json()["detail"]
        assert len(world.services.calls) == calls


@pytest.mark.parametrize("kind", ASK)
def test_control_without_a_limit_all_requests_pass(kind: str) -> None:
    with running_world(rates=Rates(**{"passwords": "none", kind: "none"})) as world:
        assert all(ASK[kind](world).status_code < 300 for _ in range(12))


@pytest.fixture(scope="module")
def proxied() -> Iterator[World]:
    with running_world(Site(trusted_proxies=("127.0.0.1",)), rates=Rates(logins=THREE, passwords=THREE)) as world:
        yield world


def test_each_client_address_is_counted_separately(proxied: World) -> None:
    for address in ("198.51.100.1", "198.51.100.2"):
        headers = {"x-forwarded-for": address}
        assert [log_in(proxied, **headers).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_guessing_a_password_is_limited_for_every_spelling_of_the_name(proxied: World) -> None:
    def guess(name: str) -> int:
        headers = {"x-forwarded-for": "198.51.100.3"}
        return proxied.client.post("/api/login", json={**LOGIN, "username": name}, headers=headers).status_code

    assert [guess(name) for name in ("eve", "EVE", "Eve", "eve")] == [200, 200, 200, 429]


def test_other_browsers_and_api_clients_are_not_counted_with_a_phone() -> None:
    def enter(world: World, **headers: str) -> int:
        form = {"event_code": "C"}
        return world.client.post("/api/guest-sessions", json=form, headers=headers).status_code

    with running_world(rates=Rates(phones="1/minute")) as world:
        assert [enter(world, **OWN_PAGE) for _ in range(2)] == [201, 429]
        assert enter(world) == 201
        world.client.cookies.clear()
        assert enter(world, **OWN_PAGE) == 201


def test_the_accounts_of_an_address_share_its_selfie_limit() -> None:
    def send(world: World, account: int, address: str) -> int:
        token = Signer(USER_ISSUER, KEY).sign(str(UUID(int=account)), 60)
        headers = {"authorization": f"Bearer {token}", "x-forwarded-for": address}
        return world.client.post("/api/upload-selfie", files={"file": b"\xff\xd8\xff"}, headers=headers).status_code

    with running_world(Site(trusted_proxies=("127.0.0.1",)), rates=Rates(address_selfies=THREE)) as world:
        assert [send(world, account, "198.51.100.4") for account in range(1, 5)] == [202, 202, 202, 429]
        assert send(world, 1, "198.51.100.5") == 202


MB = 1_000_000


@pytest.mark.parametrize(("rate", "accepted"), [("6/minute", 2), ("none", 5)], ids=["limit", "control"])
def test_selfies_are_also_limited_by_their_bytes(rate: str, accepted: int) -> None:
    with running_world(rates=Rates(selfies="none", selfie_mb=rate)) as world:
        image = b"\xff\xd8\xff" + bytes(3 * MB)
        answers = [world.client.post("/api/upload-selfie", files={"file": image}, headers=SIGNED) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [202] * accepted + [429] * (5 - accepted)


def test_the_selfies_of_a_day_are_limited() -> None:
    """Each selfie may show another face, and a guest needs only a few."""
    (_, daily) = parse_rates(Rates.selfies)
    assert (daily.get_expiry(), daily.amount) == (86_400, 300)
    with running_world(rates=Rates(selfies="100/minute;3/day")) as world:
        answers = [ASK["selfies"](world) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert int(answers[-1].headers["retry-after"]) > 3_600


def test_a_selfie_above_the_byte_rate_is_still_accepted() -> None:
    with running_world(rates=Rates(selfies="none", selfie_mb="1/minute")) as world:
        image = b"\xff\xd8\xff" + bytes(3 * MB)
        assert world.client.post("/api/upload-selfie", files={"file": image}, headers=SIGNED).status_code == 202


class From:
    """A stub of a request from an address."""

    def __init__(self, host: str) -> None:
        self.client: Any = type("Client", (), {"host": host})


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(host: str, counted: str) -> None:
    assert address_of(From(host)) == counted  # type: ignore[arg-type]


def test_a_rate_is_parsed_or_rejected() -> None:
    assert len(parse_rates("10/minute;100/hour")) == 2
    assert parse_rates("none") == ()
    with pytest.raises(ValueError, match="couldn't parse"):
        parse_rates("many")
