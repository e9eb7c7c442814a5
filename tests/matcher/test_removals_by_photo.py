"""An organiser supplies a photo of a person who is not a guest, and finds their faces among those of the event.

The stranger is at position 30; the tolerance reaches to 8 steps.
"""

from collections.abc import Callable
from uuid import uuid4

import grpc
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from kit.errors import Fault, ServiceUnavailable
from kit.rpc.statuses import to_status
from matcher_service.domain import EventNotFound, OrganiserOnly, Role
from matcher_service.domain.removals import MAX_SEARCH_BYTES
from tests.matcher.looks import Look
from tests.matcher.person_script import DEADLY, picture, rejected
from tests.matcher.removals import STRANGER, Asked
from tests.matcher.scripted_photos import JPEG

PHOTO = picture(STRANGER.place)


def search(asked: Asked, image: bytes = PHOTO) -> list[tuple[object, int]]:
    found, total = asked.world.removals.search(asked.world.organiser, asked.event, image)
    assert total == len(found)
    return [(one.face.photo_id, one.face.no) for one in found]


def test_the_photos_of_a_person_are_found_from_a_supplied_photo_nearest_first(asked: Asked) -> None:
    elsewhere = asked.world.event()
    asked.world.add_looks(elsewhere, STRANGER)
    far = asked.add(Look(39))
    assert search(asked) == [(asked.both, 1), (asked.alone, 0)]
    assert search(asked, picture(31)) == [(asked.alone, 0), (asked.both, 1), (far, 0)]
    assert search(asked, picture(50)) == []
    assert search(asked, picture(1)) == [(asked.both, 0), (asked.guests, 0)]
    found, _ = asked.world.removals.search(asked.world.organiser, asked.event, picture(1))
    assert [one.people for one in found] == [((asked.guest, asked.guest),)] * 2


def test_what_was_found_can_be_removed(asked: Asked) -> None:
    found, _ = asked.world.removals.search(asked.world.organiser, asked.event, PHOTO)
    assert asked.remove(*(one.face for one in found)) == 2
    assert search(asked) == []
    assert asked.join_as_stranger() == set()


REJECTIONS = [
    (b"", "EMPTY_IMAGE"),
    (JPEG + bytes(MAX_SEARCH_BYTES), "TOO_LARGE"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "UNSUPPORTED_TYPE"),
    (JPEG + b"|" + DEADLY, "UNREADABLE_PHOTO"),
    (rejected("unreadable"), "UNREADABLE_PHOTO"),
    (rejected("too_many_pixels"), "UNREADABLE_PHOTO"),
    (rejected("invalid_dimensions"), "UNREADABLE_PHOTO"),
    (rejected("no_face"), "NO_FACE"),
    (rejected("several_faces"), "SEVERAL_FACES"),
    *(
        (rejected(one), "UNCLEAR_FACE")
        for one in ("face_too_small", "too_dark", "too_bright", "blurred", "face_cut_off")
    ),
]


@pytest.mark.parametrize(("image", "reason"), REJECTIONS)
def test_a_photo_without_exactly_one_clear_face_is_rejected_and_nothing_is_compared(
    asked: Asked, image: bytes, reason: str
) -> None:
    with pytest.raises(Fault) as refusal:
        search(asked, image)
    assert refusal.value.reason == reason
    assert to_status(refusal.value).code is grpc.StatusCode.INVALID_ARGUMENT
    assert asked.acts() == []


@pytest.mark.parametrize("role", [Role.GUEST, Role.PHOTOGRAPHER, Role.COUPLE, None], ids=str)
def test_only_organisers_of_the_event_search_and_no_image_of_others_is_read(
    make_asked: Callable[..., Asked], role: Role | None
) -> None:
    """A caller without a role here is an organiser of another event."""
    read: list[bytes] = []
    asked = make_asked(examine=lambda image: read.append(image))
    caller = asked.world.join(asked.event if role else asked.world.event(), role=role or Role.ORGANISER)
    for image in (PHOTO, b""):
        with pytest.raises(OrganiserOnly if role else EventNotFound):
            asked.world.removals.search(caller, asked.event, image)
    with pytest.raises(EventNotFound):
        asked.world.removals.search(caller, uuid4(), PHOTO)
    assert (read, asked.acts()) == ([], [])


def test_a_search_is_recorded_before_faces_are_compared(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    search(asked)
    assert asked.acts() == [("face_searched_by_photo", "done", None)]
    monkeypatch.setattr(asked.world.index, "use", lambda _: (_ for _ in ()).throw(ServiceUnavailable))
    with pytest.raises(ServiceUnavailable):
        search(asked)
    assert len(asked.acts()) == 2


def test_a_search_that_cannot_be_recorded_compares_nothing(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[object] = []
    monkeypatch.setattr(asked.world.index, "use", used.append)
    with asked.world.db.begin() as connection:
        connection.execute(text("ALTER TABLE matcher.acts RENAME TO gone"))
    with pytest.raises(ProgrammingError):
        search(asked)
    assert used == []
