"""Guests without a user name, an e-mail address and a password."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import grpc
import pytest

from auth_service.store import AccountStore, accounts
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import PASSWORD, AuthScene, register_form
from tests.harness.calls import bearer, raises_fault
from tests.harness.migrations import downgrade, upgrade


def enter(scene: AuthScene, event: pb.Event, request_id: str = "", **fields: str) -> pb.CreateGuestResponse:
    request = pb.CreateGuestRequest(event_code=event.event_code, request_id=request_id, **fields)
    answer: pb.CreateGuestResponse = scene.stub.CreateGuest(request)
    return answer


def get_user(scene: AuthScene, tokens: pb.TokenPair) -> pb.GetUserResponse:
    answer: pb.GetUserResponse = scene.stub.GetUser(pb.GetUserRequest(), metadata=bearer(tokens.access_token))
    return answer


def test_a_guest_needs_only_the_event_code(scene: AuthScene) -> None:
    event = scene.event(olga := scene.organiser())
    before = len(scene.passwords.work)
    answer = enter(scene, event, display_name="  Gina  W. ", consent_version="2026-11")
    assert len(scene.passwords.work) == before, "creating a guest computes no hash"
    me = get_user(scene, answer.tokens)
    assert (me.user_id, me.username, me.email, me.display_name) == (answer.user_id, "", "", "Gina W.")
    assert [membership.event_id for membership in me.memberships] == [event.event_id] == [answer.event_id]
    assert answer.event_name == event.name
    assert answer.tokens.refresh_expires_in.seconds > 90 * 24 * 3600
    guests = scene.stub.ListGuests(pb.ListGuestsRequest(event_id=event.event_id), metadata=olga.metadata).guests
    assert [(guest.username, guest.display_name) for guest in guests] == [("olga", ""), ("", "Gina W.")]
    last = scene.changes()[-1]
    assert (last.kind, last.user_id) == (pb.Change.KIND_JOINED, answer.user_id)
    assert scene.sql("SELECT user_id::text, event_id::text, version FROM auth.consents") == [
        (answer.user_id, event.event_id, "2026-11")
    ]


def test_a_guest_without_consent_stores_no_consent(scene: AuthScene) -> None:
    enter(scene, scene.event(scene.organiser()))
    assert scene.sql("SELECT FROM auth.consents") == []


def test_names_of_guests_are_not_unique(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    assert len({enter(scene, event, display_name="Gina").user_id for _ in range(2)}) == 2


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"display_name": "x" * 65}, "invalid_display_name"),
        ({"display_name": "a\0b"}, "invalid_display_name"),
        ({"consent_version": "v" * 33}, "invalid_consent_version"),
        ({"consent_version": "\N{SNOWMAN}"}, "invalid_consent_version"),
    ],
)
def test_the_fields_of_a_guest_are_validated(scene: AuthScene, fields: dict[str, str], reason: str) -> None:
    event = scene.event(scene.organiser())
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        enter(scene, event, **fields)
    assert refusal.violations == {next(iter(fields)): reason}


def test_a_wrong_code_and_a_closed_event_reject_guests(scene: AuthScene) -> None:
    event = scene.event(olga := scene.organiser())
    with raises_fault(grpc.StatusCode.NOT_FOUND, "INVALID_EVENT_CODE"):
        scene.stub.CreateGuest(pb.CreateGuestRequest(event_code="0000-0000"))
    request_id = str(uuid4())
    first = enter(scene, event, request_id)
    scene.stub.UpdateEvent(
        pb.UpdateEventRequest(event_id=event.event_id, closed={"value": True}), metadata=olga.metadata
    )
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "EVENT_CLOSED"):
        enter(scene, event)
    assert enter(scene, event, request_id).user_id == first.user_id, "the response to the first attempt was lost"


def test_concurrent_repeats_sign_in_to_the_same_account(scene: AuthScene) -> None:
    event, request_id = scene.event(scene.organiser()), str(uuid4())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: enter(scene, event, request_id), range(8)))
    assert len({answer.user_id for answer in answers}) == 1
    assert len({answer.tokens.refresh_token for answer in answers}) == 8
    for answer in answers:
        assert get_user(scene, answer.tokens).user_id == answer.user_id


def test_a_request_id_signs_in_for_ten_minutes_and_only_to_guests_without_a_password(scene: AuthScene) -> None:
    event, request_id = scene.event(olga := scene.organiser()), str(uuid4())
    answer = enter(scene, event, request_id)
    other = scene.event(olga, "Another")
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED"):
        enter(scene, other, request_id)
    scene.sql("UPDATE auth.users SET created_at = now() - interval '11 minutes' WHERE id = :id", id=answer.user_id)
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED"):
        enter(scene, event, request_id)
    registered = str(uuid4())
    form = register_form(event, "ben")
    form.request_id = registered
    scene.stub.Register(form)
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED"):
        enter(scene, event, registered)


class AnyAge(AccountStore):
    """A broken twin: a request id signs in to the account that it created, forever."""

    def find_new_guest(self, idempotency_key, event_id):  # type: ignore[no-untyped-def]
        return self.find_repeated(idempotency_key)


def test_control_without_these_limits_a_request_id_signs_in_to_any_account(
    scene: AuthScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts.AccountStore, "find_new_guest", AnyAge.find_new_guest)
    event = scene.event(scene.organiser())
    form = register_form(event, "ben")
    form.request_id = str(uuid4())
    ben = scene.stub.Register(form)
    assert enter(scene, event, form.request_id).user_id == ben.user_id


def test_a_guest_without_a_password_cannot_log_in_by_password(scene: AuthScene) -> None:
    enter(scene, scene.event(scene.organiser()), display_name="gina")
    for name in ("gina", "", "None"):
        for password in ("", PASSWORD):
            with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_CREDENTIALS"):
                scene.stub.Login(pb.LoginRequest(username=name, password=password))


def set_credentials(scene: AuthScene, tokens: pb.TokenPair, name: str) -> None:
    request = pb.SetCredentialsRequest(username=name, email=f"{name}@example.org", password=PASSWORD)
    scene.stub.SetCredentials(request, metadata=bearer(tokens.access_token))


def test_a_guest_can_set_credentials_once(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    answer = enter(scene, event, display_name="Gina")
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        set_credentials(scene, answer.tokens, "OLGA")
    assert refusal.violations == {"username": "username_taken", "email": "email_taken"}
    set_credentials(scene, answer.tokens, "gina")
    login = scene.stub.Login(pb.LoginRequest(username="Gina", password=PASSWORD))
    assert login.user_id == answer.user_id
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "CREDENTIALS_SET"):
        set_credentials(scene, answer.tokens, "gina2")


def test_of_two_guests_choosing_the_same_name_one_gets_it(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    guests = [enter(scene, event) for _ in range(2)]

    def choose(guest: pb.CreateGuestResponse) -> bool:
        try:
            set_credentials(scene, guest.tokens, "gina")
        except grpc.RpcError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(choose, guests)) == [False, True]


def test_erasing_a_guest_erases_their_consents(scene: AuthScene) -> None:
    answer = enter(scene, scene.event(scene.organiser()), display_name="Gina", consent_version="1")
    scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=bearer(answer.tokens.access_token))
    assert scene.sql("SELECT FROM auth.consents") == []
    with raises_fault(grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
        get_user(scene, answer.tokens)


def test_accounts_of_the_previous_version_keep_their_credentials(scene: AuthScene) -> None:
    downgrade(scene.db, "auth", "0002")
    old, hashed = uuid4(), scene.passwords.hash(PASSWORD)
    scene.sql(
        "INSERT INTO auth.users (id, username, username_key, email, email_key, password_hash)"
        " VALUES (:id, 'ada', 'ada', 'ada@example.org', 'ada@example.org', :hash)",
        id=old,
        hash=hashed,
    )
    upgrade(scene.db, "auth")
    assert scene.stub.Login(pb.LoginRequest(username="ada", password=PASSWORD)).user_id == str(old)
    with pytest.raises(Exception, match="credentials_together"):
        scene.sql("UPDATE auth.users SET email = NULL")


def test_a_membership_has_the_code_and_the_organisers_of_the_event(scene: AuthScene) -> None:
    event = scene.event(scene.organiser("olga"))
    answer = enter(scene, event)
    (membership,) = get_user(scene, answer.tokens).memberships
    assert (membership.event_code, [*membership.organisers]) == (event.event_code, ["olga"])
    assert (membership.HasField("expire_time"), membership.consent_version) == (False, "")


def test_a_guest_can_consent_later(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    answer = enter(scene, event)
    metadata = bearer(answer.tokens.access_token)
    for version in ("1", "2", "2"):
        request = pb.RecordConsentRequest(event_id=event.event_id, consent_version=version)
        scene.stub.RecordConsent(request, metadata=metadata)
    (membership,) = get_user(scene, answer.tokens).memberships
    assert membership.consent_version == "2"
    assert scene.sql("SELECT version FROM auth.consents ORDER BY version") == [("1",), ("2",)]


def test_consent_needs_a_membership_and_a_version(scene: AuthScene) -> None:
    event, other = scene.event(olga := scene.organiser()), scene.event(olga)
    metadata = bearer(enter(scene, event).tokens.access_token)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"):
        scene.stub.RecordConsent(
            pb.RecordConsentRequest(event_id=other.event_id, consent_version="1"), metadata=metadata
        )
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM"):
        scene.stub.RecordConsent(pb.RecordConsentRequest(event_id=event.event_id), metadata=metadata)
    assert scene.sql("SELECT FROM auth.consents") == []


def test_consents_of_left_events_are_listed_too(scene: AuthScene) -> None:
    event = scene.event(olga := scene.organiser())
    other = scene.event(olga, "Another")
    answer = scene.stub.CreateGuest(pb.CreateGuestRequest(event_code=event.event_code, consent_version="2026-11"))
    metadata = bearer(answer.tokens.access_token)
    scene.stub.JoinEvent(pb.JoinEventRequest(event_code=other.event_code, consent_version="2026-12"), metadata=metadata)
    scene.stub.LeaveEvent(pb.LeaveEventRequest(event_id=event.event_id), metadata=metadata)
    consents = scene.stub.ListConsents(pb.ListConsentsRequest(), metadata=metadata).consents
    assert [(consent.event_id, consent.version) for consent in consents] == [
        (event.event_id, "2026-11"),
        (other.event_id, "2026-12"),
    ]
    assert all(consent.HasField("give_time") for consent in consents)
    assert not scene.stub.ListConsents(pb.ListConsentsRequest(), metadata=olga.metadata).consents
