"""Who sees a photo and may not change it is told so; who does not see it learns nothing of it."""

from uuid import UUID

import pytest
from grpc import StatusCode

from matcher_service import audience
from matcher_service.domain import Action, Role, Visibility, permissions
from protos.matcher.v1 import photo_pb2
from tests.harness.calls import refused
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
def test_a_couple_is_told_what_it_may_not_decide(party: Party, present: int, wanted: int) -> None:
    party.set(ORGANISER, present, party.theirs)
    with refused(StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        party.set(COUPLE, wanted, party.theirs)
    assert party.visibility(party.theirs) == photo_pb2.Visibility.Name(present)
    party.set(COUPLE, HIDDEN, party.theirs, party.own)  # beside a photo that is for it, the other is skipped


@pytest.mark.parametrize(("present", "wanted"), REPEATED)
def test_a_couple_may_repeat_what_it_has_done(party: Party, present: int, wanted: int) -> None:
    party.set(ORGANISER, present, party.theirs)
    party.set(COUPLE, wanted, party.theirs)
    assert party.visibility(party.theirs) == photo_pb2.Visibility.Name(wanted)


def test_photos_of_other_events_are_skipped_and_not_refused(party: Party) -> None:
    elsewhere = party.world.add(party.world.event(), 1)
    party.set(COUPLE, MATCHED, elsewhere)


def test_control_a_couple_that_may_approve(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "HIDES", {**audience.HIDES, Visibility.MATCHED: tuple(Visibility)})
    party.set(ORGANISER, UNAPPROVED, party.theirs)
    party.set(COUPLE, MATCHED, party.theirs)
    assert party.visibility(party.theirs) == "VISIBILITY_MATCHED"


@pytest.mark.parametrize("role", [COUPLE, PHOTOGRAPHER, GUEST])
def test_who_sees_a_photo_is_told_that_only_organisers_delete_it(party: Party, role: Role) -> None:
    seen = {COUPLE: {party.theirs, party.own}, PHOTOGRAPHER: {party.own}, GUEST: set[UUID]()}[role]
    for photo in (party.theirs, party.own):
        code, reason = StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"
        if photo not in seen:
            code, reason = StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"
        with refused(code, reason):
            delete(party, role, photo)
    assert party.list_photos(ORGANISER) == ({party.theirs, party.own}, 2)


def test_a_guest_is_told_so_of_a_photo_that_is_for_everyone(party: Party) -> None:
    party.set(ORGANISER, EVERYONE, party.theirs)
    with refused(StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        delete(party, GUEST, party.theirs)
    party.set(ORGANISER, HIDDEN, party.theirs)
    with refused(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
        delete(party, GUEST, party.theirs)


def test_control_a_photographer_who_sees_all_photos(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    sees_all = {**permissions.ALLOWED, PHOTOGRAPHER: permissions.ALLOWED[PHOTOGRAPHER] | {Action.SEE_ALL}}
    monkeypatch.setattr(permissions, "ALLOWED", sees_all)
    with refused(StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        delete(party, PHOTOGRAPHER, party.theirs)


def test_organisers_delete_and_find_a_deleted_photo_no_more(party: Party) -> None:
    delete(party, ORGANISER, party.own)
    for role in (ORGANISER, PHOTOGRAPHER):
        with refused(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
            delete(party, role, party.own)
