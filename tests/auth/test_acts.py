"""The audit log of auth_service: which acts it records, who can read them, and how long they are kept."""

from datetime import timedelta
from typing import Any

import grpc
import pytest

from auth_service.store import roles
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, Person
from tests.auth.test_withdrawal import withdraw
from tests.harness.calls import raises_fault


def acts(scene: AuthScene, event: pb.Event, organiser: Person, **fields: Any) -> list[pb.Act]:
    request = pb.ListActsRequest(event_id=event.event_id, **fields)
    return list(scene.stub.ListActs(request, metadata=organiser.metadata).acts)


def summarize(found: list[pb.Act]) -> list[tuple[str, str, str]]:
    """Action, object and result of each act, oldest first."""
    return [(act.action, act.object_id, act.result) for act in reversed(found)]


def test_acts_of_organisers_on_members_are_recorded(scene: AuthScene) -> None:
    event = scene.event(olga := scene.organiser())
    gina, hans = scene.visitor(event), scene.visitor(event)
    scene.set_role(event, gina, pb.ROLE_PHOTOGRAPHER, olga)
    scene.invite(event, olga, pb.ROLE_COUPLE)
    link = pb.CreateSignInLinkRequest(event_id=event.event_id, user_id=hans.user_id)
    scene.stub.CreateSignInLink(link, metadata=olga.metadata)
    scene.stub.UpdateEvent(pb.UpdateEventRequest(event_id=event.event_id, new_code=True), metadata=olga.metadata)
    scene.remove(event, hans, olga)
    scene.admit(event, hans, olga)
    found = acts(scene, event, olga)
    assert {act.actor_id for act in found} == {olga.user_id}
    role, invitation, *others = summarize(found)
    assert role == ("role_changed", gina.user_id, "photographer")
    assert (invitation[0], invitation[2]) == ("invitation_made", "couple")
    assert others == [
        ("sign_in_link_made", hans.user_id, "done"),
        ("code_changed", "", "done"),
        ("guest_removed", hans.user_id, "done"),
        ("guest_admitted", hans.user_id, "done"),
    ]
    assert all(act.HasField("act_time") for act in found)


def test_an_act_records_the_network_of_its_actor(scene: AuthScene) -> None:
    event = scene.event(olga := scene.organiser())
    metadata = (*olga.metadata, ("x-client-network", "192.0.2.77"))
    scene.stub.UpdateEvent(pb.UpdateEventRequest(event_id=event.event_id, new_code=True), metadata=metadata)
    scene.stub.UpdateEvent(pb.UpdateEventRequest(event_id=event.event_id, new_code=True), metadata=olga.metadata)
    assert [act.network for act in acts(scene, event, olga)] == ["", "192.0.2.0/24"]


def test_acts_outside_events_are_recorded_but_not_shown_to_organisers(scene: AuthScene) -> None:
    event = scene.event(olga := scene.organiser())
    gina, hans = scene.visitor(event), scene.visitor(event)
    withdraw(scene, gina)
    scene.stub.CreateSignInLink(pb.CreateSignInLinkRequest(), metadata=gina.metadata)
    scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=hans.metadata)
    assert acts(scene, event, olga) == []
    rows = scene.sql("SELECT action, CAST(actor_id AS text) AS actor FROM auth.acts WHERE event_id IS NULL ORDER BY at")
    assert [(row.action, row.actor) for row in rows] == [
        ("consent_withdrawn", gina.user_id),
        ("sign_in_link_made", gina.user_id),
        ("account_erased", hans.user_id),
    ]


def test_an_act_that_cannot_be_recorded_is_rolled_back(scene: AuthScene, monkeypatch: pytest.MonkeyPatch) -> None:
    event = scene.event(olga := scene.organiser())
    gina = scene.visitor(event)

    def fail(*_: object) -> None:
        raise OSError("full")

    monkeypatch.setattr(roles, "note_act", fail)
    with raises_fault(grpc.StatusCode.INTERNAL, "INTERNAL"):
        scene.set_role(event, gina, pb.ROLE_PHOTOGRAPHER, olga)
    assert [one.role for one in scene.memberships(gina)] == [pb.ROLE_GUEST]
    monkeypatch.setattr(roles, "note_act", lambda *_: None)  # control: without the record it succeeds
    scene.set_role(event, gina, pb.ROLE_PHOTOGRAPHER, olga)
    assert [one.role for one in scene.memberships(gina)] == [pb.ROLE_PHOTOGRAPHER]


def test_a_rejected_call_records_no_act(scene: AuthScene) -> None:
    event = scene.event(olga := scene.organiser())
    gina = scene.guest(event)
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        scene.set_role(event, gina, pb.ROLE_ORGANISER, gina)
    assert acts(scene, event, olga) == []


def test_a_page_continues_after_the_previous_one(scene: AuthScene) -> None:
    event = scene.event(olga := scene.organiser())
    for _ in range(3):
        scene.stub.UpdateEvent(pb.UpdateEventRequest(event_id=event.event_id, new_code=True), metadata=olga.metadata)
    scene.sql("UPDATE auth.acts SET at = '2026-01-01 12:00:00.123456+00'")  # only their ids differ
    first = acts(scene, event, olga, page_size=2)
    last = first[-1]
    rest = acts(scene, event, olga, page_size=2, before_time=last.act_time, before_id=last.act_id)
    assert len({act.act_id for act in (*first, *rest)}) == 3
    assert [act.act_id for act in (*first, *rest)] == sorted((act.act_id for act in (*first, *rest)), reverse=True)


@pytest.mark.parametrize("fields", [{"page_size": 202}, {"page_size": -1}, {"before_id": "x"}, {"before_time": "now"}])
def test_invalid_page_parameters_are_rejected(scene: AuthScene, fields: dict[str, Any]) -> None:
    event = scene.event(olga := scene.organiser())
    if "before_time" in fields:
        fields = {"before_time": event.create_time}
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        acts(scene, event, olga, **fields)


def test_acts_are_deleted_after_180_days(scene: AuthScene) -> None:
    event = scene.event(olga := scene.organiser())
    for days in (181, 179):
        scene.stub.UpdateEvent(pb.UpdateEventRequest(event_id=event.event_id, new_code=True), metadata=olga.metadata)
        scene.sql("UPDATE auth.acts SET at = now() - :age WHERE at > now() - interval '1 day'", age=timedelta(days))
    scene.auth.tidy()
    assert len(acts(scene, event, olga)) == 1
