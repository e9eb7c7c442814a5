"""Links that sign in another device."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from auth_service.service.sessions import Sessions
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, Person
from tests.harness.calls import raises_fault


def make_link(scene: AuthScene, person: Person, event: pb.Event | None = None, guest: Person | None = None) -> str:
    request = pb.CreateSignInLinkRequest(
        event_id=event.event_id if event else "", user_id=guest.user_id if guest else ""
    )
    token: str = scene.stub.CreateSignInLink(request, metadata=person.metadata).token
    return token


def sign_in(scene: AuthScene, token: str) -> pb.SignInResponse:
    answer: pb.SignInResponse = scene.stub.SignIn(pb.SignInRequest(token=token))
    return answer


def age(scene: AuthScene, seconds: int) -> None:
    """Moves the times of all links into the past."""
    scene.sql(
        "UPDATE auth.sign_in_links SET expires_at = expires_at - make_interval(secs => :s),"
        " used_at = used_at - make_interval(secs => :s)",
        s=seconds,
    )


def test_a_link_signs_in_one_other_device(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    gina = scene.guest(event)
    token = make_link(scene, gina)
    answer = sign_in(scene, token)
    assert (answer.user_id, answer.event_id) == (gina.user_id, event.event_id)
    refreshed = scene.stub.RefreshToken(pb.RefreshTokenRequest(refresh_token=answer.tokens.refresh_token))
    assert refreshed.tokens.access_token
    age(scene, 11)
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_SIGN_IN_LINK"):
        sign_in(scene, token)


def test_a_sign_in_can_be_repeated_for_ten_seconds(scene: AuthScene) -> None:
    gina = scene.guest(scene.event(scene.organiser()))
    token = make_link(scene, gina)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: sign_in(scene, token), range(4)))
    assert {answer.user_id for answer in answers} == {gina.user_id}
    assert len({answer.tokens.refresh_token for answer in answers}) == 4


def test_a_link_is_valid_for_ten_minutes(scene: AuthScene) -> None:
    gina = scene.guest(scene.event(scene.organiser()))
    token = make_link(scene, gina)
    age(scene, 590)
    assert sign_in(scene, token).user_id == gina.user_id
    token = make_link(scene, gina)
    age(scene, 601)
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_SIGN_IN_LINK"):
        sign_in(scene, token)
    scene.auth.tidy()
    assert scene.sql("SELECT FROM auth.sign_in_links") == []


@pytest.mark.parametrize("token", ["", "x", "' OR true --", "\0", "x" * 5000])
def test_an_invalid_token_is_rejected(scene: AuthScene, token: str) -> None:
    make_link(scene, scene.guest(scene.event(scene.organiser())))
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_SIGN_IN_LINK"):
        sign_in(scene, token)


def test_a_token_is_stored_as_a_hash(scene: AuthScene) -> None:
    token = make_link(scene, scene.guest(scene.event(scene.organiser())))
    ((stored,),) = scene.sql("SELECT token_hash FROM auth.sign_in_links")
    assert len(bytes(stored)) == 32
    assert token.encode() not in bytes(stored)


def test_an_organiser_can_create_a_link_for_a_guest_of_a_closed_event(scene: AuthScene) -> None:
    olga = scene.organiser()
    event = scene.event(olga)
    gina = scene.visitor(event)
    closed = pb.UpdateEventRequest(event_id=event.event_id, closed={"value": True})
    scene.stub.UpdateEvent(closed, metadata=olga.metadata)
    token = make_link(scene, olga, event, gina)
    age(scene, 23 * 3600)
    assert sign_in(scene, token).user_id == gina.user_id


def test_a_link_for_a_guest_opens_the_event_it_was_created_for(scene: AuthScene) -> None:
    olga = scene.organiser()
    event, last = scene.event(olga), scene.event(olga, "Another")
    gina = scene.visitor(event)
    scene.stub.JoinEvent(pb.JoinEventRequest(event_code=last.event_code), metadata=gina.metadata)
    assert sign_in(scene, make_link(scene, olga, event, gina)).event_id == event.event_id
    assert sign_in(scene, make_link(scene, gina)).event_id == last.event_id
    left = make_link(scene, olga, event, gina)
    scene.remove(event, gina, olga)
    assert sign_in(scene, left).event_id == last.event_id


def test_a_link_to_the_account_of_another_user_is_rejected(scene: AuthScene) -> None:
    olga, omar = scene.organiser(), scene.organiser("omar")
    event, other = scene.event(olga), scene.event(omar, "Another")
    gina, hans = scene.visitor(event), scene.visitor(other)
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "ORGANISER_ONLY"):
        make_link(scene, gina, event, gina)
    for caller, of_event, guest, code, reason in (
        (omar, event, gina, grpc.StatusCode.NOT_FOUND, "EVENT_NOT_FOUND"),
        (olga, event, hans, grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"),
        (olga, event, olga, grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"),
        (olga, event, scene.guest(event, "ada"), grpc.StatusCode.FAILED_PRECONDITION, "CREDENTIALS_SET"),
    ):
        with raises_fault(code, reason):
            make_link(scene, caller, of_event, guest)
    scene.stub.JoinEvent(pb.JoinEventRequest(event_code=other.event_code), metadata=gina.metadata)
    with raises_fault(grpc.StatusCode.FAILED_PRECONDITION, "GUEST_OF_OTHERS"):
        make_link(scene, olga, event, gina)
    assert scene.sql("SELECT FROM auth.sign_in_links") == []


def test_control_without_the_check_an_organiser_signs_in_as_any_user(
    scene: AuthScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sessions, "_require_own_guest", lambda *_: None)
    olga = scene.organiser()
    event, omar = scene.event(olga), scene.organiser("omar")
    assert sign_in(scene, make_link(scene, olga, event, omar)).user_id == omar.user_id


def test_erasing_an_account_revokes_its_links(scene: AuthScene) -> None:
    gina = scene.guest(scene.event(scene.organiser()))
    token = make_link(scene, gina)
    scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=gina.metadata)
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_SIGN_IN_LINK"):
        sign_in(scene, token)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
        make_link(scene, gina)
