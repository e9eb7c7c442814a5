"""The people for whom a guest searches, over REST, and the person that a request concerns."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from protos.matcher.v1 import matcher_pb2
from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.domain.people import ConsentRequired, FirstPerson, InvalidName, PersonNotFound, TooManyPeople
from tests.gateway.world import SIGNED, USER_ID, World, problem

MIA, EVENT, PHOTO = uuid4(), uuid4(), uuid4()
JPEG = b"\xff\xd8\xff\xe0selfie"
PEOPLE = pb.ListPeopleResponse(
    people=[
        pb.Person(person_id=str(USER_ID), selfie=pb.GUEST_SELFIE_ACCEPTED, active_count=2),
        pb.Person(person_id=str(MIA), name="Mia", selfie=pb.GUEST_SELFIE_NONE),
    ],
    free_count=2,
)


def test_people_are_listed_with_the_caller_first(world: World) -> None:
    world.answer(ListPeople=PEOPLE)
    assert world.client.get("/api/people", headers=SIGNED).json() == {
        "people": [
            {"id": str(USER_ID), "name": "", "selfie": "accepted", "selfies": 2},
            {"id": str(MIA), "name": "Mia", "selfie": "none", "selfies": 0},
        ],
        "free": 2,
    }


def test_a_person_is_added_with_a_name_and_a_consent(world: World) -> None:
    world.answer(CreatePerson=pb.CreatePersonResponse(person=PEOPLE.people[1]))
    key = str(uuid4())
    form = {"name": "Mia", "consent_version": "2026-11"}
    answer = world.client.post("/api/people", json=form, headers={**SIGNED, "idempotency-key": key})
    assert (answer.status_code, answer.json()["id"]) == (201, str(MIA))
    expected = pb.CreatePersonRequest(request_id=key, name="Mia", consent_version="2026-11")
    assert world.services.sent("CreatePerson") == expected


def test_a_person_is_renamed_and_deleted(world: World) -> None:
    path = f"/api/people/{MIA}"
    assert world.client.patch(path, json={"name": "Ida"}, headers=SIGNED).status_code == 204
    assert world.client.delete(path, headers=SIGNED).status_code == 204
    assert world.services.sent("RenamePerson") == pb.RenamePersonRequest(person_id=str(MIA), name="Ida")
    assert world.services.sent("DeletePerson") == pb.DeletePersonRequest(person_id=str(MIA))


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (TooManyPeople(), (409, "too_many_people")),
        (InvalidName(), (400, "invalid_name")),
        (ConsentRequired(), (400, "consent_required")),
    ],
)
def test_faults_of_the_service_are_passed_on(world: World, fault: Any, expected: tuple[int, str]) -> None:
    world.answer(CreatePerson=fault)
    form = {"name": "Mia", "consent_version": ""}
    assert problem(world.client.post("/api/people", json=form, headers=SIGNED)) == expected


def test_the_first_person_cannot_be_deleted(world: World) -> None:
    world.answer(DeletePerson=FirstPerson())
    assert problem(world.client.delete(f"/api/people/{USER_ID}", headers=SIGNED)) == (409, "first_person")


@pytest.mark.parametrize("person", [None, MIA])
def test_requests_pass_on_the_person_or_none(world: World, person: UUID | None) -> None:
    world.answer(ListPeople=PEOPLE, GetRematchState=pb.GetRematchStateResponse())
    params, named = ({"person": str(person)}, str(person)) if person else ({}, "")
    client = world.client
    for method, path, rpc in (
        ("GET", "/api/rematch-status", "GetRematchState"),
        ("POST", "/api/rematch", "StartRematch"),
        ("GET", "/api/my-selfie", "GetSelfie"),
        ("DELETE", "/api/my-selfie", "DeleteSelfie"),
        ("GET", "/api/my-photos", "ListMatches"),
        ("POST", f"/api/photos/{PHOTO}/not-me", "RefuseMatch"),
        ("DELETE", f"/api/photos/{PHOTO}/not-me", "RestoreMatch"),
    ):
        assert client.request(method, path, params=params, headers=SIGNED).is_success, path
        assert world.services.sent(rpc).person_id == named
    client.post("/api/upload-selfie", params=params, files={"file": JPEG}, headers=SIGNED)
    upload = world.services.sent("UploadSelfie")
    assert (upload.person_id, upload.is_addition) == (named, False)


def test_a_selfie_can_be_added_to_the_active_ones(world: World) -> None:
    world.client.post("/api/upload-selfie?add=true", files={"file": JPEG}, headers=SIGNED)
    assert world.services.sent("UploadSelfie").is_addition


@pytest.mark.parametrize("path", ["/api/my-photos", "/api/my-photos.zip"])
def test_photos_of_a_foreign_person_are_not_found(world: World, path: str) -> None:
    """No call to matcher_service is made."""
    world.answer(ListPeople=PEOPLE)
    answer = world.client.get(path, params={"event_id": str(EVENT), "person": str(uuid4())}, headers=SIGNED)
    assert problem(answer) == (404, "person_not_found")
    assert [call.method for call in world.services.calls] == ["ListPeople"]


@pytest.mark.parametrize(
    ("method", "path", "rpc"),
    [
        ("GET", "/api/rematch-status", "GetRematchState"),
        ("POST", "/api/rematch", "StartRematch"),
        ("GET", "/api/my-selfie", "GetSelfie"),
        ("DELETE", "/api/my-selfie", "DeleteSelfie"),
    ],
)
def test_the_selfie_of_a_foreign_person_is_not_found(world: World, method: str, path: str, rpc: str) -> None:
    world.answer(**{rpc: PersonNotFound()})
    answer = world.client.request(method, path, params={"person": str(uuid4())}, headers=SIGNED)
    assert problem(answer) == (404, "person_not_found")


def test_an_archive_requests_the_photos_of_the_person(world: World) -> None:
    world.answer(ListPeople=PEOPLE, ListMatches=matcher_pb2.ListMatchesResponse())
    params = {"event_id": str(EVENT), "person": str(MIA)}
    assert problem(world.client.get("/api/my-photos.zip", params=params, headers=SIGNED)) == (404, "photo_not_found")
    assert world.services.sent("ListMatches").person_id == str(MIA)
