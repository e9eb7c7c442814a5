"""A member who sees a photo but may not change it gets PERMISSION_DENIED; one who does not see it gets NOT_FOUND."""

from uuid import UUID

import pytest
from grpc import StatusCode
from sqlalchemy import text

from matcher_service import audience
from matcher_service.domain import Action, Role, Visibility, permissions
from protos.matcher.v1 import photo_pb2
from tests.harness.calls import raises_fault
from tests.matcher.roles import (
    COUPLE,
    EVERYONE,
    GUEST,
    HIDDEN,
    MATCHED,
    ORGANISER,
    PHOTOGRAPHER,
    UNAPPROVED,
    Party,
)

REFUSED = [(UNAPPROVED, HIDDEN), (UNAPPROVED, MATCHED), (EVERYONE, MATCHED)]
REPEATED = [(HIDDEN, HIDDEN), (MATCHED, MATCHED)]


def delete(party: Party, role: Role, photo: UUID) -> None:
    party.call(role, "DeletePhoto", photo_pb2.DeletePhotoRequest(photo_id=str(photo)))


@pytest.mark.parametrize(("present", "wanted"), REFUSED)
def test_a_couple_gets_permission_denied_for_decisions_of_organisers(party: Party, present: int, wanted: int) -> None:
    party.set(ORGANISER, present, party.theirs)
    with raises_fault(StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        party.set(COUPLE, wanted, party.theirs)
    assert party.visibility(party.theirs) == photo_pb2.Visibility.Name(present)
    party.set(COUPLE, HIDDEN, party.theirs, party.own)  # the photo that is hidden already is skipped


@pytest.mark.parametrize(("present", "wanted"), REPEATED)
def test_a_couple_may_repeat_its_own_action(party: Party, present: int, wanted: int) -> None:
    party.set(ORGANISER, present, party.theirs)
    party.set(COUPLE, wanted, party.theirs)
    assert party.visibility(party.theirs) == photo_pb2.Visibility.Name(wanted)


def test_photos_of_other_events_are_skipped(party: Party) -> None:
    other = party.world.event()
    elsewhere = party.world.add(other, 1)
    party.world.audience.set_visibility(party.world.organiser, other, [elsewhere], Visibility.HIDDEN)
    party.set(COUPLE, MATCHED, elsewhere)
    with party.world.db.begin() as connection:
        query = text("SELECT visibility FROM matcher.photos WHERE id = :photo")
        assert connection.execute(query, {"photo": elsewhere}).scalar() == Visibility.HIDDEN.value


def test_control_a_couple_with_permission_to_approve(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "HIDES", {**audience.HIDES, Visibility.MATCHED: tuple(Visibility)})
    party.set(ORGANISER, UNAPPROVED, party.theirs)
    party.set(COUPLE, MATCHED, party.theirs)
    assert party.visibility(party.theirs) == "VISIBILITY_MATCHED"


@pytest.mark.parametrize("role", [COUPLE, PHOTOGRAPHER, GUEST])
def test_deleting_a_visible_photo_without_permission_is_denied(party: Party, role: Role) -> None:
    seen = {COUPLE: {party.theirs, party.own}, PHOTOGRAPHER: {party.own}, GUEST: set[UUID]()}[role]
    for photo in (party.theirs, party.own):
        code, reason = StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"
        if photo not in seen:
            code, reason = StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"
        with raises_fault(code, reason):
            delete(party, role, photo)
    assert party.list_photos(ORGANISER) == ({party.theirs, party.own}, 2)


def test_a_guest_is_denied_deleting_a_photo_visible_to_everyone(party: Party) -> None:
    party.set(ORGANISER, EVERYONE, party.theirs)
    with raises_fault(StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        delete(party, GUEST, party.theirs)
    party.set(ORGANISER, HIDDEN, party.theirs)
    with raises_fault(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
        delete(party, GUEST, party.theirs)


def test_control_a_photographer_who_sees_all_photos(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    sees_all = {**permissions.ALLOWED, PHOTOGRAPHER: permissions.ALLOWED[PHOTOGRAPHER] | {Action.SEE_ALL}}
    monkeypatch.setattr(permissions, "ALLOWED", sees_all)
    with raises_fault(StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        delete(party, PHOTOGRAPHER, party.theirs)


def test_organisers_delete_photos_and_a_second_deletion_finds_nothing(party: Party) -> None:
    delete(party, ORGANISER, party.own)
    for role in (ORGANISER, PHOTOGRAPHER):
        with raises_fault(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
            delete(party, role, party.own)
