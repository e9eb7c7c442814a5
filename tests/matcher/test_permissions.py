"""Permissions on photos by role: every RPC open to people, called through the server."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from grpc import StatusCode

from kit.rpc.identity import USER
from matcher_service.domain import Action, ChangeKind, Role, Visibility, permissions
from matcher_service.servicer import MatcherServicer, PhotoServicer
from matcher_service.spool import spool
from protos.matcher.v1 import matcher_pb2, photo_pb2
from tests.harness.calls import RpcFault, read_fault
from tests.matcher.person_script import PERSON
from tests.matcher.roles import (
    ALL,
    BY_RIGHTS,
    COUPLE,
    EVERYONE,
    GUEST,
    HIDDEN,
    HIDERS,
    LOOKERS,
    MATCHED,
    ORGANISER,
    PHOTOGRAPHER,
    UNAPPROVED,
    Party,
    get,
    set_visibility,
)
from tests.matcher.scripted_photos import JPEG, JPEG_END, photo_of
from tests.matcher.world import MAX_PHOTO_BYTES, World

Make = Callable[[Party], Any]
ORGANISER_ONLY = (StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY")
NOT_FOUND = (StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND")


def by_event(message: Any, **fields: Any) -> Make:
    return lambda party: message(event_id=str(party.event), **fields)


def on_photo(message: Any) -> Make:
    return lambda party: message(photo_id=str(party.theirs))


def remove_face(party: Party) -> matcher_pb2.RemoveFacesRequest:
    _, [face, *_], _ = party.world.removals.find_similar(party.world.organiser, party.theirs, 0)
    box = face.face
    key = ".".join(map(str, (box.no, box.left, box.top, box.width, box.height)))
    chosen = matcher_pb2.ChosenFace(photo_id=str(party.theirs), face_name=key)
    removal = matcher_pb2.REMOVAL_FORGET_FACES
    return matcher_pb2.RemoveFacesRequest(event_id=str(party.event), faces=[chosen], removal=removal)


def make_logo(party: Party) -> photo_pb2.GetLogoRequest:
    party.world.logos.set_logo(party.world.organiser, party.event, JPEG)
    return photo_pb2.GetLogoRequest(event_id=str(party.event))


# The RPC, a request, the roles that may call it, and the error that other roles get.
CASES: list[tuple[str, Make, set[Role], tuple[StatusCode, str]]] = [
    ("ListPhotos", by_event(photo_pb2.ListPhotosRequest), LOOKERS, ORGANISER_ONLY),
    ("GetPhoto", lambda party: get(party.theirs), HIDERS, NOT_FOUND),
    ("GetPhoto", lambda party: get(party.own), LOOKERS, NOT_FOUND),
    (
        "SetVisibility",
        lambda party: set_visibility(party.event, HIDDEN, party.theirs),
        HIDERS,
        ORGANISER_ONLY,
    ),
    (
        "SetVisibility",
        lambda party: set_visibility(party.event, MATCHED, party.theirs),
        HIDERS,
        ORGANISER_ONLY,
    ),
    ("SetVisibility", lambda party: set_visibility(party.event, EVERYONE, party.theirs), {ORGANISER}, ORGANISER_ONLY),
    ("SetVisibility", lambda party: set_visibility(party.event, UNAPPROVED, party.theirs), {ORGANISER}, ORGANISER_ONLY),
    ("DismissHideRequests", by_event(photo_pb2.DismissHideRequestsRequest), {ORGANISER}, ORGANISER_ONLY),
    ("FindKnownPhotos", by_event(photo_pb2.FindKnownPhotosRequest), {ORGANISER, PHOTOGRAPHER}, ORGANISER_ONLY),
    (
        "GetIndexState",
        lambda party: photo_pb2.GetIndexStateRequest(event_ids=[str(party.event)]),
        LOOKERS,
        ORGANISER_ONLY,
    ),
    ("RetryPhotos", by_event(photo_pb2.RetryPhotosRequest), {ORGANISER}, ORGANISER_ONLY),
    ("DeletePhotos", by_event(photo_pb2.DeletePhotosRequest), {ORGANISER}, ORGANISER_ONLY),
    ("CheckUpload", by_event(photo_pb2.CheckUploadRequest), {ORGANISER, PHOTOGRAPHER}, ORGANISER_ONLY),
    ("ListUploads", by_event(photo_pb2.ListUploadsRequest), ALL, NOT_FOUND),
    ("ListPhotoActs", by_event(photo_pb2.ListPhotoActsRequest), {ORGANISER}, ORGANISER_ONLY),
    ("ListCameras", by_event(photo_pb2.ListCamerasRequest), {ORGANISER}, ORGANISER_ONLY),
    (
        "SetCameraOffset",
        lambda party: photo_pb2.SetCameraOffsetRequest(event_id=str(party.event), camera_id=str(party.camera)),
        {ORGANISER},
        ORGANISER_ONLY,
    ),
    ("CountMatches", by_event(matcher_pb2.CountMatchesRequest), {ORGANISER}, ORGANISER_ONLY),
    ("ListFaces", on_photo(matcher_pb2.ListFacesRequest), {ORGANISER}, NOT_FOUND),
    ("GetFaceCrop", on_photo(matcher_pb2.GetFaceCropRequest), {ORGANISER}, NOT_FOUND),
    ("FindSimilarFaces", on_photo(matcher_pb2.FindSimilarFacesRequest), {ORGANISER}, NOT_FOUND),
    ("SearchFaces", by_event(matcher_pb2.SearchFacesRequest, image=PERSON), {ORGANISER}, ORGANISER_ONLY),
    ("RemoveFaces", remove_face, {ORGANISER}, ORGANISER_ONLY),
    ("ListSharedFaces", by_event(matcher_pb2.ListSharedFacesRequest), {ORGANISER}, ORGANISER_ONLY),
    ("SetLogo", by_event(photo_pb2.SetLogoRequest, image=JPEG), {ORGANISER}, ORGANISER_ONLY),
    ("DeleteLogo", by_event(photo_pb2.DeleteLogoRequest), {ORGANISER}, ORGANISER_ONLY),
    ("GetLogo", make_logo, ALL, NOT_FOUND),
    ("CreateDownloadToken", lambda _: photo_pb2.CreateDownloadTokenRequest(), ALL, NOT_FOUND),
    ("ListMatches", by_event(matcher_pb2.ListMatchesRequest), ALL, NOT_FOUND),
    # As guests, they see none of the photos.
    ("RefuseMatch", on_photo(matcher_pb2.RefuseMatchRequest), set(), NOT_FOUND),
    ("RestoreMatch", on_photo(matcher_pb2.RestoreMatchRequest), set(), NOT_FOUND),
    ("AskToHide", on_photo(matcher_pb2.AskToHideRequest), set(), NOT_FOUND),
    ("UndoAskToHide", on_photo(matcher_pb2.UndoAskToHideRequest), set(), NOT_FOUND),
]
# These have tests of their own below.
ELSEWHERE = {"AddPhotos", "DeletePhoto", "RetryPhoto"}


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda case: CASES[case][0])
def test_the_roles_in_the_table_can_call_an_rpc_and_no_others(party: Party, case: int) -> None:
    rpc, make, allowed, otherwise = CASES[case]
    for role in sorted(ALL, key=lambda role: (role in allowed, str(role))):
        fault = RpcFault()
        try:
            party.call(role, rpc, make(party))
        except grpc.RpcError as error:
            read_fault(error, fault)
        assert (fault.code, fault.reason) == ((None, "") if role in allowed else otherwise), role


def test_the_table_covers_every_rpc_open_to_people() -> None:
    methods = {**vars(PhotoServicer), **vars(MatcherServicer)}
    of_users = {name for name, method in methods.items() if USER in getattr(method, "access", NoAccess).kinds}
    assert of_users == {rpc for rpc, *_ in CASES} | ELSEWHERE


class NoAccess:
    kinds: frozenset[str] = frozenset()


@pytest.mark.parametrize("role", [ORGANISER, COUPLE, PHOTOGRAPHER, GUEST])
def test_organisers_and_photographers_add_photos(party: Party, role: Role) -> None:
    header = photo_pb2.AddPhotosRequest(header={"event_id": str(party.event), "filename": "a.jpg"})
    chunk = photo_pb2.AddPhotosRequest(chunk=JPEG + role.value.encode() + JPEG_END)
    fault = RpcFault()
    try:
        [added] = party.service.upload(party.members[role], header, chunk)
        assert added.state == photo_pb2.PHOTO_STATE_PENDING
    except grpc.RpcError as error:
        read_fault(error, fault)
    assert (fault.code, fault.reason) == ((None, "") if role in (ORGANISER, PHOTOGRAPHER) else ORGANISER_ONLY)


@pytest.mark.parametrize("role", [ORGANISER, COUPLE, PHOTOGRAPHER, GUEST])
def test_only_organisers_retry_a_photo(party: Party, role: Role) -> None:
    fault = RpcFault()
    try:
        party.call(role, "RetryPhoto", photo_pb2.RetryPhotoRequest(photo_id=str(party.own)))
    except grpc.RpcError as error:
        read_fault(error, fault)
    assert fault.reason == ("PHOTO_NOT_FAILED" if role is ORGANISER else "PHOTO_NOT_FOUND")


ORDERS = [{}, {"order": "PHOTO_ORDER_TAKEN"}, {"ascending": True}, {"state": "PHOTO_STATE_INDEXED"}]


@pytest.mark.parametrize("fields", ORDERS, ids=str)
def test_a_photographer_lists_and_counts_only_their_own_photos(party: Party, fields: dict[str, Any]) -> None:
    second = party.add_by(party.members[PHOTOGRAPHER], 1, 2)
    assert party.list_photos(PHOTOGRAPHER, **fields) == ({party.own, second}, 2)
    for role in (ORGANISER, COUPLE):
        assert party.list_photos(role, **fields) == ({party.theirs, party.own, second}, 3)
    request = photo_pb2.GetIndexStateRequest(event_ids=[str(party.event)])
    counts = {role: party.call(role, "GetIndexState", request).states[0] for role in BY_RIGHTS}
    assert [(counts[role].indexed_count, counts[role].face_count) for role in BY_RIGHTS] == [
        (3, 4),
        (3, 4),
        (2, 3),
    ]


def test_control_a_photographer_who_sees_everything(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = {**permissions.ALLOWED, PHOTOGRAPHER: frozenset(Action)}
    monkeypatch.setattr(permissions, "ALLOWED", everything)
    assert party.list_photos(PHOTOGRAPHER) == ({party.theirs, party.own}, 2)
    assert party.call(PHOTOGRAPHER, "GetPhoto", get(party.theirs))


def test_a_hidden_photo_is_visible_only_to_its_photographer(party: Party) -> None:
    other = party.world.join(party.event, role=PHOTOGRAPHER)
    party.set(ORGANISER, HIDDEN, party.own)
    assert party.call(PHOTOGRAPHER, "GetPhoto", get(party.own))
    assert party.list_photos(PHOTOGRAPHER) == ({party.own}, 1)
    party.members[PHOTOGRAPHER] = other
    assert party.list_photos(PHOTOGRAPHER) == (set(), 0)
    assert party.world.seen(party.event, other) == {}


def test_a_photographer_need_not_send_files_known_from_others(party: Party) -> None:
    data = photo_of([1], "the same")
    with spool(data, MAX_PHOTO_BYTES) as upload:
        party.world.photos.add_photo(party.world.organiser, party.event, "secret name.jpg", upload)
        request = photo_pb2.FindKnownPhotosRequest(event_id=str(party.event), sha256=[upload.sha256, bytes(32)])
    answer = party.call(PHOTOGRAPHER, "FindKnownPhotos", request)
    assert [(known.place, known.state) for known in answer.photos] == [(0, photo_pb2.PHOTO_STATE_PENDING)]
    assert "secret" not in str(answer)


def test_a_couple_hides_and_shows_photos_but_cannot_approve_them(party: Party) -> None:
    unapproved, for_all = party.world.add(party.event, 3), party.world.add(party.event, 4)
    party.set(ORGANISER, UNAPPROVED, unapproved)
    party.set(ORGANISER, EVERYONE, for_all)
    photos = (party.theirs, unapproved, for_all)
    party.set(COUPLE, MATCHED, *photos)
    assert [party.visibility(photo)[11:] for photo in photos] == ["MATCHED", "UNAPPROVED", "EVERYONE"]
    party.set(COUPLE, HIDDEN, *photos)
    assert [party.visibility(photo)[11:] for photo in photos] == ["HIDDEN", "UNAPPROVED", "HIDDEN"]
    for _repeat in range(2):
        party.set(COUPLE, MATCHED, *photos)
    assert [party.visibility(photo)[11:] for photo in photos] == ["MATCHED", "UNAPPROVED", "MATCHED"]


def test_hiding_a_photo_as_a_couple_settles_its_requests(party: Party) -> None:
    guest = party.members[GUEST]
    assert party.world.rematch(party.event, guest, 1, 1) == "DONE"
    party.world.audience.ask_to_hide(guest, party.theirs)
    party.set(COUPLE, HIDDEN, party.theirs)
    assert party.world.hide_requests(party.event) == {}
    assert party.world.seen(party.event, guest) == {}


@pytest.mark.parametrize("role", [COUPLE, PHOTOGRAPHER])
def test_members_of_every_role_also_get_guest_matches(party: Party, role: Role) -> None:
    member = party.members[role]
    assert party.world.rematch(party.event, member, 1, 1) == "DONE"
    assert {match.photo_id for match in party.service.list_matches(member).matches} == {str(party.theirs)}


def test_a_new_role_takes_effect_with_the_next_call(party: Party) -> None:
    guest, world = party.members[GUEST], party.world
    world.late.append(world.next_change(ChangeKind.JOINED, event_id=party.event, user_id=guest, role=COUPLE))
    assert party.list_photos(GUEST)[1] == 2, "the feed is read before access is denied"
    world.leave(party.event, guest)
    with pytest.raises(grpc.RpcError, match="Event not found"):
        party.list_photos(GUEST)


def test_visibility_without_special_roles_is_unchanged(party: Party) -> None:
    world: World = party.world
    world.audience.set_visibility(world.organiser, party.event, [party.own], Visibility.UNAPPROVED)
    world.audience.set_visibility(world.organiser, party.event, [party.own], Visibility.MATCHED)
    assert party.visibility(party.own) == "VISIBILITY_MATCHED"
