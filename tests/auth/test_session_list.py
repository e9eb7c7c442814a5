"""Sessions: listing them, ending one or all others, and their maximum age."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import grpc
import pytest

from auth_service.domain import Lifetimes
from auth_service.store import sessions
from auth_service.tokens import hash_token
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import PASSWORD, AuthScene
from tests.harness.calls import Metadata, bearer, raises_fault


def log_in(scene: AuthScene, device: str = "", username: str = "olga") -> pb.TokenPair:
    request = pb.LoginRequest(username=username, password=PASSWORD, device=device)
    return scene.stub.Login(request).tokens


def refresh(scene: AuthScene, tokens: pb.TokenPair) -> pb.TokenPair:
    return scene.stub.RefreshToken(pb.RefreshTokenRequest(refresh_token=tokens.refresh_token)).tokens


def by(tokens: pb.TokenPair) -> Metadata:
    return bearer(tokens.access_token)


def listed(scene: AuthScene, tokens: pb.TokenPair) -> list[pb.Session]:
    return list(scene.stub.ListSessions(pb.ListSessionsRequest(), metadata=by(tokens)).sessions)


def age(scene: AuthScene, days: float) -> None:
    """Moves the start of all sessions into the past."""
    scene.sql("UPDATE auth.refresh_tokens SET began_at = began_at - make_interval(secs => :s)", s=days * 86400)


def test_sessions_are_listed_with_their_devices(scene: AuthScene) -> None:
    scene.organiser()
    phone, laptop = log_in(scene, "Safari, iPhone"), log_in(scene, "Firefox, Linux")
    phone = refresh(scene, phone)
    first, second = listed(scene, phone)
    assert [(one.device, one.current) for one in (first, second)] == [
        ("Safari, iPhone", True),
        ("Firefox, Linux", False),
    ]
    assert first.create_time.ToNanoseconds() < second.create_time.ToNanoseconds() < first.use_time.ToNanoseconds()
    assert [one.current for one in listed(scene, laptop)] == [False, True]


def test_every_way_to_sign_in_stores_the_device(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    guest = scene.stub.CreateGuest(pb.CreateGuestRequest(event_code=event.event_code, device="a" * 63 + "\n\0bc"))
    link = scene.stub.CreateSignInLink(pb.CreateSignInLinkRequest(), metadata=by(guest.tokens))
    other = scene.stub.SignIn(pb.SignInRequest(token=link.token, device="b"))
    assert [one.device for one in listed(scene, other.tokens)] == ["b", "a" * 63 + "b"]


def test_a_user_cannot_list_or_end_the_sessions_of_others(scene: AuthScene) -> None:
    scene.organiser("olga")
    scene.organiser("otto")
    mine, theirs = log_in(scene), log_in(scene, username="otto")
    [session] = listed(scene, theirs)
    assert session.session_id not in [one.session_id for one in listed(scene, mine)]
    scene.stub.EndSession(pb.EndSessionRequest(session_id=session.session_id), metadata=by(mine))
    scene.stub.EndOtherSessions(pb.EndOtherSessionsRequest(), metadata=by(mine))
    assert refresh(scene, theirs)


def test_ending_one_session_keeps_the_others(scene: AuthScene) -> None:
    scene.organiser()
    phone, laptop = log_in(scene), log_in(scene)
    [session] = [one for one in listed(scene, laptop) if not one.current]
    for _ in range(2):
        answer = scene.stub.EndSession(pb.EndSessionRequest(session_id=session.session_id), metadata=by(laptop))
        assert not answer.current
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_REFRESH_TOKEN"):
        refresh(scene, phone)
    laptop = refresh(scene, laptop)
    [own] = listed(scene, laptop)
    assert scene.stub.EndSession(pb.EndSessionRequest(session_id=own.session_id), metadata=by(laptop)).current
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_REFRESH_TOKEN"):
        refresh(scene, laptop)


def test_ending_other_sessions_keeps_the_current_one(scene: AuthScene) -> None:
    scene.organiser()
    others, mine = [log_in(scene) for _ in range(3)], log_in(scene)
    scene.stub.EndOtherSessions(pb.EndOtherSessionsRequest(), metadata=by(mine))
    for other in others:
        with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_REFRESH_TOKEN"):
            refresh(scene, other)
    assert [one.current for one in listed(scene, refresh(scene, mine))] == [True]


def test_a_token_without_a_session_cannot_end_the_others(scene: AuthScene) -> None:
    olga = scene.organiser()
    tokens = log_in(scene)
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_TOKEN"):
        scene.stub.EndOtherSessions(pb.EndOtherSessionsRequest(), metadata=olga.metadata)
    assert refresh(scene, tokens)


@pytest.mark.parametrize(("has_password", "days"), [(True, 90), (False, 365)])
def test_a_session_ends_at_its_maximum_age_despite_use(scene: AuthScene, has_password: bool, days: int) -> None:
    event = scene.event(scene.organiser())
    tokens = (scene.guest(event) if has_password else scene.visitor(event)).tokens
    assert tokens
    age(scene, days - 0.01)
    tokens = refresh(scene, tokens)
    assert len(listed(scene, tokens)) == 1
    age(scene, 0.01)
    assert listed(scene, tokens) == []
    for _ in range(2):
        with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "SESSION_EXPIRED"):
            refresh(scene, tokens)


def count_survivors(scene: AuthScene) -> int:
    """Ends all sessions during a renewal; returns the number of remaining tokens."""
    olga, tokens = scene.organiser(), log_in(scene)
    store, insert = sessions.SessionStore(scene.db), sessions.insert_token
    with ThreadPoolExecutor(1) as pool, pytest.MonkeyPatch.context() as patch:
        ends = []

        def insert_then_end(*arguments: object) -> None:
            insert(*arguments)  # type: ignore[arg-type]
            ends.append(pool.submit(store.end_others, UUID(olga.user_id), uuid4()))
            scene.wait_until_blocked_or_done(ends[0])

        patch.setattr(sessions, "insert_token", insert_then_end)
        store.rotate_token(hash_token(tokens.refresh_token), b"salt", lambda _: b"next", Lifetimes())
        ends[0].result()
    return int(scene.sql("SELECT count(*) FROM auth.refresh_tokens")[0][0])


def test_a_session_renewed_while_it_is_ended_does_not_survive(scene: AuthScene) -> None:
    assert count_survivors(scene) == 0


def test_control_without_the_lock_on_the_account_it_survives(scene: AuthScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "lock_sessions", lambda *_: None)
    assert count_survivors(scene) == 1
