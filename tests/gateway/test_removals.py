"""The removal of people who are not guests, over REST."""

from typing import Any

import pytest

from kit.errors import Fault
from matcher_service.domain import EventNotFound, FaceChanged, OrganiserOnly, PhotoNotFound
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import matcher_pb2 as pb
from tests.gateway.world import SIGNED, World, problem

EVENT, PHOTO, OTHER, GUEST = (f"3f2b8c1e-0000-4000-8000-00000000000{number}" for number in range(1, 5))
SIMILAR, REMOVAL = f"/api/photos/{PHOTO}/faces/1/similar", f"/api/events/{EVENT}/faces/removal"
FACE = {"photo_id": PHOTO, "face_name": "1.200.0.80.80"}


def test_similar_faces_are_listed_with_their_guests(world: World) -> None:
    person = pb.FacePerson(person_id=GUEST, user_id=GUEST)
    faces = [
        pb.SimilarFace(photo_id=PHOTO, number=1, face_name="1.200.0.80.80"),
        pb.SimilarFace(photo_id=OTHER, number=0, face_name="0.0.0.80.80", people=[person], hidden=True),
    ]
    world.answer(
        FindSimilarFaces=pb.FindSimilarFacesResponse(event_id=EVENT, faces=faces, total_count=3),
        ListGuests=auth_pb2.ListGuestsResponse(guests=[auth_pb2.Guest(user_id=GUEST, display_name="Ada")]),
    )
    found = world.client.get(SIMILAR, headers=SIGNED).json()
    assert found == {
        "faces": [
            {**FACE, "image_url": f"/api/photos/{PHOTO}/faces/1", "people": [], "hidden": False},
            {
                "photo_id": OTHER,
                "face_name": "0.0.0.80.80",
                "image_url": f"/api/photos/{OTHER}/faces/0",
                "people": [{"person_id": GUEST, "user_id": GUEST, "username": "", "display_name": "Ada"}],
                "hidden": True,
            },
        ],
        "total": 3,
    }
    sent = world.services.sent("FindSimilarFaces")
    assert (sent.photo_id, sent.number) == (PHOTO, 1)


@pytest.mark.parametrize("removal", ["forget_faces", "hide_photos"])
def test_chosen_faces_can_be_removed(world: World, removal: str) -> None:
    world.answer(RemoveFaces=pb.RemoveFacesResponse(removed_count=1))
    answer = world.client.post(REMOVAL, json={"faces": [FACE], "removal": removal}, headers=SIGNED)
    assert (answer.status_code, answer.json()) == (200, {"count": 1})
    sent = world.services.sent("RemoveFaces")
    assert (sent.event_id, pb.Removal.Name(sent.removal)) == (EVENT, f"REMOVAL_{removal.upper()}")
    assert [(face.photo_id, face.face_name) for face in sent.faces] == [(PHOTO, "1.200.0.80.80")]


@pytest.mark.parametrize(
    "form",
    [
        {"faces": [], "removal": "forget_faces"},
        {"faces": [FACE] * 201, "removal": "forget_faces"},
        {"faces": [FACE], "removal": "delete"},
        {"faces": [FACE]},
        {"faces": [{**FACE, "photo_id": "first"}], "removal": "forget_faces"},
    ],
)
def test_an_invalid_removal_is_rejected(world: World, form: dict[str, Any]) -> None:
    assert problem(world.client.post(REMOVAL, json=form, headers=SIGNED)) == (422, "invalid_form")
    assert world.services.calls == []


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (FaceChanged(), (409, "face_changed")),
        (EventNotFound(), (404, "event_not_found")),
        (OrganiserOnly(), (403, "organiser_only")),
    ],
)
def test_faults_of_the_service_are_passed_on(world: World, fault: Fault, expected: tuple[int, str]) -> None:
    world.answer(RemoveFaces=fault, FindSimilarFaces=PhotoNotFound())
    form = {"faces": [FACE], "removal": "forget_faces"}
    assert problem(world.client.post(REMOVAL, json=form, headers=SIGNED)) == expected
    assert problem(world.client.get(SIMILAR, headers=SIGNED)) == (404, "photo_not_found")


def test_removals_need_a_session(world: World) -> None:
    assert problem(world.client.get(SIMILAR))[0] == 401
    assert problem(world.client.post(REMOVAL, json={"faces": [FACE], "removal": "forget_faces"}))[0] == 401
