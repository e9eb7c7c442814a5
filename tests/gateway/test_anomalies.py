"""Anomalies for organisers over REST, and the phone mark of a browser."""

from datetime import UTC, datetime
from uuid import UUID

import grpc
import httpx2
import pytest

from auth_service.domain import OrganiserOnly
from gateway.http.site import Site
from kit.rpc.timestamps import to_timestamp
from protos.auth.v1 import auth_pb2 as pb
from protos.matcher.v1 import matcher_pb2
from tests.gateway.test_sessions import FORM, GUEST, OWN_PAGE, cookies_of
from tests.gateway.world import SIGNED, World, problem, running_world

EVENT = str(UUID(int=10))
PATH = f"/api/events/{EVENT}/anomalies"


def guest(number: int) -> pb.Guest:
    joined = to_timestamp(datetime(2026, 6, 1, 12, number, tzinfo=UTC))
    return pb.Guest(user_id=f"u{number}", display_name=f"Guest {number}", join_time=joined)


def names(groups: list[dict[str, list[dict[str, str]]]]) -> list[list[str]]:
    return [[account["display_name"] for account in group["accounts"]] for group in groups]


def test_accounts_are_listed_in_join_order(world: World) -> None:
    pages = {"": pb.ListGuestsResponse(guests=[guest(1), guest(2)], next_page_token="n")}
    world.answer(
        ListSharedPhones=pb.ListSharedPhonesResponse(phones=[pb.SharedPhone(guests=[guest(5), guest(4)])]),
        ListSharedFaces=matcher_pb2.ListSharedFacesResponse(
            faces=[matcher_pb2.SharedFace(user_ids=["u3", "u1", "gone"])],
            two_faces=[
                matcher_pb2.TwoFaces(user_id="u2", photo_count=4),
                matcher_pb2.TwoFaces(user_id="gone", photo_count=3),
            ],
        ),
        ListGuests=lambda request: pages.get(request.page_token, pb.ListGuestsResponse(guests=[guest(3)])),
    )
    found = world.client.get(PATH, headers=SIGNED).json()
    assert names(found["same_face"]) == [["Guest 1", "Guest 3"]]
    assert names(found["same_phone"]) == [["Guest 4", "Guest 5"]]
    assert [(two["account"]["display_name"], two["photos"]) for two in found["two_faces"]] == [("Guest 2", 4)]
    assert set(found["same_face"][0]["accounts"][0]) == {"user_id", "username", "display_name", "joined_at"}


def test_without_anomalies_the_guests_are_not_fetched(world: World) -> None:
    assert world.client.get(PATH, headers=SIGNED).json() == {"same_face": [], "two_faces": [], "same_phone": []}
    assert "ListGuests" not in {call.method for call in world.services.calls}


def test_shared_phones_are_returned_when_the_matcher_is_unavailable(world: World) -> None:
    world.answer(ListSharedFaces=grpc.StatusCode.UNAVAILABLE)
    assert world.client.get(PATH, headers=SIGNED).json() == {"same_face": None, "two_faces": None, "same_phone": []}


def test_only_organisers_can_read_anomalies(world: World) -> None:
    world.answer(ListSharedPhones=OrganiserOnly())
    assert problem(world.client.get(PATH, headers=SIGNED)) == (403, "organiser_only")
    assert problem(world.client.get(PATH)) == (401, "invalid_token")


def enter(world: World, **headers: str) -> tuple[httpx2.Response, str]:
    """Creates a guest; returns the response and the mark that auth_service received."""
    world.services.calls.clear()
    world.answer(CreateGuest=GUEST)
    answer = world.client.post("/api/guest-sessions", json=FORM, headers=headers)
    return answer, world.services.sent("CreateGuest").phone_mark


def test_the_phone_mark_survives_signing_in_and_out(world: World) -> None:
    answer, mark = enter(world, **OWN_PAGE)
    cookie = cookies_of(answer)["minois_phone"]
    assert len(mark) == 32
    assert all(
        part in cookie for part in (f"={mark};", "HttpOnly", "SameSite=strict", "Path=/api;", "Max-Age=31536000")
    )
    left = world.client.delete("/api/refresh", headers=OWN_PAGE)
    assert "minois_phone" not in cookies_of(left)
    assert enter(world, **OWN_PAGE)[1] == mark
    joining = {"event_code": "C"}
    world.answer(JoinEvent=pb.JoinEventResponse())
    world.client.post("/api/join-event", json=joining, headers={**SIGNED, **OWN_PAGE})
    assert world.services.sent("JoinEvent").phone_mark == mark


def test_erasing_the_account_deletes_the_phone_mark(world: World) -> None:
    mark = enter(world, **OWN_PAGE)[1]
    erased = world.client.delete("/api/me", headers={**SIGNED, **OWN_PAGE})
    assert "Max-Age=0" in cookies_of(erased)["minois_phone"]
    assert enter(world, **OWN_PAGE)[1] != mark


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "cross-site"}])
def test_requests_from_outside_the_own_pages_get_no_phone_mark(world: World, headers: dict[str, str]) -> None:
    answer, mark = enter(world, **headers)
    assert mark == ""
    assert "minois_phone" not in cookies_of(answer)


def test_a_foreign_phone_mark_is_replaced(world: World) -> None:
    world.client.cookies.set("minois_phone", "chosen by a client")
    _, mark = enter(world, **OWN_PAGE)
    assert len(mark) == 32


def test_over_https_the_phone_mark_is_a_host_cookie() -> None:
    with running_world(Site(public_origin="https://photos.example")) as world:
        answer, _ = enter(world, **OWN_PAGE)
    cookie = cookies_of(answer)["__Host-minois_phone"]
    assert "Secure" in cookie
    assert "Path=/;" in cookie
