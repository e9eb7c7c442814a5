"""The members of an event, as auth_service lists them."""

from gateway.backends.channels import Backends
from kit.rpc.client import ServiceCalls
from protos.auth.v1 import auth_pb2

MEMBERS = 1000  # per page


async def list_members(backends: Backends, calls: ServiceCalls, event_id: str) -> list[str]:
    """The ids of all members, including those who wait for admission."""
    user_ids: list[str] = []
    token = ""
    while True:
        request = auth_pb2.ListMemberIdsRequest(event_id=event_id, page_size=MEMBERS, page_token=token)
        call = backends.auth.ListMemberIds(request, metadata=calls.metadata(), timeout=backends.limits.call_s)
        answer = await call
        user_ids += answer.user_ids
        if not (token := answer.next_page_token):
            return user_ids
