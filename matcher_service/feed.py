"""Following auth_service's change feed."""

from collections.abc import Sequence

import grpc
from google.protobuf.duration_pb2 import Duration

from kit.client import ServiceCalls
from kit.errors import ServiceUnavailable
from kit.feed import Follower
from kit.ids import parse_optional_id
from kit.timestamps import from_timestamp
from matcher_service.domain import Change, ChangeKind, Role
from matcher_service.store import MemberStore
from protos.auth.v1 import auth_pb2 as pb
from protos.auth.v1 import auth_pb2_grpc

TIMEOUT_S = 5.0
PAGE_SIZE = 500

ROLES = {pb.ROLE_GUEST: Role.GUEST, pb.ROLE_ORGANISER: Role.ORGANISER}
KINDS = {pb.Change.Kind.Value(f"KIND_{kind.name}"): kind for kind in ChangeKind}


def follow(channel: grpc.Channel, calls: ServiceCalls, store: MemberStore) -> Follower[Change]:
    """A follower of auth_service's feed that applies it to our store."""
    stub = auth_pb2_grpc.AuthServiceStub(channel)

    def fetch(after: int, wait_s: float) -> Sequence[Change]:
        request = pb.ListChangesRequest(after=after, page_size=PAGE_SIZE, wait=Duration(seconds=int(wait_s)))
        try:
            response = stub.ListChanges(request, timeout=calls.timeout_s(wait_s + TIMEOUT_S), metadata=calls.metadata())
        except grpc.RpcError as error:
            raise ServiceUnavailable from error
        return [_change(change) for change in response.changes]

    return Follower(fetch, store.cursor, store.apply)


def _change(change: pb.Change) -> Change:
    return Change(
        sequence=change.sequence,
        kind=KINDS[change.kind],
        event_id=parse_optional_id(change.event_id),
        user_id=parse_optional_id(change.user_id),
        role=ROLES.get(change.role),
        closed=change.closed,
        expires_at=from_timestamp(change, "expire_time"),
    )
