"""Guests of an event by their ids."""

from uuid import UUID

from gateway.backends.channels import Backends
from gateway.backends.pages import paginate
from protos.auth.v1 import auth_pb2 as pb

PAGE_SIZE = 200


async def find_guests(backend: Backends, event_id: UUID | str, wanted: set[str]) -> dict[str, pb.Guest]:
    """The wanted guests who are still members. Few events have any, so the pages are read sequentially."""
    found: dict[str, pb.Guest] = {}
    if not wanted:
        return found
    request = pb.ListGuestsRequest(event_id=str(event_id), page_size=PAGE_SIZE)
    async for page in paginate(backend.auth.ListGuests, request):
        found |= {guest.user_id: guest for guest in page.guests if guest.user_id in wanted}
        if not wanted - found.keys():
            break
    return found
