"""The people an account searches for: its guest, and those they added."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.errors.openapi import JSON_BODY, SIGNED, problems
from gateway.http.authentication import Signed
from gateway.http.body import JsonRoute
from gateway.http.schemas import Form
from gateway.selfies.routes import IdempotencyKey, make_request_id
from protos.selfie.v1 import selfie_pb2 as pb

MAX_NAME = "1 to 40 characters"

SelfieOfPerson = Literal["none", "checking", "rejected", "accepted"]
SELFIES: dict[int, SelfieOfPerson] = {
    pb.GUEST_SELFIE_CHECKING: "checking",
    pb.GUEST_SELFIE_REJECTED: "rejected",
    pb.GUEST_SELFIE_ACCEPTED: "accepted",
}


class NewPerson(Form):
    name: str = Field(description=MAX_NAME)
    consent_version: str = Field(
        description="version of the text to which the person, or a parent or guardian, agreed; 1 to 32 ASCII characters"
    )


class PersonName(Form):
    name: str = Field(description=MAX_NAME)


class Person(BaseModel):
    id: str
    name: str = Field(description="empty for the caller")
    selfie: SelfieOfPerson = Field(description="`rejected`: the last one cannot be used, and there is no earlier one")
    selfies: int = Field(description="how many are in use, at most 3")


class People(BaseModel):
    people: list[Person] = Field(description="the caller first, whose `id` is that of the account")
    free: int = Field(description="how many may still be added")


router = APIRouter(prefix="/api/people", tags=["selfies"], route_class=JsonRoute)


@router.get("", responses=problems(*SIGNED))
async def list_people(backend: Signed) -> People:
    """The people the caller searches for."""
    answer = await backend.selfie.ListPeople(pb.ListPeopleRequest())
    return People(people=[_person(person) for person in answer.people], free=answer.free_count)


@router.post(
    "",
    status_code=201,
    responses=problems(
        "invalid_argument",
        "invalid_name",
        "consent_required",
        "too_many_people",
        "user_not_found",
        *SIGNED,
        *JSON_BODY,
    ),
)
async def add_person(form: NewPerson, backend: Signed, idempotency_key: IdempotencyKey = "") -> Person:
    """Add a person to search for; then send a selfie of them, with `person`."""
    request = pb.CreatePersonRequest(
        request_id=make_request_id(idempotency_key), name=form.name, consent_version=form.consent_version
    )
    return _person((await backend.selfie.CreatePerson(request)).person)


@router.patch(
    "/{person_id}",
    status_code=204,
    responses=problems("invalid_argument", "invalid_name", "person_not_found", "first_person", *SIGNED, *JSON_BODY),
)
async def rename_person(person_id: UUID, form: PersonName, backend: Signed) -> None:
    """Give a person another name."""
    await backend.selfie.RenamePerson(pb.RenamePersonRequest(person_id=str(person_id), name=form.name))


@router.delete(
    "/{person_id}", status_code=204, responses=problems("invalid_argument", "first_person", "user_not_found", *SIGNED)
)
async def delete_person(person_id: UUID, backend: Signed) -> None:
    """Delete a person with every selfie, and make every event forget the face; succeeds if already deleted."""
    await backend.selfie.DeletePerson(pb.DeletePersonRequest(person_id=str(person_id)))


def _person(person: pb.Person) -> Person:
    return Person(
        id=person.person_id,
        name=person.name,
        selfie=SELFIES.get(person.selfie, "none"),
        selfies=person.active_count,
    )
