"""Explanations to organisers of why a guest matches a photo or not: reasons in words, with the detected faces."""

from collections.abc import Callable
from uuid import UUID, uuid4

import grpc
import pytest
from grpc import StatusCode
from sqlalchemy import Engine, text

from kit.db.notices import Notices
from kit.rpc.identity import Signer
from matcher_service.domain import Role, Visibility
from matcher_service.store.hints import HINTS_CHANNEL
from protos.matcher.v1 import matcher_pb2 as pb
from tests.harness.calls import raises_fault
from tests.matcher.calls import Service
from tests.matcher.looks import Look, LooksWorld, show

CLEAR, NEAR_MISS, NO = "CLEAR", "NEAR_MISS", "NO"


class Asking:
    """An event whose guest is at 0, and the explanations given to its organiser. The tolerance reaches to 8."""

    def __init__(self, service: Service, world: LooksWorld) -> None:
        self.service, self.world = service, world
        self.event = world.event()
        self.guest = world.join(self.event)
        self.send_selfie(self.guest, 0)

    def send_selfie(self, user: UUID, place: int) -> None:
        assert self.world.send_selfie(self.event, user, 1, place) == "DONE"

    def add(self, *looks: Look) -> UUID:
        photo = self.world.add_looks(self.event, *looks)
        self.world.settle_all()
        return photo

    def ask(self, photo: UUID, person: UUID | None = None, by: UUID | None = None) -> pb.ListFacesResponse:
        request = pb.ListFacesRequest(photo_id=str(photo), person_id=str(person or ""))
        metadata = self.service.by(by or self.world.organiser)
        answer: pb.ListFacesResponse = self.service.matcher.ListFaces(request, metadata=metadata)
        return answer

    def explain(self, photo: UUID, person: UUID | None = None) -> list[tuple[str, list[str]]]:
        """The answer and the reasons for each face."""
        faces = self.ask(photo, person or self.guest).faces
        return [(pb.FaceAnswer.Name(face.answer)[12:], name_reasons(face.reasons)) for face in faces]

    def find_obstacles(self, photo: UUID, person: UUID | None = None) -> tuple[bool, list[str]]:
        answer = self.ask(photo, person or self.guest)
        return answer.is_shown, name_reasons(answer.reasons)

    def crop(self, photo: UUID, number: int = 0, by: UUID | None = None) -> bytes:
        request = pb.GetFaceCropRequest(photo_id=str(photo), number=number)
        image: bytes = self.service.matcher.GetFaceCrop(
            request, metadata=self.service.by(by or self.world.organiser)
        ).image
        return image


def name_reasons(reasons: object) -> list[str]:
    return [pb.FaceReason.Name(reason)[12:] for reason in reasons]  # type: ignore[attr-defined]


@pytest.fixture
def asking(
    make_db: Callable[[str], Engine],
    tmp_path: object,
    serve: Callable[..., grpc.Channel],
    signer: Callable[[str], Signer],
) -> Asking:
    world = LooksWorld(make_db("matcher"), tmp_path / "blobs")  # type: ignore[operator]
    services = world.registrations(Notices("", HINTS_CHANNEL), signer("matcher"))
    return Asking(Service(world, serve(*services), signer), world)


def test_an_organiser_gets_the_faces_of_a_photo_and_their_guests(asking: Asking) -> None:
    photo = asking.add(Look(1), Look(40, 90))
    answer = asking.ask(photo)
    assert [(f.number, f.left, f.width, [p.user_id for p in f.people]) for f in answer.faces] == [
        (0, 0, 80, [str(asking.guest)]),
        (1, 200, 90, []),
    ]
    assert [(p.person_id, p.user_id) for p in answer.faces[0].people] == [(str(asking.guest), str(asking.guest))]
    assert answer.event_id == str(asking.event)
    assert {face.answer for face in answer.faces} == {pb.FACE_ANSWER_UNSPECIFIED}, "the request named no guest"


def test_a_face_is_a_clear_match_or_a_near_miss_or_no_match(asking: Asking) -> None:
    assert asking.explain(asking.add(Look(8), Look(9), Look(10))) == [(CLEAR, []), (NEAR_MISS, []), (NO, [])]


def test_a_face_that_other_photos_led_to_says_so(asking: Asking) -> None:
    asking.add(Look(6))
    assert asking.explain(asking.add(Look(12))) == [(CLEAR, ["OTHER_PHOTOS"])]


def test_a_face_that_is_too_small_is_a_near_miss(asking: Asking) -> None:
    photo = asking.add(Look(8, 34))
    with asking.world.db.begin() as connection:
        connection.execute(text("DELETE FROM matcher.matches"))
        connection.execute(text("UPDATE matcher.faces SET penalty = 0.05"))
    assert asking.explain(photo) == [(NEAR_MISS, ["TOO_SMALL"])]
    with asking.world.db.begin() as connection:
        connection.execute(text("UPDATE matcher.faces SET sure = false"))
    assert asking.explain(photo) == [(NEAR_MISS, ["TOO_SMALL", "HARD_TO_SEE"])]


def test_a_rejected_face_and_similar_faces_are_explained(asking: Asking) -> None:
    refused_photo, like_it = asking.add(Look(8)), asking.add(Look(7))
    asking.world.matches.refuse_match(asking.guest, refused_photo)
    asking.world.settle_all()
    assert asking.explain(refused_photo) == [(NO, ["REFUSED"])]
    assert asking.find_obstacles(refused_photo) == (False, ["REFUSED"])
    assert asking.explain(like_it) == [(NO, ["RESEMBLES_REFUSED"])]
    assert asking.find_obstacles(like_it) == (False, [])


def test_a_face_assigned_to_a_nearer_guest_is_explained(asking: Asking) -> None:
    other = asking.world.join(asking.event)
    asking.send_selfie(other, 12)
    photo = asking.add(Look(7))
    assert asking.explain(photo) == [(NEAR_MISS, ["NEARER_GUEST"])]
    assert asking.explain(photo, other) == [(CLEAR, [])]


def test_the_answer_names_another_face_of_the_photo_that_matches_the_guest(asking: Asking) -> None:
    assert asking.explain(asking.add(Look(6), Look(1))) == [(NEAR_MISS, ["ANOTHER_FACE"]), (CLEAR, [])]


def test_an_unsettled_event_is_reported_as_still_matching(asking: Asking) -> None:
    photo = asking.add(Look(1))
    with asking.world.db.begin() as connection:
        connection.execute(text("DELETE FROM matcher.matches"))
    assert asking.explain(photo) == [(NEAR_MISS, ["BEING_MATCHED"])]


def test_reasons_why_a_photo_is_not_shown_are_independent_of_its_faces(asking: Asking) -> None:
    world, photo = asking.world, asking.add(Look(1))
    assert asking.find_obstacles(photo) == (True, [])
    for visibility, reasons in ((Visibility.HIDDEN, ["HIDDEN"]), (Visibility.UNAPPROVED, ["UNAPPROVED"])):
        world.audience.set_visibility(world.organiser, asking.event, [photo], visibility)
        assert asking.find_obstacles(photo) == (False, reasons)
        assert asking.explain(photo) == [(CLEAR, [])]
    world.audience.set_visibility(world.organiser, asking.event, [photo], Visibility.EVERYONE)
    assert asking.find_obstacles(photo) == (True, [])
    world.audience.ask_to_hide(asking.guest, photo)
    assert asking.find_obstacles(photo) == (False, ["ASKED_TO_HIDE"])
    world.audience.undo_ask_to_hide(asking.guest, photo)
    world.offer(asking.event, held=True)
    assert asking.find_obstacles(photo) == (False, ["HELD_BACK"])


def test_a_guest_who_is_not_searched_for_has_no_answers(asking: Asking) -> None:
    photo, without = asking.add(Look(1)), asking.world.join(asking.event)
    assert asking.explain(photo, without) == [("UNSPECIFIED", [])]
    assert asking.find_obstacles(photo, without) == (False, ["NO_SELFIE"])
    assert asking.find_obstacles(photo, uuid4()) == (False, ["NO_MEMBER"])


def test_an_answer_contains_words_only(asking: Asking) -> None:
    """The only numbers in it are boxes and counts, and no field has type bytes."""
    allowed = {"number", "left", "top", "width", "height", "small_count", "answer", "reasons"}
    for message in (pb.ListFacesResponse, pb.PhotoFace, pb.FacePerson):
        for field in message.DESCRIPTOR.fields:
            assert field.type in (field.TYPE_STRING, field.TYPE_MESSAGE, field.TYPE_BOOL) or field.name in allowed


def test_a_face_is_cropped_from_the_preview(asking: Asking) -> None:
    cut: list[bytes] = []
    asking.world.faces._crop = lambda data: cut.append(data) or b"JPEG"  # type: ignore[func-returns-value]
    photo = asking.add(Look(1), Look(40, 90))
    files = asking.world.files()
    assert asking.crop(photo, 1) == b"JPEG"
    assert cut[0][:20] == b"".join(number.to_bytes(4, "little") for number in (1200, 200, 0, 90, 90))
    assert b"preview" in cut[0]
    assert asking.world.files() == files, "crops are not stored"
    with raises_fault(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
        asking.crop(photo, 2)
    asking.world.faces._crop = lambda data: None
    with raises_fault(StatusCode.FAILED_PRECONDITION, "PHOTO_NOT_READY"):
        asking.crop(photo)


def test_a_photo_that_has_not_been_read_has_no_faces(asking: Asking) -> None:
    added = asking.world.add_file(asking.event, show([Look(1)]))
    assert added.photo_id
    for ask in (asking.ask, asking.crop):
        with raises_fault(StatusCode.FAILED_PRECONDITION, "PHOTO_NOT_READY"):
            ask(added.photo_id)


@pytest.mark.parametrize("role", [Role.GUEST, Role.PHOTOGRAPHER, Role.COUPLE, None], ids=str)
def test_only_organisers_of_the_event_may_ask(asking: Asking, role: Role | None) -> None:
    """A caller without a role here is an organiser of another event."""
    photo = asking.add(Look(1))
    if role is None:
        caller = asking.world.join(asking.world.event(), role=Role.ORGANISER)
    else:
        caller = asking.world.join(asking.event, role=role)
    with raises_fault(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
        asking.ask(photo, asking.guest, by=caller)
    with raises_fault(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
        asking.crop(photo, by=caller)
