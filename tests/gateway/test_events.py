"""Events and their guests over REST, for organisers."""

from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from auth_service.domain import EventClosed, OrganiserCannotLeave, OrganiserOnly, UserNotFound
from matcher_service.domain import EventNotFound
from protos.auth.v1 import auth_pb2 as pb
from protos.matcher.v1 import matcher_pb2, photo_pb2
from protos.selfie.v1 import selfie_pb2
from tests.gateway.world import SIGNED, World, problem

A = "3f2b8c1e-0000-4000-8000-00000000000a"
B = "3f2b8c1e-0000-4000-8000-00000000000b"
NO_PHOTOS = {"pending": 0, "indexed": 0, "failed": 0, "total": 0}
PHOTOS = {"pending": 1, "indexed": 2, "failed": 3, "total": 6}
NO_OFFER = {
    "release": "live",
    "releases_at": None,
    "credit": None,
    "download": "original",
    "keep_days": None,
    "hidden": False,
    "hides_at": None,
    "deletes_at": None,
}


def event(event_id: str) -> pb.Event:
    return pb.Event(
        event_id=event_id,
        name="Wedding",
        event_code="7K3F-9QXA",
        guest_count=4,
        start_time=Timestamp(seconds=9),
        role=pb.ROLE_COUPLE,
    )


def shown(
    event_id: str, photos: dict[str, int], faces: int, guests: tuple[int | None, ...] = (None, None, None)
) -> dict[str, Any]:
    """The JSON of an event; `guests`: how many wait, are searched for, and are searched for without photos."""
    return {
        "id": event_id,
        "name": "Wedding",
        "event_code": "7K3F-9QXA",
        "starts_at": 9,
        "expires_at": None,
        "closed": False,
        "ended": False,
        "admission": False,
        "guest_photos": "off",
        "photos": photos,
        "faces": faces,
        "guests": 4,
        **NO_OFFER,
        "role": "couple",
        "logo_url": None,
        **dict(zip(("waiting", "searched", "without_photos"), guests, strict=True)),
    }


def count(request: photo_pb2.GetIndexStateRequest) -> Any:
    """Answers as a matcher that has only event A."""
    if B in request.event_ids:
        return EventNotFound()
    guests = {"searched_count": 7, "unmatched_count": 6} if request.count_guests else {}
    state = photo_pb2.IndexState(event_id=A, pending_count=1, indexed_count=2, failed_count=3, face_count=5, **guests)
    return photo_pb2.GetIndexStateResponse(states=[state])


def test_a_new_event_has_no_photos_and_fetches_no_counts(world: World) -> None:
    world.answer(CreateEvent=pb.CreateEventResponse(event=event(A)))
    form = {
        "name": "Wedding",
        "starts_at": 9,
        "expires_at": "1970-01-01T01:00:10+01:00",
        "admission": True,
        "guest_photos": "open",
    }
    answer = world.client.post("/api/events", json=form, headers=SIGNED)
    assert (answer.status_code, answer.json()) == (201, shown(A, NO_PHOTOS, 0))
    sent = world.services.sent("CreateEvent")
    assert (sent.start_time.seconds, sent.expire_time.seconds, len(sent.request_id)) == (9, 10, 36)
    assert (sent.admission, sent.guest_photos) == (True, pb.GUEST_PHOTOS_OPEN)
    assert len(world.services.calls) == 1


def test_an_event_is_merged_with_its_counts(world: World) -> None:
    counted = event(A)
    counted.waiting_count = 8
    world.answer(GetEvent=pb.GetEventResponse(event=counted), GetIndexState=count)
    assert world.client.get(f"/api/events/{A}", headers=SIGNED).json() == shown(A, PHOTOS, 5, (8, 7, 6))


def test_an_event_unknown_to_the_matcher_has_zero_counts(world: World) -> None:
    world.answer(
        ListEvents=pb.ListEventsResponse(events=[event(A), event(B)], next_page_token="n"), GetIndexState=count
    )
    answer = world.client.get("/api/events?limit=2", headers=SIGNED).json()
    assert answer == {"events": [shown(A, PHOTOS, 5), shown(B, NO_PHOTOS, 0)], "next_cursor": "n"}


def test_events_are_counted_in_one_call(world: World) -> None:
    world.answer(ListEvents=pb.ListEventsResponse(events=[event(A), event(A)]), GetIndexState=count)
    world.client.get("/api/events", headers=SIGNED)
    assert list(world.services.sent("GetIndexState").event_ids) == [A, A]


def test_an_update_sends_only_the_given_fields(world: World) -> None:
    world.answer(UpdateEvent=pb.UpdateEventResponse(event=event(A)), GetIndexState=count)
    answer = world.client.patch(f"/api/events/{A}", json={"closed": False, "new_code": True}, headers=SIGNED)
    assert answer.json() == shown(A, PHOTOS, 5, (None, 7, 6))
    sent = world.services.sent("UpdateEvent")
    assert (sent.HasField("name"), sent.HasField("closed"), sent.closed.value, sent.new_code) == (
        False,
        True,
        False,
        True,
    )
    assert not sent.HasField("start_time")
    assert not sent.HasField("admission")
    assert sent.guest_photos == pb.GUEST_PHOTOS_UNSPECIFIED


@pytest.mark.parametrize("choice", ["off", "moderated", "open"])
def test_guest_photos_can_be_switched(world: World, choice: str) -> None:
    number = pb.GuestPhotos.Value(f"GUEST_PHOTOS_{choice.upper()}")
    world.answer(
        UpdateEvent=pb.UpdateEventResponse(event=pb.Event(event_id=A, guest_photos=number)), GetIndexState=count
    )
    answer = world.client.patch(f"/api/events/{A}", json={"guest_photos": choice}, headers=SIGNED)
    assert answer.json()["guest_photos"] == choice
    assert world.services.sent("UpdateEvent").guest_photos == number


def test_an_unknown_guest_photos_choice_is_rejected(world: World) -> None:
    answer = world.client.patch(f"/api/events/{A}", json={"guest_photos": "ajar"}, headers=SIGNED)
    assert problem(answer) == (422, "invalid_form")
    assert world.services.calls == []


@pytest.mark.parametrize("is_on", [True, False])
def test_admission_can_be_switched(world: World, is_on: bool) -> None:
    shown = pb.Event(event_id=A, admission=is_on)
    world.answer(UpdateEvent=pb.UpdateEventResponse(event=shown), GetIndexState=count)
    answer = world.client.patch(f"/api/events/{A}", json={"admission": is_on}, headers=SIGNED)
    assert answer.json()["admission"] is is_on
    sent = world.services.sent("UpdateEvent")
    assert (sent.HasField("admission"), sent.admission.value) == (True, is_on)


def test_an_update_fails_first_when_the_counts_are_unavailable(world: World) -> None:
    world.answer(GetIndexState=grpc.StatusCode.INTERNAL)
    assert world.client.patch(f"/api/events/{A}", json={"new_code": True}, headers=SIGNED).status_code == 500
    assert [call.method for call in world.services.calls] == ["GetIndexState"]


def test_an_event_is_deleted_in_one_call(world: World) -> None:
    assert world.client.delete(f"/api/events/{A}", headers=SIGNED).status_code == 204
    assert [call.method for call in world.services.calls] == ["DeleteEvent"]


def guest(user_id: str, *, waiting: bool = False, role: pb.Role = pb.ROLE_GUEST) -> pb.Guest:
    return pb.Guest(user_id=user_id, username="ada", role=role, join_time=Timestamp(seconds=3), waiting=waiting)


def answer_guests(world: World) -> None:
    """Scripts a waiting guest, one with photos, one without, one without counts, and an organiser."""
    guests = [guest(B, waiting=True), guest("with"), guest("without"), guest("new"), guest("o", role=pb.ROLE_ORGANISER)]
    accepted = selfie_pb2.SelfieOfUser(user_id="with", selfie=selfie_pb2.GUEST_SELFIE_ACCEPTED)
    rejected = selfie_pb2.SelfieOfUser(user_id="without", selfie=selfie_pb2.GUEST_SELFIE_REJECTED)
    counts = [
        matcher_pb2.MatchCount(user_id=who, photo_count=count) for who, count in (("with", 3), ("without", 0), ("o", 0))
    ]
    world.answer(
        ListGuests=pb.ListGuestsResponse(guests=guests, next_page_token="n"),
        ListSelfieStates=selfie_pb2.ListSelfieStatesResponse(selfies=[accepted, rejected]),
        CountMatches=matcher_pb2.CountMatchesResponse(counts=counts),
    )


def test_guests_are_listed_with_their_selfies_and_photos(world: World) -> None:
    answer_guests(world)
    answer = world.client.get(f"/api/events/{A}/guests", headers=SIGNED).json()
    names = {"username": "ada", "display_name": "", "role": "guest", "joined_at": 3}
    assert answer["guests"][0] == {"user_id": B, **names, "waiting": True, "selfie": None, "photos": None}
    assert [(one["user_id"], one["selfie"], one["photos"]) for one in answer["guests"][1:]] == [
        ("with", "accepted", 3),
        ("without", "rejected", 0),
        ("new", "none", None),
        ("o", "none", 0),
    ]
    for method in ("ListSelfieStates", "CountMatches"):
        sent = world.services.sent(method)
        assert (sent.event_id, list(sent.user_ids)) == (A, ["with", "without", "new", "o"]), "not of waiting guests"


def test_guests_without_photos_are_listed_in_pages(world: World) -> None:
    answer_guests(world)
    answer = world.client.get(f"/api/events/{A}/guests?without_photos=true", headers=SIGNED).json()
    assert ([one["user_id"] for one in answer["guests"]], answer["next_cursor"]) == (["without"], "n")


@pytest.mark.parametrize("fault", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNIMPLEMENTED, EventNotFound()])
def test_guests_are_listed_when_the_other_services_are_unavailable(world: World, fault: Any) -> None:
    answer_guests(world)
    world.answer(ListSelfieStates=fault, CountMatches=fault)
    answer = world.client.get(f"/api/events/{A}/guests", headers=SIGNED)
    assert [(one["selfie"], one["photos"]) for one in answer.json()["guests"]] == [(None, None)] * 5
    assert world.client.get(f"/api/events/{A}/guests?without_photos=true", headers=SIGNED).status_code >= 404


def test_a_permission_fault_of_one_service_fails_the_list(world: World) -> None:
    answer_guests(world)
    world.answer(ListSelfieStates=OrganiserOnly())
    assert problem(world.client.get(f"/api/events/{A}/guests", headers=SIGNED)) == (403, "organiser_only")


@pytest.mark.parametrize(("who", "sent"), [("me", ""), (B, B)])
def test_a_guest_can_leave_or_be_removed(world: World, who: str, sent: str) -> None:
    assert world.client.delete(f"/api/events/{A}/guests/{who}", headers=SIGNED).status_code == 204
    assert world.services.sent("LeaveEvent").user_id == sent


@pytest.mark.parametrize(
    ("who", "signed_out", "forgets"),
    [("me", True, True), ("me", False, False), (B, True, False)],
)
def test_leaving_the_last_event_clears_the_cookies(world: World, who: str, signed_out: bool, forgets: bool) -> None:
    world.answer(LeaveEvent=pb.LeaveEventResponse(signed_out=signed_out))
    answer = world.client.delete(f"/api/events/{A}/guests/{who}", headers=SIGNED)
    assert answer.status_code == 204
    assert bool([cookie for cookie in answer.headers.get_list("set-cookie") if "Max-Age=0" in cookie]) is forgets
    assert ("clear-site-data" in answer.headers) is forgets


def test_a_guest_is_admitted(world: World) -> None:
    assert world.client.post(f"/api/events/{A}/guests/{B}/admit", headers=SIGNED).status_code == 204
    sent = world.services.sent("AdmitGuest")
    assert (sent.event_id, sent.user_id) == (A, B)


@pytest.mark.parametrize(
    ("method", "path", "rpc", "fault", "expected"),
    [
        ("GET", f"/api/events/{A}", "GetEvent", OrganiserOnly(), (403, "organiser_only")),
        ("GET", f"/api/events/{A}", "GetEvent", EventNotFound(), (404, "event_not_found")),
        ("POST", f"/api/events/{A}/guests/{B}/admit", "AdmitGuest", UserNotFound(), (404, "user_not_found")),
        ("POST", f"/api/events/{A}/guests/{B}/admit", "AdmitGuest", EventClosed(), (409, "event_closed")),
        ("DELETE", f"/api/events/{A}/guests/me", "LeaveEvent", OrganiserCannotLeave(), (409, "organiser_cannot_leave")),
    ],
)
def test_faults_of_the_service_are_passed_on(
    world: World, method: str, path: str, rpc: str, fault: Any, expected: tuple[int, str]
) -> None:
    world.answer(**{rpc: fault})
    assert problem(world.client.request(method, path, headers=SIGNED)) == expected
