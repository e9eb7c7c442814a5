"""A role that was taken back: what its member sees and does is that of a guest from then on."""

import grpc
import pytest

from matcher_service.domain import Role
from protos.matcher.v1 import photo_pb2
from tests.service.calls import refused
from tests.service.matcher_calls import Service
from tests.service.matcher_calls import service as service
from tests.service.test_matcher_permissions import BY_RIGHTS, Party


@pytest.mark.parametrize("role", BY_RIGHTS)
def test_who_becomes_a_guest_sees_and_does_what_guests_do(service: Service, role: Role) -> None:
    party = Party(service)
    member = party.members[role]
    assert party.list_photos(role)[1] > 0
    party.world.join(party.event, member, Role.GUEST)
    with refused(grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        party.list_photos(role)
    with refused(grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        party.set(role, photo_pb2.VISIBILITY_HIDDEN, party.theirs)
    party.world.join(party.event, member, role)
    assert party.list_photos(role)[1] > 0
