"""Faces of people who are not guests are found and removed by an organiser.

The guest is at position 0; the tolerance reaches to 8.
"""

from uuid import uuid4

import pytest

from matcher_service.domain import (
    EventNotFound,
    FaceChanged,
    OrganiserOnly,
    PhotoNotFound,
    Role,
    Visibility,
)
from matcher_service.domain.removals import ChosenFace
from tests.matcher.looks import Look
from tests.matcher.removals import FORGET, HIDE, Asked


def test_the_photos_of_a_person_are_found_from_one_face(asked: Asked) -> None:
    far = asked.add(Look(39))
    assert [(face.photo_id, face.no) for face in asked.find(asked.both, 1)] == [(asked.both, 1), (asked.alone, 0)]
    assert [face.photo_id for face in asked.find(asked.alone, 0)] == [asked.alone, asked.both, far]
    _, found, _ = asked.world.removals.find_similar(asked.world.organiser, asked.both, 0)
    assert [one.people for one in found] == [((asked.guest, asked.guest),)] * 2
    with pytest.raises(PhotoNotFound):
        asked.find(asked.both, 2)


def test_removed_faces_leave_all_galleries_and_their_encodings_are_deleted(asked: Asked) -> None:
    asked.forget_stranger()
    assert (asked.places(asked.both), asked.places(asked.alone)) == ([0], [])
    assert asked.join_as_stranger() == set()
    assert asked.world.found(asked.guest) == {asked.both, asked.guests}
    counted = asked.value("SELECT sum(face_count) FROM matcher.photos WHERE event_id = :event")
    assert asked.value("SELECT face_count FROM matcher.events WHERE id = :event") == counted == 2
    columns = "SELECT string_agg(column_name, ' ' ORDER BY column_name) FROM information_schema.columns"
    named = asked.value(f"{columns} WHERE table_schema = 'matcher' AND table_name = 'forgotten_faces'")
    assert named == "event_id height left of_height of_width photo_id top width", "only a box is stored"


def test_only_the_chosen_faces_are_removed(asked: Asked) -> None:
    first, _ = asked.find(asked.both, 1)
    assert asked.remove(first) == 1
    assert asked.join_as_stranger() == {asked.alone}


def test_photos_are_hidden_on_request(asked: Asked) -> None:
    asked.forget_stranger(HIDE)
    shown = "SELECT count(*) FROM matcher.photos WHERE event_id = :event AND visibility = 'matched'"
    assert asked.value(shown) == 1
    assert set(asked.world.seen(asked.event, asked.guest)) == {asked.guests}
    asked.world.audience.set_visibility(asked.world.organiser, asked.event, [asked.both], Visibility.MATCHED)
    assert set(asked.world.seen(asked.event, asked.guest)) == {asked.both, asked.guests}
    assert asked.join_as_stranger() == set(), "the face is removed nevertheless"


def test_a_guest_matched_to_a_removed_face_keeps_the_photo_if_another_face_matches(asked: Asked) -> None:
    """Takes effect immediately, without waiting for settling."""
    photo = asked.add(Look(1), Look(3))
    [nearest] = [face for face in asked.find(photo, 0) if face.photo_id == photo]
    asked.remove(nearest)
    query = "SELECT face_no FROM matcher.matches WHERE photo_id = :photo"
    assert asked.value(query, photo=photo) == 1
    asked.world.matches.refuse_match(asked.guest, photo)
    asked.world.matches.restore_match(asked.guest, photo)
    assert asked.value(query, photo=photo) == 1, "face numbers count only the remaining faces"


def test_removing_a_rejected_face_keeps_the_photo_hidden_from_the_guest(asked: Asked) -> None:
    asked.world.matches.refuse_match(asked.guest, asked.both)
    [face] = [face for face in asked.find(asked.both, 0) if face.photo_id == asked.both]
    asked.remove(face)
    assert asked.value("SELECT count(*) FROM matcher.refusals WHERE rejected") == 0
    asked.world.settle_all()
    assert asked.world.found(asked.guest) == {asked.guests}


def test_a_removal_can_be_repeated_and_is_rejected_if_a_face_has_changed(asked: Asked) -> None:
    faces = asked.find(asked.both, 1)
    assert (asked.remove(*faces), asked.remove(*faces)) == (2, 0)
    [own, _] = asked.find(asked.both, 0)
    moved = ChosenFace(own.photo_id, own.no, own.left + 1, own.top, own.width, own.height)
    for wrong in (moved, ChosenFace(uuid4(), 0, 0, 0, 80, 80)):
        with pytest.raises(FaceChanged):
            asked.remove(own, wrong)
        assert asked.places(asked.both) == [0], "all or none"


def test_searches_and_removals_are_recorded_without_face_data(asked: Asked) -> None:
    asked.remove(*asked.find(asked.both, 1))
    asked.remove(asked.find(asked.guests, 0)[0], removal=HIDE)
    assert asked.acts() == [
        ("face_searched", "done", asked.both),
        ("faces_forgotten", "2", None),
        ("face_searched", "done", asked.guests),
        ("faces_hidden", "1", asked.guests),
    ]


@pytest.mark.parametrize("role", [Role.GUEST, Role.PHOTOGRAPHER, Role.COUPLE, None], ids=str)
def test_only_organisers_of_the_event_find_or_remove_faces(asked: Asked, role: Role | None) -> None:
    """A caller without a role here is an organiser of another event, and also tries that event's id."""
    world, elsewhere = asked.world, asked.world.event()
    event = elsewhere if role is None else asked.event
    caller = world.join(event, role=role or Role.ORGANISER)
    faces = asked.find(asked.both, 1)
    with pytest.raises(PhotoNotFound):
        world.removals.find_similar(caller, asked.both, 1)
    with pytest.raises(EventNotFound if role is None else OrganiserOnly):
        world.removals.remove(caller, asked.event, faces, FORGET)
    if role is None:
        with pytest.raises(FaceChanged):
            world.removals.remove(caller, elsewhere, faces, HIDE)
    assert asked.places(asked.both) == [0, 1]


# Data from which a face could be restored.
