"""Events, their codes and their members, and which callers may use each RPC."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.wrappers_pb2 import BoolValue, StringValue

from kit.rpc.timestamps import to_timestamp
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, Person
from tests.harness.calls import raises_fault

NOON = datetime(2030, 6, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=6)

MakeRequest = Callable[[pb.Event, Person], Message]

# Every RPC about one event, with a request that is valid for an organiser.
EVENT_RPCS: dict[str, MakeRequest] = {
    "GetEvent": lambda event, _: pb.GetEventRequest(event_id=event.event_id),
    "ListGuests": lambda event, _: pb.ListGuestsRequest(event_id=event.event_id),
    "ListActs": lambda event, _: pb.ListActsRequest(event_id=event.event_id),
    "ListSharedPhones": lambda event, _: pb.ListSharedPhonesRequest(event_id=event.event_id),
    "UpdateEvent": lambda event, _: pb.UpdateEventRequest(event_id=event.event_id, closed=BoolValue(value=True)),
    "CreateSignInLink": lambda event, other: pb.CreateSignInLinkRequest(event_id=event.event_id, user_id=other.user_id),
    "CreateInvitation": lambda event, _: pb.CreateInvitationRequest(event_id=event.event_id, role=pb.ROLE_COUPLE),
    "ListInvitations": lambda event, _: pb.ListInvitationsRequest(event_id=event.event_id),
    "RevokeInvitation": lambda event, _: pb.RevokeInvitationRequest(
        event_id=event.event_id, invitation_id=str(uuid4())
    ),
    "AdmitGuest": lambda event, other: pb.AdmitGuestRequest(event_id=event.event_id, user_id=other.user_id),
    "SetRole": lambda event, other: pb.SetRoleRequest(
        event_id=event.event_id, user_id=other.user_id, role=pb.ROLE_COUPLE
    ),
    "ListRemoved": lambda event, _: pb.ListRemovedRequest(event_id=event.event_id),
    "LeaveEvent": lambda event, other: pb.LeaveEventRequest(event_id=event.event_id, user_id=other.user_id),
    "DeleteEvent": lambda event, _: pb.DeleteEventRequest(event_id=event.event_id),
}


def list_guests(scene: AuthScene, event: pb.Event, organiser: Person) -> list[tuple[str, int]]:
    request = pb.ListGuestsRequest(event_id=event.event_id)
    answer = scene.stub.ListGuests(request, metadata=organiser.metadata)
    return [(guest.username, guest.role) for guest in answer.guests]


OF_OTHERS = {"RecordConsent", "SetNotice", "DeleteNotice", "ListMemberIds"}  # guests, and the gateway


def test_the_table_lists_every_organiser_rpc_about_an_event() -> None:
    service = pb.DESCRIPTOR.services_by_name["AuthService"]
    by_event = {m.name for m in service.methods if "event_id" in m.input_type.fields_by_name}
    assert by_event - OF_OTHERS == set(EVENT_RPCS)


def test_strangers_get_not_found_and_guests_get_permission_denied(scene: AuthScene, subtests: pytest.Subtests) -> None:
    olga = scene.organiser("olga")
    event = scene.event(olga)
    gina, greg, sven = scene.guest(event, "gina"), scene.visitor(event), scene.stranger()
    before = scene.last_change()
    for rpc, make_request in EVENT_RPCS.items():
        call = getattr(scene.stub, rpc)
        with subtests.test(rpc=rpc):
            with raises_fault(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND") as stranger:
                call(make_request(event, greg), metadata=sven.metadata)
            missing = pb.Event(event_id=str(uuid4()))
            with raises_fault(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND") as nothing:
                call(make_request(missing, greg), metadata=sven.metadata)
            assert stranger.message == nothing.message
            with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
                call(make_request(event, greg), metadata=gina.metadata)
            for malformed in ("", "1", "../../etc/passwd", "' OR 1=1", "\0"):
                with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
                    call(make_request(pb.Event(event_id=malformed), greg), metadata=olga.metadata)
    assert scene.last_change() == before
    for rpc, make_request in EVENT_RPCS.items():
        getattr(scene.stub, rpc)(make_request(event, greg), metadata=olga.metadata)


def test_the_creator_of_an_event_is_its_first_member(scene: AuthScene) -> None:
    olga = scene.organiser()
    event = scene.event(olga, "  Wedding 👨‍👩‍👧 ", start_time=to_timestamp(NOON), expire_time=to_timestamp(LATER))
    assert (event.name, event.closed, event.guest_count) == ("Wedding 👨‍👩‍👧", False, 1)
    assert (event.start_time.ToDatetime(UTC), event.expire_time.ToDatetime(UTC)) == (NOON, LATER)
    assert event == scene.stub.GetEvent(pb.GetEventRequest(event_id=event.event_id), metadata=olga.metadata).event
    assert list_guests(scene, event, olga) == [("olga", pb.ROLE_ORGANISER)]


def test_only_organisers_can_create_events(scene: AuthScene) -> None:
    gina = scene.guest(scene.event(scene.organiser()))
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        scene.event(gina)


def test_a_repeated_creation_returns_the_same_event(scene: AuthScene) -> None:
    olga, otto, request_id = scene.organiser("olga"), scene.organiser("otto"), str(uuid4())
    first = scene.event(olga, "first", request_id=request_id)
    assert scene.event(olga, "second", request_id=request_id) == first
    with raises_fault(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        scene.event(otto, "not mine", request_id=request_id)
    assert scene.sql("SELECT count(*) FROM auth.events") == [(1,)]


EVENT_RULES = [
    ({"name": ""}, {"name": "invalid_name"}),
    ({"name": "   "}, {"name": "invalid_name"}),
    ({"name": "x" * 201}, {"name": "invalid_name"}),
    ({"name": "a\0b"}, {"name": "invalid_name"}),
    ({"name": "two\nlines"}, {"name": "invalid_name"}),
    ({"name": "\u202egniddew"}, {"name": "invalid_name"}),
    ({"start_time": to_timestamp(LATER), "expire_time": to_timestamp(NOON)}, {"expires_at": "ends_before_start"}),
    (
        {"name": "", "start_time": to_timestamp(NOON), "expire_time": to_timestamp(NOON)},
        {"name": "invalid_name", "expires_at": "ends_before_start"},
    ),
]


def edit(event: pb.Event, **fields: Any) -> pb.UpdateEventRequest:
    """An update request from plain values, wrapped where the message has wrappers."""
    wrapped = {"name": StringValue, "closed": BoolValue, "admission": BoolValue}
    values = {name: wrapped[name](value=value) if name in wrapped else value for name, value in fields.items()}
    return pb.UpdateEventRequest(event_id=event.event_id, **values)


def test_the_fields_of_an_event_are_validated(scene: AuthScene, subtests: pytest.Subtests) -> None:
    olga = scene.organiser()
    event = scene.event(olga)
    for fields, violations in EVENT_RULES:
        with subtests.test(violations=violations):
            with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as created:
                scene.event(olga, **{"name": "Party", **fields})  # type: ignore[dict-item]
            update = edit(event, **fields)
            with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as updated:
                scene.stub.UpdateEvent(update, metadata=olga.metadata)
            assert created.violations == updated.violations == violations


@pytest.mark.parametrize("seconds", [10**15, -(10**15)])
def test_an_out_of_range_time_is_rejected(scene: AuthScene, seconds: int) -> None:
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        scene.event(scene.organiser(), start_time=Timestamp(seconds=seconds))


def test_an_update_changes_only_the_fields_that_are_set(scene: AuthScene) -> None:
    olga = scene.organiser()
    event = scene.event(olga, start_time=to_timestamp(NOON))

    def update(**fields: object) -> pb.Event:
        return scene.stub.UpdateEvent(edit(event, **fields), metadata=olga.metadata).event

    assert update() == event
    assert update(name=" Another name ").name == "Another name"
    assert update(closed=True).closed
    assert not update(closed=False).closed
    assert update(admission=True).admission
    assert not update(admission=False).admission
    for choice in (pb.GUEST_PHOTOS_MODERATED, pb.GUEST_PHOTOS_OPEN, pb.GUEST_PHOTOS_OFF):
        assert update(guest_photos=choice).guest_photos == update().guest_photos == choice
    renewed = update(new_code=True)
    assert renewed.event_code != event.event_code
    ended = update(expire_time=to_timestamp(LATER))
    assert (ended.name, ended.start_time, ended.event_code) == ("Another name", event.start_time, renewed.event_code)
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        update(start_time=to_timestamp(LATER))
    assert refusal.violations == {"expires_at": "ends_before_start"}
    codes = {event.event_code: False, renewed.event_code: True}
    for code, valid in codes.items():
        answer = scene.stub.CheckEventCode(pb.CheckEventCodeRequest(event_code=code))
        assert (answer.valid, answer.closed) == (valid, False)
    assert update(closed=True).closed
    shut = scene.stub.CheckEventCode(pb.CheckEventCodeRequest(event_code=renewed.event_code))
    assert shut == pb.CheckEventCodeResponse(closed=True)  # without the name, which only guests see


def test_a_generated_code_in_use_is_replaced(scene: AuthScene, monkeypatch: pytest.MonkeyPatch) -> None:
    olga = scene.organiser()
    taken = scene.event(olga).event_code.replace("-", "")
    draws = iter([taken, "AAAAAAAA", taken, "BBBBBBBB"])
    monkeypatch.setattr("auth_service.service.events.new_code", lambda: next(draws))
    event = scene.event(olga)
    assert event.event_code == "AAAA-AAAA"
    request = pb.UpdateEventRequest(event_id=event.event_id, new_code=True)
    assert scene.stub.UpdateEvent(request, metadata=olga.metadata).event.event_code == "BBBB-BBBB"


@pytest.mark.parametrize(
    "typed", ["10AB-CDEF", "10abcdef", " i o a b - c d e f ", "LOAB-CDEF", "lo-ab-cd-ef", "IOABCDEF", "--10ABCDEF"]
)
def test_an_event_code_is_normalised(scene: AuthScene, typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth_service.service.events.new_code", lambda: "10ABCDEF")
    event = scene.event(scene.organiser())
    assert event.event_code == "10AB-CDEF"
    answer = scene.stub.CheckEventCode(pb.CheckEventCodeRequest(event_code=typed))
    assert (answer.valid, answer.event_name) == (True, event.name)
    joined = scene.stub.JoinEvent(pb.JoinEventRequest(event_code=typed), metadata=scene.stranger().metadata)
    assert joined.event_id == event.event_id


def test_joining_again_changes_nothing(scene: AuthScene) -> None:
    olga = scene.organiser("olga")
    event, sven = scene.event(olga), scene.stranger()
    join = pb.JoinEventRequest(event_code=event.event_code)
    answers = {str(scene.stub.JoinEvent(join, metadata=sven.metadata)) for _ in range(2)}
    assert len(answers) == 1
    assert scene.stub.JoinEvent(join, metadata=olga.metadata).event_name == event.name
    assert list_guests(scene, event, olga) == [("olga", pb.ROLE_ORGANISER), ("sven", pb.ROLE_GUEST)]
    scene.sql("UPDATE auth.events SET closed = true")
    assert scene.stub.JoinEvent(join, metadata=sven.metadata).event_id == event.event_id, "they are already a member"


@pytest.mark.parametrize("shut", ["closed = true", "expires_at = now()"])
def test_a_shut_event_cannot_be_joined(scene: AuthScene, shut: str) -> None:
    event, sven = scene.event(scene.organiser()), scene.stranger()
    scene.sql(f"UPDATE auth.events SET {shut}")
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "EVENT_CLOSED"):
        scene.stub.JoinEvent(pb.JoinEventRequest(event_code=event.event_code), metadata=sven.metadata)
    assert not scene.stub.GetUser(pb.GetUserRequest(), metadata=sven.metadata).memberships


def test_joining_with_an_unknown_code_fails(scene: AuthScene) -> None:
    with raises_fault(grpc.StatusCode.NOT_FOUND, "INVALID_EVENT_CODE"):
        scene.stub.JoinEvent(pb.JoinEventRequest(event_code="0000-0000"), metadata=scene.stranger().metadata)


def test_guests_can_leave_and_organisers_can_remove_them(scene: AuthScene) -> None:
    olga = scene.organiser("olga")
    event = scene.event(olga)
    gina, greg = scene.guest(event, "gina"), scene.guest(event, "greg")
    scene.stub.LeaveEvent(pb.LeaveEventRequest(event_id=event.event_id), metadata=gina.metadata)
    remove = pb.LeaveEventRequest(event_id=event.event_id, user_id=greg.user_id)
    for _ in range(2):
        scene.stub.LeaveEvent(remove, metadata=olga.metadata)
    assert list_guests(scene, event, olga) == [("olga", pb.ROLE_ORGANISER)]
    with raises_fault(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        scene.stub.LeaveEvent(pb.LeaveEventRequest(event_id=event.event_id), metadata=gina.metadata)


def test_a_guest_can_leave_by_their_own_user_id(scene: AuthScene) -> None:
    olga = scene.organiser("olga")
    event = scene.event(olga)
    gina = scene.guest(event, "gina")
    request = pb.LeaveEventRequest(event_id=event.event_id, user_id=gina.user_id)
    scene.stub.LeaveEvent(request, metadata=gina.metadata)
    assert list_guests(scene, event, olga) == [("olga", pb.ROLE_ORGANISER)]


@pytest.mark.parametrize("named", [True, False])
def test_an_organiser_cannot_leave(scene: AuthScene, named: bool) -> None:
    olga = scene.organiser("olga")
    event = scene.event(olga)
    request = pb.LeaveEventRequest(event_id=event.event_id, user_id=olga.user_id if named else "")
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "ORGANISER_CANNOT_LEAVE"):
        scene.stub.LeaveEvent(request, metadata=olga.metadata)


def test_a_deleted_event_is_gone(scene: AuthScene) -> None:
    olga = scene.organiser("olga")
    event = scene.event(olga)
    gina = scene.guest(event, "gina")
    delete = pb.DeleteEventRequest(event_id=event.event_id)
    scene.stub.DeleteEvent(delete, metadata=olga.metadata)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        scene.stub.DeleteEvent(delete, metadata=olga.metadata)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "INVALID_EVENT_CODE"):
        scene.stub.JoinEvent(pb.JoinEventRequest(event_code=event.event_code), metadata=gina.metadata)
    assert not scene.stub.GetUser(pb.GetUserRequest(), metadata=gina.metadata).memberships
    assert scene.sql("SELECT count(*) FROM auth.tombstones WHERE id = :id", id=event.event_id) == [(1,)]
