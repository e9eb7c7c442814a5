"""The audit log of an event: the acts recorded by all services, merged into one list."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from auth_service.domain import EventNotFound, OrganiserOnly
from gateway.http.site import Site
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import photo_pb2
from protos.selfie.v1 import selfie_pb2
from tests.gateway.world import SIGNED, World, problem, running_world

EVENT = "00000000-0000-4000-8000-00000000000a"
PATH = f"/api/events/{EVENT}/audit"
NS = 1_000_000_000


def key(act: Any) -> tuple[int, UUID]:
    return act.act_time.ToNanoseconds(), UUID(act.act_id)


def serving(acts: Sequence[Any], response: type) -> Callable[[Any], Any]:
    """Serves these acts with the same pagination as the real services."""

    def answer(request: Any) -> Any:
        older = sorted(acts, key=key, reverse=True)
        if request.before_id:
            before = request.before_time.ToNanoseconds(), UUID(request.before_id)
            older = [act for act in older if key(act) < before]
        return response(acts=older[: request.page_size])

    return answer


def make(message: type, number: int, at_s: int, action: str, **fields: str) -> Any:
    return message(
        act_id=str(UUID(int=number)),
        act_time=Timestamp(seconds=at_s, nanos=123_000),
        action=action,
        result="done",
        **fields,
    )


def answer_all(world: World) -> list[str]:
    """Scripts acts of all services; returns their actions, newest first. Four of them have the same time."""
    auth = [
        make(auth_pb2.Act, 1, 100, "a1", actor_id="olga", object_id="gina", network="192.0.2.0/24"),
        make(auth_pb2.Act, 9, 200, "a2"),
        make(auth_pb2.Act, 4, 200, "a3"),
    ]
    photos = [make(photo_pb2.PhotoAct, 7, 200, "p1"), make(photo_pb2.PhotoAct, 2, 50, "p2")]
    selfies = [make(selfie_pb2.SelfieAct, 5, 200, "s1"), make(selfie_pb2.SelfieAct, 6, 300, "s2")]
    world.answer(
        ListActs=serving(auth, auth_pb2.ListActsResponse),
        ListPhotoActs=serving(photos, photo_pb2.ListPhotoActsResponse),
        ListSelfieActs=serving(selfies, selfie_pb2.ListSelfieActsResponse),
    )
    return ["s2", "a2", "p1", "s1", "a3", "a1", "p2"]


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 50])
def test_pages_of_any_size_yield_the_same_list(world: World, limit: int) -> None:
    expected, found, cursor = answer_all(world), [], ""
    while True:
        page = world.client.get(PATH, params={"limit": limit, "cursor": cursor}, headers=SIGNED).json()
        assert len(page["acts"]) <= limit
        found += [act["action"] for act in page["acts"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == expected


def test_an_act_has_actor_action_object_time_and_network(world: World) -> None:
    answer_all(world)
    acts = world.client.get(PATH, headers=SIGNED).json()["acts"]
    assert acts[5] == {
        "id": str(UUID(int=1)),
        "at": 100.000123,
        "actor_id": "olga",
        "actor_name": None,
        "action": "a1",
        "object_id": "gina",
        "object_name": None,
        "result": "done",
        "network": "192.0.2.0/24",
    }
    assert (acts[0]["actor_id"], acts[0]["object_id"], acts[0]["network"]) == (None, None, None)


def test_only_current_members_are_named(world: World) -> None:
    acts = [
        make(auth_pb2.Act, 1, 100, "role_changed", actor_id="olga", object_id="gina"),
        make(auth_pb2.Act, 2, 90, "guest_removed", actor_id="gone", object_id="mallory"),
        make(auth_pb2.Act, 3, 80, "faces_viewed", actor_id="olga", object_id="gina"),
    ]
    guests = [
        auth_pb2.Guest(user_id="olga", username="Olga", display_name="O"),
        auth_pb2.Guest(user_id="gina", display_name="Gina"),
        auth_pb2.Guest(user_id="other", display_name="Other"),
    ]
    answer_all(world)
    none = {"ListPhotoActs": photo_pb2.ListPhotoActsResponse(), "ListSelfieActs": selfie_pb2.ListSelfieActsResponse()}
    listed = auth_pb2.ListGuestsResponse(guests=guests)
    world.answer(ListActs=serving(acts, auth_pb2.ListActsResponse), ListGuests=listed, **none)
    found = world.client.get(PATH, headers=SIGNED).json()["acts"]
    names = [(act["actor_name"], act["object_name"]) for act in found]
    assert names == [("Olga", "Gina"), (None, None), ("Olga", "Gina")], "object ids that are photos are not named"


@pytest.mark.parametrize("cursor", ["x", "1-2", f"{'9' * 20}-{EVENT}", f"-1-{EVENT}"])
def test_an_invalid_cursor_is_rejected(world: World, cursor: str) -> None:
    assert problem(world.client.get(PATH, params={"cursor": cursor}, headers=SIGNED)) == (400, "invalid_page")
    assert world.services.calls == []


def test_only_organisers_can_read_the_audit_log(world: World) -> None:
    answer_all(world)
    world.answer(ListActs=OrganiserOnly())
    assert problem(world.client.get(PATH, headers=SIGNED)) == (403, "organiser_only")
    assert problem(world.client.get(PATH)) == (401, "invalid_token")


def test_an_unavailable_service_fails_the_whole_list(world: World) -> None:
    answer_all(world)
    world.answer(ListPhotoActs=grpc.StatusCode.UNAVAILABLE)
    assert problem(world.client.get(PATH, headers=SIGNED)) == (503, "service_unavailable")


def test_services_get_the_network_of_the_client_but_not_its_address(world: World) -> None:
    answer_all(world)
    world.client.get(PATH, headers=SIGNED)
    assert {call.metadata["x-client-network"] for call in world.services.calls} == {"127.0.0.0/24"}


def test_only_auth_service_decides_whether_access_is_denied(world: World) -> None:
    """Other services do not know waiting guests and would report that the event does not exist."""
    world.answer(ListActs=OrganiserOnly(), ListPhotoActs=EventNotFound(), ListSelfieActs=EventNotFound())
    for _ in range(3):
        assert problem(world.client.get(PATH, headers=SIGNED)) == (403, "organiser_only")
    assert {call.method for call in world.services.calls} == {"ListActs"}


def test_behind_a_proxy_services_get_the_network_of_the_client(world: World) -> None:
    with running_world(Site(trusted_proxies=("127.0.0.1",))) as proxied:
        answer_all(proxied)
        proxied.client.get(PATH, headers={**SIGNED, "X-Forwarded-For": "198.51.100.7"})
        assert {call.metadata["x-client-network"] for call in proxied.services.calls} == {"198.51.100.0/24"}
