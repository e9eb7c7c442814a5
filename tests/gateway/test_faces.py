"""The faces of a photo over REST, and the reasons why a guest matches them or not."""

from typing import get_args

import pytest

from gateway.photos.faces import REASONS, Answer
from kit.errors import Fault
from matcher_service.domain import PhotoNotFound, PhotoNotReady
from matcher_service.domain.photo_faces import FaceAnswer, FaceReason
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import matcher_pb2 as pb
from tests.gateway.world import SIGNED, World, problem

EVENT, PHOTO, GUEST, GONE = (f"3f2b8c1e-0000-4000-8000-00000000000{number}" for number in range(1, 5))
FACES = f"/api/photos/{PHOTO}/faces"


def answer_with_faces(world: World) -> None:
    people = [pb.FacePerson(person_id=user, user_id=user) for user in (GUEST, GONE)]
    world.answer(
        ListFaces=pb.ListFacesResponse(
            event_id=EVENT,
            faces=[
                pb.PhotoFace(number=0, left=-3, top=5, width=90, height=91, people=people, answer=pb.FACE_ANSWER_CLEAR),
                pb.PhotoFace(
                    number=1,
                    answer=pb.FACE_ANSWER_NEAR_MISS,
                    reasons=[pb.FACE_REASON_TOO_SMALL, pb.FACE_REASON_HARD_TO_SEE],
                ),
            ],
            small_count=2,
            reasons=[pb.FACE_REASON_HIDDEN],
        ),
        ListGuests=auth_pb2.ListGuestsResponse(guests=[auth_pb2.Guest(user_id=GUEST, display_name="Ada")]),
    )


def test_faces_are_listed_with_the_names_of_their_guests(world: World) -> None:
    answer_with_faces(world)
    found = world.client.get(FACES, params={"guest_id": GUEST}, headers=SIGNED).json()
    assert found["faces"][0] == {
        "number": 0,
        "left": -3,
        "top": 5,
        "width": 90,
        "height": 91,
        "image_url": f"{FACES}/0",
        "people": [
            {"person_id": GUEST, "user_id": GUEST, "username": "", "display_name": "Ada"},
            {"person_id": GONE, "user_id": GONE, "username": "", "display_name": ""},
        ],
        "answer": "clear",
        "reasons": [],
    }
    assert (found["faces"][1]["answer"], found["faces"][1]["reasons"]) == ("near_miss", ["too_small", "hard_to_see"])
    assert (found["small"], found["is_shown"], found["reasons"]) == (2, False, ["hidden"])
    sent = world.services.sent("ListFaces")
    assert (sent.photo_id, sent.person_id) == (PHOTO, GUEST)


def test_without_a_guest_there_is_no_verdict_and_no_names_are_fetched(world: World) -> None:
    face = pb.PhotoFace(number=0)
    world.answer(ListFaces=pb.ListFacesResponse(event_id=EVENT, faces=[face]))
    found = world.client.get(FACES, headers=SIGNED).json()
    assert (found["is_shown"], found["faces"][0]["answer"]) == (None, None)
    assert [call.method for call in world.services.calls] == ["ListFaces"]
    assert world.services.sent("ListFaces").person_id == ""


def test_a_face_crop_is_returned_as_a_private_jpeg(world: World) -> None:
    world.answer(GetFaceCrop=pb.GetFaceCropResponse(image=b"JPEG"))
    answer = world.client.get(f"{FACES}/7", headers=SIGNED)
    assert (answer.content, answer.headers["content-type"]) == (b"JPEG", "image/jpeg")
    assert answer.headers["cache-control"].startswith("private")
    sent = world.services.sent("GetFaceCrop")
    assert (sent.photo_id, sent.number) == (PHOTO, 7)


@pytest.mark.parametrize("path", [FACES, f"{FACES}/0"])
@pytest.mark.parametrize(
    ("fault", "expected"), [(PhotoNotFound(), (404, "photo_not_found")), (PhotoNotReady(), (409, "photo_not_ready"))]
)
def test_faults_of_the_service_are_passed_on(world: World, path: str, fault: Fault, expected: tuple[int, str]) -> None:
    world.answer(ListFaces=fault, GetFaceCrop=fault)
    assert problem(world.client.get(path, headers=SIGNED)) == expected


@pytest.mark.parametrize("number", [-1, 2**31, "first"])
def test_an_invalid_face_number_is_rejected(world: World, number: object) -> None:
    assert problem(world.client.get(f"{FACES}/{number}", headers=SIGNED)) == (400, "invalid_argument")
    assert world.services.calls == []


@pytest.mark.parametrize("path", [FACES, f"{FACES}/0"])
def test_faces_need_a_session(world: World, path: str) -> None:
    assert problem(world.client.get(path))[0] == 401


def test_every_answer_and_reason_of_the_service_is_documented() -> None:
    assert {*REASONS.values()} == {reason.value for reason in FaceReason}
    assert set(get_args(Answer)) == {answer.value for answer in FaceAnswer}
