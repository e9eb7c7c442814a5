"""Guests reject photos that do not show them."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from matcher_service.domain import ChangeKind, PhotoNotFound, Rematch
from matcher_service.faces import FoundFace
from matcher_service.store import MatchStore
from matcher_service.store.matches import FindNewer
from tests.matcher.world import MakeWorld, World


class ForgetsRefusals(MatchStore):
    """A broken twin: publishes rejected photos."""

    def publish(
        self, rematch: Rematch, found: Sequence[FoundFace], seen_version: int, find_newer: FindNewer
    ) -> int | None:
        with self._engine.begin() as connection:
            connection.execute(text("DELETE FROM matcher.refusals"))
        return super().publish(rematch, found, seen_version, find_newer)


def refuse_and_match_again(world: World) -> tuple[set[UUID], set[UUID]]:
    """The photos that a guest keeps, and the photos shown after a rejection and another rematch."""
    event = world.event()
    guest = world.join(event)
    kept, refused = world.add(event, 1), world.add(event, 1, 2)
    assert world.rematch(event, guest, 1, 1) == "DONE"
    assert world.found(guest) == {kept, refused}
    for _ in range(2):  # repeating it changes nothing
        world.matches.refuse_match(guest, refused)
    assert world.found(guest) == {kept}
    assert world.rematch(event, guest, 2, 1) == "DONE"
    return {kept}, world.found(guest)


def test_a_rejected_photo_stays_hidden_after_every_later_selfie(world: World) -> None:
    kept, found = refuse_and_match_again(world)
    assert found == kept


def test_control_a_rematch_that_ignores_rejections_restores_the_photo(make_world: MakeWorld) -> None:
    kept, found = refuse_and_match_again(make_world(match_store=ForgetsRefusals))
    assert found > kept


def test_a_rejected_photo_stays_hidden_if_another_of_its_faces_matches(world: World) -> None:
    """The rejection applies to the photo, not only to the face."""
    event = world.event()
    guest, photo = world.join(event), world.add(event, 1, 2)
    world.rematch(event, guest, 1, 1)
    world.matches.refuse_match(guest, photo)
    world.rematch(event, guest, 2, 2)
    assert world.found(guest) == set()


def test_a_rejection_can_be_undone(world: World) -> None:
    event = world.event()
    guest, photo = world.join(event), world.add(event, 1, 2)
    world.rematch(event, guest, 1, 1)
    world.matches.refuse_match(guest, photo)
    for _ in range(2):
        world.matches.restore_match(guest, photo)
        assert world.found(guest) == {photo}
    world.matches.refuse_match(guest, photo)
    world.rematch(event, guest, 2, 3)
    world.matches.restore_match(guest, photo)
    assert world.found(guest) == set(), "the selfie shows another person now"


def test_undoing_a_rejection_without_a_selfie_restores_nothing(world: World) -> None:
    event = world.event()
    guest, photo = world.join(event), world.add(event, 1)
    world.rematch(event, guest, 1, 1)
    world.matches.refuse_match(guest, photo)
    world.rematch(event, guest, 2, None)
    world.matches.restore_match(guest, photo)
    assert world.found(guest) == set()


def test_a_guest_cannot_reject_or_restore_another_guests_match(world: World) -> None:
    event = world.event()
    guest, other, stranger = world.join(event), world.join(event), world.join(world.event())
    photo = world.add(event, 1)
    world.rematch(event, guest, 1, 1)
    for user, about in ((other, photo), (stranger, photo), (world.organiser, photo), (guest, uuid4())):
        for decide in (world.matches.refuse_match, world.matches.restore_match):
            with pytest.raises(PhotoNotFound):
                decide(user, about)
    assert world.count("refusals") == 0
    assert world.found(guest) == {photo}


@pytest.mark.parametrize("kind", [ChangeKind.LEFT, ChangeKind.USER_ERASED])
def test_a_rejection_is_deleted_with_its_guest(world: World, kind: ChangeKind) -> None:
    event = world.event()
    guest, photo = world.join(event), world.add(event, 1)
    world.rematch(event, guest, 1, 1)
    world.matches.refuse_match(guest, photo)
    about = {"user_id": guest} | ({"event_id": event} if kind is ChangeKind.LEFT else {})
    world.change(kind, **about)
    assert world.count("refusals") == 0
    with pytest.raises(PhotoNotFound):
        world.matches.restore_match(guest, photo)


def test_a_rejection_is_deleted_with_its_photo(world: World) -> None:
    event = world.event()
    guest, photo = world.join(event), world.add(event, 1)
    world.rematch(event, guest, 1, 1)
    world.matches.refuse_match(guest, photo)
    world.photos.delete_photo(world.organiser, photo)
    assert world.count("refusals") == 0


def test_joining_again_changes_nothing(world: World) -> None:
    """The feed repeats JOINED for a member who is searched for from now on."""
    event = world.event()
    guest, photo = world.join(event), world.add(event, 1)
    refused = world.add(event, 1)
    world.rematch(event, guest, 1, 1)
    world.matches.refuse_match(guest, refused)
    world.join(event, guest)
    assert world.found(guest) == {photo}
    assert world.rematch(event, guest, 2, 1) == "DONE"
    assert world.found(guest) == {photo}
