"""Registration, login, and the account itself."""

from uuid import uuid4

import grpc
import pytest

from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import PASSWORD, AuthScene, register_form
from tests.harness.calls import bearer, raises_fault

HOSTILE = ["a\0b", "' OR '1'='1", "%", "_", "x'; DROP TABLE auth.users; --", "\u202eadmin", "{}", "$1", ":user", "*"]


def test_registering_makes_an_account_a_membership_and_a_login(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    answer = scene.stub.Register(register_form(event, "gina"))
    me = scene.stub.GetUser(pb.GetUserRequest(), metadata=bearer(answer.tokens.access_token))
    assert (me.user_id, me.username, me.email, me.organiser) == (answer.user_id, "gina", "gina@example.org", False)
    assert [(m.event_id, m.event_name, m.role, m.closed) for m in me.memberships] == [
        (event.event_id, event.name, pb.ROLE_GUEST, False)
    ]
    assert answer.event_id == event.event_id
    assert answer.tokens.expires_in.seconds == 900
    assert me.HasField("create_time")


def test_a_form_reports_all_faults_together(scene: AuthScene) -> None:
    scene.organiser()
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        scene.stub.Register(pb.RegisterRequest(username="x", email="nobody", password="short", event_code="WRONG"))
    assert refusal.violations == {
        "username": "invalid_username",
        "email": "invalid_email",
        "password": "password_too_short",
        "event_code": "invalid_event_code",
    }


FORM_RULES = [
    ("username", "a", "invalid_username"),
    ("username", "a" * 65, "invalid_username"),
    ("username", "with space", None),
    ("username", "a@b.example", "invalid_username"),
    ("username", "gina\n", None),
    ("username", "OLGA", "username_taken"),
    ("username", "Zoë.Ångström-1_2", None),
    ("email", "a@b", "invalid_email"),
    ("email", "a@" + "b" * 250 + ".org", "invalid_email"),
    ("email", "Gina <gina@example.org>", "invalid_email"),
    ("email", "gina@example.org\nBcc: all@example.org", "invalid_email"),
    ("email", "Olga@Example.ORG", "email_taken"),
    ("password", "7 chars", "password_too_short"),
    ("password", "8 chars!", None),
    ("password", "eight cups of tea " * 14, None),
    ("password", "x" * 257, "password_too_long"),
    ("password", "with\0NUL", None),
    ("event_code", "", "invalid_event_code"),
    ("event_code", "0000-0000", "invalid_event_code"),
]


def test_each_field_of_the_form_has_its_rules(scene: AuthScene, subtests: pytest.Subtests) -> None:
    event = scene.event(scene.organiser("olga"))
    for field, value, reason in FORM_RULES:
        form = register_form(event, **{"email": "gina@example.org", field: value})
        with subtests.test(field=field, value=value[:20]):
            if reason is None:
                assert scene.stub.Register(form).user_id
                scene.sql("DELETE FROM auth.users WHERE NOT organiser")
                continue
            with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
                scene.stub.Register(form)
            assert refusal.violations == {field: reason}


@pytest.mark.parametrize("shut", ["closed = true", "expires_at = now()"])
def test_registration_for_a_shut_event_is_rejected(scene: AuthScene, shut: str) -> None:
    event = scene.event(scene.organiser())
    scene.sql(f"UPDATE auth.events SET {shut}")
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        scene.stub.Register(register_form(event))
    assert refusal.violations == {"event_code": "event_closed"}
    answer = scene.stub.CheckEventCode(pb.CheckEventCodeRequest(event_code=event.event_code))
    assert (answer.valid, answer.event_name) == (False, "")


@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [
        ("UPDATE auth.events SET closed = true", "event_closed"),
        ("UPDATE auth.events SET expires_at = now()", "event_closed"),
        ("DELETE FROM auth.events", "invalid_event_code"),
    ],
)
def test_a_registration_fails_when_its_event_shuts_meanwhile(scene: AuthScene, meanwhile: str, reason: str) -> None:
    event = scene.event(scene.organiser())
    scene.passwords.meanwhile = lambda: scene.sql(meanwhile)
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        scene.stub.Register(register_form(event))
    assert refusal.violations == {"event_code": reason}
    assert scene.sql("SELECT count(*) FROM auth.users") == [(1,)]


def test_a_rejected_registration_stores_nothing(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM"):
        scene.stub.Register(register_form(event, password="short"))
    assert scene.sql("SELECT count(*) FROM auth.users") == [(1,)]
    assert scene.sql("SELECT count(*) FROM auth.refresh_tokens") == [(0,)]


def test_a_repeated_registration_returns_the_first_account(scene: AuthScene) -> None:
    form = register_form(scene.event(scene.organiser()))
    first, second = scene.stub.Register(form), scene.stub.Register(form)
    assert (first.user_id, first.event_id) == (second.user_id, second.event_id)
    assert first.tokens.refresh_token != second.tokens.refresh_token
    assert scene.sql("SELECT count(*) FROM auth.users WHERE NOT organiser") == [(1,)]


def test_a_repeated_registration_with_another_password_is_rejected(scene: AuthScene) -> None:
    form = register_form(scene.event(scene.organiser()))
    scene.stub.Register(form)
    form.password = "another password"
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_CREDENTIALS"):
        scene.stub.Register(form)


def test_a_repeated_registration_after_leaving_names_no_event(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    form = register_form(event)
    first = scene.stub.Register(form)
    leave = pb.LeaveEventRequest(event_id=event.event_id)
    scene.stub.LeaveEvent(leave, metadata=bearer(first.tokens.access_token))
    again = scene.stub.Register(form)
    assert (again.user_id, again.event_id) == (first.user_id, "")


def test_a_repeat_concurrent_with_the_first_registration_logs_in(scene: AuthScene) -> None:
    """The first registration commits after the repeat has looked for it and before the repeat inserts."""
    form = register_form(scene.event(scene.organiser()))
    first = []

    def be_faster() -> None:
        scene.passwords.meanwhile = lambda: None
        first.append(scene.stub.Register(form))

    scene.passwords.meanwhile = be_faster
    assert scene.stub.Register(form).user_id == first[0].user_id


def test_a_request_id_must_be_a_uuid(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        scene.stub.Register(register_form(event, request_id="1"))


def test_a_password_of_a_megabyte_is_rejected_before_hashing(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    scene.passwords.work.clear()
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        scene.stub.Register(register_form(event, password="x" * 1_000_000))
    assert refusal.violations == {"password": "password_too_long"}
    assert scene.passwords.work == []


def test_users_log_in_by_user_name_or_email(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    gina = scene.guest(event, "gina")
    for name in ("gina", "GINA", " gina ", "gina@example.org", "Gina@Example.Org"):
        answer = scene.stub.Login(pb.LoginRequest(username=name, password=PASSWORD))
        assert (answer.user_id, answer.event_id) == (gina.user_id, event.event_id)
        assert scene.stub.GetUser(pb.GetUserRequest(), metadata=bearer(answer.tokens.access_token)).username == "gina"


def test_login_of_a_user_without_events_returns_no_event(scene: AuthScene) -> None:
    scene.organiser("olga")
    assert scene.stub.Login(pb.LoginRequest(username="olga", password=PASSWORD)).event_id == ""


def test_unknown_users_and_wrong_passwords_are_indistinguishable(scene: AuthScene, subtests: pytest.Subtests) -> None:
    scene.organiser("olga")
    for password in ("wrong", "", "x" * 300, PASSWORD + "\0"):
        answers = []
        for name in ("olga", "olga@example.org", "nobody", "nobody@example.org", ""):
            scene.passwords.work.clear()
            with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_CREDENTIALS") as refusal:
                scene.stub.Login(pb.LoginRequest(username=name, password=password))
            answers.append((refusal.message, list(scene.passwords.work)))
        with subtests.test(password=password[:20]):
            assert len(answers[0][1]) == 1, "one hash is verified"
            assert answers == [answers[0]] * 5


def test_login_hashes_at_most_the_maximum_password_length(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    typed = "eight cups of tea " * 60_000
    scene.stub.Register(register_form(event, password=typed[:256]))
    scene.passwords.work.clear()
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_CREDENTIALS"):
        scene.stub.Login(pb.LoginRequest(username="gina", password=typed))
    assert [length for _, length in scene.passwords.work] == [256]


def test_metacharacters_have_no_effect(scene: AuthScene, subtests: pytest.Subtests) -> None:
    event = scene.event(scene.organiser())
    for text in HOSTILE:
        with subtests.test(text=text):
            with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_CREDENTIALS"):
                scene.stub.Login(pb.LoginRequest(username=text, password=text))
            with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM"):
                scene.stub.Register(register_form(event, text, email=text, password=text))
            with raises_fault(grpc.StatusCode.NOT_FOUND, "INVALID_EVENT_CODE"):
                scene.stub.CheckUserAvailability(pb.CheckUserAvailabilityRequest(event_code=text))
            with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_REFRESH_TOKEN"):
                scene.stub.RefreshToken(pb.RefreshTokenRequest(refresh_token=text))
            assert not scene.stub.CheckEventCode(pb.CheckEventCodeRequest(event_code=text)).valid
            free = pb.CheckUserAvailabilityRequest(event_code=event.event_code, username=text, email=text)
            answer = scene.stub.CheckUserAvailability(free)
            assert (answer.username_taken, answer.email_taken) == (False, False)
    assert scene.sql("SELECT count(*) FROM auth.users") == [(1,)]


def test_an_erased_account_leaves_only_a_tombstone(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    gina = scene.guest(event, "gwendolyn")
    scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=gina.metadata)
    scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=gina.metadata)
    assert [change.kind for change in scene.changes()].count(pb.Change.KIND_USER_ERASED) == 1
    with raises_fault(grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
        scene.stub.GetUser(pb.GetUserRequest(), metadata=gina.metadata)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
        scene.stub.JoinEvent(pb.JoinEventRequest(event_code=event.event_code), metadata=gina.metadata)
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_CREDENTIALS"):
        scene.stub.Login(pb.LoginRequest(username="gwendolyn", password=PASSWORD))
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_REFRESH_TOKEN"):
        scene.stub.RefreshToken(pb.RefreshTokenRequest(refresh_token=gina.tokens.refresh_token))
    everything = " ".join(
        str(scene.sql(f"SELECT * FROM auth.{table}"))
        for table in ("users", "memberships", "refresh_tokens", "events", "changes", "tombstones")
    )
    assert "gwendolyn" not in everything
    assert scene.sql("SELECT count(*) FROM auth.tombstones WHERE id = :id", id=gina.user_id) == [(1,)]


def test_erasing_an_organiser_deletes_events_without_another_organiser(scene: AuthScene) -> None:
    olga, otto = scene.organiser("olga"), scene.organiser("otto")
    alone, shared = scene.event(olga, "alone"), scene.event(olga, "shared")
    scene.stub.JoinEvent(pb.JoinEventRequest(event_code=shared.event_code), metadata=otto.metadata)
    scene.sql("UPDATE auth.memberships SET role = 'organiser' WHERE user_id = :id", id=otto.user_id)
    gina = scene.guest(alone, "gina")
    scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=olga.metadata)
    assert scene.sql("SELECT name FROM auth.events") == [("shared",)]
    assert not scene.stub.CheckEventCode(pb.CheckEventCodeRequest(event_code=alone.event_code)).valid
    assert not scene.stub.GetUser(pb.GetUserRequest(), metadata=gina.metadata).memberships
    assert [(c.kind, c.event_id, c.user_id) for c in scene.changes()[-3:]] == [
        (pb.Change.KIND_EVENT_DELETED, alone.event_id, ""),
        (pb.Change.KIND_LEFT, alone.event_id, gina.user_id),  # it was her last event
        (pb.Change.KIND_USER_ERASED, "", olga.user_id),
    ]
    get = pb.GetEventRequest(event_id=shared.event_id)
    assert scene.stub.GetEvent(get, metadata=otto.metadata).event.guest_count == 1


def test_an_account_that_never_existed_is_not_found(scene: AuthScene) -> None:
    unknown = bearer(scene.sign("auth").sign(str(uuid4()), 60))
    with raises_fault(grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
        scene.stub.GetUser(pb.GetUserRequest(), metadata=unknown)
    scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=unknown)
    assert scene.changes() == []
