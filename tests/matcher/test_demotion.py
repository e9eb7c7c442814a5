"""A member whose role is revoked has only a guest's permissions from then on."""

from uuid import uuid4

import grpc
import pytest

from matcher_service.domain import ChangeKind, Role
from matcher_service.feed import AuthFeed
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import photo_pb2
from tests.harness.calls import raises_fault
from tests.matcher.calls import Service
from tests.matcher.roles import BY_RIGHTS, Party


@pytest.mark.parametrize("role", BY_RIGHTS)
def test_a_demoted_member_has_the_permissions_of_a_guest(service: Service, role: Role) -> None:
    party = Party(service)
    member = party.members[role]
    assert party.list_photos(role)[1] > 0
    party.world.join(party.event, member, Role.GUEST)
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        party.list_photos(role)
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        party.set(role, photo_pb2.VISIBILITY_HIDDEN, party.theirs)
    party.world.join(party.event, member, role)
    assert party.list_photos(role)[1] > 0


def test_an_unknown_role_of_a_later_version_counts_as_guest() -> None:
    class Answer:
        """A feed as a later version sends it."""

        def send(self, *_: object) -> auth_pb2.ListChangesResponse:
            change = auth_pb2.Change(sequence=1, kind="KIND_JOINED", event_id=str(uuid4()), user_id=str(uuid4()))
            change.role = 99  # type: ignore[assignment]
            return auth_pb2.ListChangesResponse(changes=[change])

    feed = AuthFeed(grpc.insecure_channel("localhost:1"), Answer())  # type: ignore[arg-type]
    [change] = feed.fetch(0, 0)
    assert (change.kind, change.role) == (ChangeKind.JOINED, Role.GUEST)
