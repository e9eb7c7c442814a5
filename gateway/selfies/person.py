"""The parameter `person`: which person of the account a request concerns."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from gateway.backends.channels import Backends
from gateway.errors.problem import Problem
from protos.selfie.v1 import selfie_pb2 as pb

Person = Annotated[
    UUID | None, Query(description="id of one of the people whom the caller looks for; without: the caller")
]


def name_person(person: UUID | None) -> str:
    """As requests name it."""
    return str(person or "")


async def require_person(backend: Backends, person: UUID | None) -> None:
    """matcher_service knows a person only after the first selfie, and those of others as little: so whose it is decides
    selfie_service. Raises Problem."""
    if person is None:
        return
    answer = await backend.selfie.ListPeople(pb.ListPeopleRequest())
    if str(person) not in {known.person_id for known in answer.people}:
        raise Problem(404, "person_not_found", "You have not added this person.")
