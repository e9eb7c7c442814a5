"""The person that a request concerns, among those that an account searches for."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from gateway.backends.channels import Backends
from gateway.errors.problem import Problem
from protos.selfie.v1 import selfie_pb2 as pb

Person = Annotated[UUID | None, Query(description="id of one of the caller's people; default: the caller")]


def name_person(person: UUID | None) -> str:
    """The id of the person in requests to services; empty for the caller."""
    return str(person or "")


async def require_person(backend: Backends, person: UUID | None) -> None:
    """Checks with selfie_service that the person is the caller's, since matcher_service has people only after their
    first selfie. Raises Problem."""
    if person is None:
        return
    answer = await backend.selfie.ListPeople(pb.ListPeopleRequest())
    if str(person) not in {known.person_id for known in answer.people}:
        raise Problem(404, "person_not_found", "You have not added this person.")
