"""The removal of people who are not guests, over REST."""

import asyncio
from contextlib import closing
from dataclasses import replace
from tempfile import SpooledTemporaryFile
from typing import Any

import pytest

from gateway.errors.problem import Problem
from gateway.http.spool import MEMORY_BYTES, ReceivedFile, SpoolMemory, StrictSpoolMemory
from kit.errors import Fault
from matcher_service.domain import EventNotFound, FaceChanged, OrganiserOnly, PhotoNotFound, UnsupportedType
from matcher_service.domain.removals import MAX_SEARCH_BYTES, NoFace, SeveralFaces, UnclearFace, UnreadablePhoto
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import matcher_pb2 as pb
from tests.gateway.world import LIMITS, SIGNED, World, problem, running_world

EVENT, PHOTO, OTHER, GUEST = (f"3f2b8c1e-0000-4000-8000-00000000000{number}" for number in range(1, 5))
SIMILAR, REMOVAL = f"/api/photos/{PHOTO}/faces/1/similar", f"/api/events/{EVENT}/faces/removal"
SEARCH, UPLOAD = f"/api/events/{EVENT}/faces/search", {"file": ("grandpa.jpg", b"a photo", "image/jpeg")}
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
    assert problem(world.client.post(SEARCH, files=UPLOAD))[0] == 401
    assert problem(world.client.post(REMOVAL, json={"faces": [FACE], "removal": "forget_faces"}))[0] == 401


def test_faces_are_searched_by_a_photo_whose_name_is_not_passed_on(world: World) -> None:
    person = pb.FacePerson(person_id=GUEST, user_id=GUEST)
    face = pb.SimilarFace(photo_id=PHOTO, number=1, face_name="1.200.0.80.80", people=[person])
    world.answer(
        SearchFaces=pb.SearchFacesResponse(faces=[face], total_count=2),
        ListGuests=auth_pb2.ListGuestsResponse(guests=[auth_pb2.Guest(user_id=GUEST, display_name="Ada")]),
    )
    answer = world.client.post(SEARCH, files=UPLOAD, headers=SIGNED)
    assert answer.status_code == 200
    [shown] = answer.json()["faces"]
    assert (shown["face_name"], shown["image_url"]) == (face.face_name, f"/api/photos/{PHOTO}/faces/1")
    assert [one["display_name"] for one in shown["people"]] == ["Ada"]
    assert answer.json()["total"] == 2
    assert world.services.sent("SearchFaces") == pb.SearchFacesRequest(event_id=EVENT, image=b"a photo")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (NoFace(), (422, "no_face")),
        (SeveralFaces(), (422, "several_faces")),
        (UnclearFace(), (422, "unclear_face")),
        (UnreadablePhoto(), (422, "unreadable_photo")),
        (UnsupportedType(), (415, "unsupported_type")),
        (OrganiserOnly(), (403, "organiser_only")),
        (EventNotFound(), (404, "event_not_found")),
    ],
)
def test_a_photo_that_cannot_be_searched_for_is_rejected_with_its_reason(
    world: World, fault: Fault, expected: tuple[int, str]
) -> None:
    world.answer(SearchFaces=fault)
    answer = world.client.post(SEARCH, files=UPLOAD, headers=SIGNED)
    assert problem(answer) == expected
    assert answer.json()["detail"] == type(fault).__doc__


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"files": {"file": b"x" * (MAX_SEARCH_BYTES + 1)}}, (413, "too_large")),
        ({"files": {"other": b"x"}}, (422, "invalid_form")),
        ({"files": [("file", b"x"), ("file", b"x")]}, (400, "too_many_files")),
        ({"json": {"file": "x"}}, (422, "invalid_form")),
    ],
)
def test_an_invalid_upload_reaches_no_service(world: World, sent: dict[str, Any], expected: tuple[int, str]) -> None:
    assert problem(world.client.post(SEARCH, headers=SIGNED, **sent)) == expected
    assert world.services.calls == []


@pytest.mark.parametrize("rate", ["1/hour", "none"])
def test_both_searches_of_an_account_are_counted_together(rate: str) -> None:
    """Without a limit, a control, all pass."""
    with running_world(rates=replace(LIMITS.rates, face_searches=rate)) as world:
        found = [
            world.client.get(SIMILAR, headers=SIGNED).status_code,
            world.client.post(SEARCH, files=UPLOAD, headers=SIGNED).status_code,
            world.client.get(SIMILAR, headers=SIGNED).status_code,
        ]
        assert found == ([200] * 3 if rate == "none" else [200, 429, 429])
        assert len(world.services.calls) == found.count(200)


def test_a_supplied_photo_never_goes_to_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A control: other files do, where memory is short."""
    written: list[bytes] = []
    monkeypatch.setattr(SpooledTemporaryFile, "write", lambda _, data: written.append(data))
    data = b"x" * (2 * MEMORY_BYTES)

    async def receive() -> None:
        with closing(ReceivedFile("a.jpg", StrictSpoolMemory(len(data)))) as file:
            await file.append(data)
            await file.flush()
            assert await file.read() == data
            with pytest.raises(Problem) as refusal:
                await file.append(b"x")
            assert (refusal.value.status_code, refusal.value.reason) == (503, "overloaded")
        assert written == []
        with closing(ReceivedFile("a.jpg", SpoolMemory(0))) as file:
            await file.append(data)

    asyncio.run(receive())
    assert written == [data]
