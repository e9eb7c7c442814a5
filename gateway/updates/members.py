"""The members of an event, as auth_service lists them."""

from typing import Any

from gateway.backends.channels import Backends
from gateway.backends.pages import paginate
from kit.rpc.client import ServiceCalls
from protos.auth.v1 import auth_pb2

MEMBERS = 1000  # per page


async def list_members(backends: Backends, calls: ServiceCalls, event_id: str) -> list[str]:
    """The ids of all members, including those who wait for admission."""
    request = auth_pb2.ListMemberIdsRequest(event_id=event_id, page_size=MEMBERS)

    async def list_page(request: auth_pb2.ListMemberIdsRequest) -> Any:
        return await backends.auth.ListMemberIds(request, metadata=calls.metadata(), timeout=backends.limits.call_s)

    return [user_id async for page in paginate(list_page, request) for user_id in page.user_ids]
