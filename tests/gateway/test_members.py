"""Role changes and removed guests over REST, for organisers."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from auth_service.domain import EventNotFound, LastOrganiser, OrganiserOnly, UserNotFound
from auth_service.invitations import CredentialsRequired
from kit.errors import Fault
from protos.auth.v1 import auth_pb2 as pb
from tests.gateway.world import SIGNED, World, problem

A = "3f2b8c1e-0000-4000-8000-00000000000a"
B = "3f2b8c1e-0000-4000-8000-00000000000b"
MEMBER = f"/api/events/{A}/guests/{B}"


@pytest.mark.parametrize("role", ["guest", "photographer", "couple", "organiser"])
def test_a_role_can_be_changed(world: World, role: str) -> None:
    assert world.client.patch(MEMBER, json={"role": role}, headers=SIGNED).status_code == 204
    sent = world.services.sent("SetRole")
    assert (sent.event_id, sent.user_id, sent.role) == (A, B, pb.Role.Value(f"ROLE_{role.upper()}"))


def test_an_unknown_role_is_rejected(world: World) -> None:
    answer = world.client.patch(MEMBER, json={"role": "owner"}, headers=SIGNED)
    assert problem(answer) == (422, "invalid_form")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (OrganiserOnly(), (403, "organiser_only")),
        (EventNotFound(), (404, "event_not_found")),
        (UserNotFound(), (404, "user_not_found")),
        (CredentialsRequired(), (409, "credentials_required")),
        (LastOrganiser(), (409, "last_organiser")),
    ],
)
def test_faults_of_a_role_change_are_passed_on(world: World, fault: Fault, expected: tuple[int, str]) -> None:
    world.answer(SetRole=fault)
    assert problem(world.client.patch(MEMBER, json={"role": "guest"}, headers=SIGNED)) == expected


def test_removed_guests_are_listed_in_pages(world: World) -> None:
    guest = pb.RemovedGuest(user_id=B, display_name="Gina", remove_time=Timestamp(seconds=9))
    world.answer(ListRemoved=pb.ListRemovedResponse(guests=[guest], next_page_token="n"))
    answer = world.client.get(f"/api/events/{A}/removed?limit=1&cursor=c", headers=SIGNED)
    assert answer.json() == {
        "guests": [{"user_id": B, "username": "", "display_name": "Gina", "removed_at": 9}],
        "next_cursor": "n",
    }
    sent = world.services.sent("ListRemoved")
    assert (sent.event_id, sent.page_size, sent.page_token) == (A, 1, "c")


def test_only_organisers_can_list_removed_guests(world: World) -> None:
    world.answer(ListRemoved=OrganiserOnly())
    assert problem(world.client.get(f"/api/events/{A}/removed", headers=SIGNED)) == (403, "organiser_only")
