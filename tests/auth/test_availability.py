"""Availability of user names and e-mail addresses: addresses of other events are not revealed."""

import grpc
import pytest

from auth_service.store import AccountStore
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, register_form
from tests.harness.calls import raises_fault

AVAILABILITY = [
    ("gina", "free@example.org", (True, False)),
    (" GINA ", "free@example.org", (True, False)),
    ("free", "GINA@example.org", (False, True)),
    ("gina", "olga@example.org", (True, True)),
    ("free", "free@example.org", (False, False)),
    ("", "", (False, False)),
    ("gina@example.org", "gina", (False, False)),
]


def test_an_email_of_another_event_is_not_reported_as_taken(scene: AuthScene) -> None:
    olga = scene.organiser("olga")
    here, elsewhere = scene.event(olga), scene.event(olga)
    scene.guest(elsewhere, "gina")
    for event, expected in ((here, False), (elsewhere, True)):
        question = pb.CheckUserAvailabilityRequest(
            username="gina", email="Gina@example.org", event_code=event.event_code
        )
        answer = scene.stub.CheckUserAvailability(question)
        assert (answer.username_taken, answer.email_taken) == (True, expected)


def test_control_a_check_across_all_accounts_reports_it(scene: AuthScene, monkeypatch: pytest.MonkeyPatch) -> None:
    olga = scene.organiser("olga")
    here, elsewhere = scene.event(olga), scene.event(olga)
    scene.guest(elsewhere, "gina")
    find = AccountStore.find_taken
    monkeypatch.setattr(AccountStore, "find_taken", lambda store, name, email, _=None: find(store, name, email))
    question = pb.CheckUserAvailabilityRequest(email="gina@example.org", event_code=here.event_code)
    assert scene.stub.CheckUserAvailability(question).email_taken


def test_a_registration_with_other_faults_does_not_reveal_a_known_email(scene: AuthScene) -> None:
    event = scene.event(scene.organiser("olga"))
    known = {"username": "gina", "email": "olga@example.org"}
    for other, expected in (
        ({"password": "short"}, {"password": "password_too_short"}),
        ({"username": "OLGA"}, {"username": "username_taken", "email": "email_taken"}),
        ({"username": "x"}, {"username": "invalid_username"}),
        ({}, {"email": "email_taken"}),
    ):
        with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
            scene.stub.Register(register_form(event, **{**known, **other}))
        assert refusal.violations == expected


def test_availability_is_reported_to_clients_with_an_event_code(scene: AuthScene, subtests: pytest.Subtests) -> None:
    event = scene.event(scene.organiser("olga"))
    scene.guest(event, "gina")
    for username, email, taken in AVAILABILITY:
        request = pb.CheckUserAvailabilityRequest(username=username, email=email, event_code=event.event_code)
        with subtests.test(username=username, email=email):
            answer = scene.stub.CheckUserAvailability(request)
            assert (answer.username_taken, answer.email_taken) == taken
    scene.sql("UPDATE auth.events SET closed = true")
    with raises_fault(grpc.StatusCode.NOT_FOUND, "INVALID_EVENT_CODE"):
        scene.stub.CheckUserAvailability(request)
