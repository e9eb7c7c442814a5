"""Guests of an event by their ids."""

from uuid import UUID

from gateway.backends.channels import Backends
from protos.auth.v1 import auth_pb2 as pb

PAGE_SIZE = 200


async def find_guests(backend: Backends, event_id: UUID | str, wanted: set[str]) -> dict[str, pb.Guest]:
    """The wanted guests who are still members. Few events have any, so the pages are read sequentially."""
    found: dict[str, pb.Guest] = {}
    token = ""
    while wanted - found.keys():
        page = pb.ListGuestsRequest(event_id=str(event_id), page_size=PAGE_SIZE, page_token=token)
        answer = await backend.auth.ListGuests(page)
        found |= {guest.user_id: guest for guest in answer.guests if guest.user_id in wanted}
        if not (token := answer.next_page_token):
            break
    return found
