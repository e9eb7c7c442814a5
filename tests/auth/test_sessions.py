"""Refresh tokens: rotation, lost responses, theft, expiry, logout."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from auth_service.domain import Lifetimes
from auth_service.store import sessions
from auth_service.tokens import hash_token, make_successor
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import PASSWORD, AuthScene
from tests.harness.calls import bearer, raises_fault

Rotate = Callable[[str], str]


@pytest.fixture
def rotate(scene: AuthScene) -> Rotate:
    """Exchanges a refresh token for the next one."""
    return lambda token: scene.stub.RefreshToken(pb.RefreshTokenRequest(refresh_token=token)).tokens.refresh_token


@pytest.fixture
def token(scene: AuthScene) -> str:
    """A fresh refresh token."""
    scene.organiser("olga")
    return scene.stub.Login(pb.LoginRequest(username="olga", password=PASSWORD)).tokens.refresh_token


def set_back(scene: AuthScene, token: str, seconds: int) -> None:
    """Moves the first use of a token into the past."""
    query = "UPDATE auth.refresh_tokens SET used_at = used_at - make_interval(secs => :s) WHERE token_hash = :hash"
    scene.sql(query, s=seconds, hash=hash_token(token))


def test_a_refresh_token_yields_a_new_token_pair(scene: AuthScene, token: str) -> None:
    answer = scene.stub.RefreshToken(pb.RefreshTokenRequest(refresh_token=token))
    assert answer.tokens.refresh_token != token
    assert answer.tokens.expires_in.seconds == 900
    me = scene.stub.GetUser(pb.GetUserRequest(), metadata=bearer(answer.tokens.access_token))
    assert me.username == "olga"


def test_only_hashes_of_refresh_tokens_are_stored(scene: AuthScene, token: str) -> None:
    rows = scene.sql("SELECT * FROM auth.refresh_tokens")
    assert [bytes(row.token_hash) for row in rows] == [hash_token(token)]
    assert token not in str(rows)


def test_a_reuse_within_ten_seconds_yields_the_same_successor(scene: AuthScene, token: str, rotate: Rotate) -> None:
    first = rotate(token)
    set_back(scene, token, 9)
    assert rotate(token) == first
    assert len({token, first, rotate(first)}) == 3


def test_a_lost_response_is_repeated_even_after_its_token_was_used(token: str, rotate: Rotate) -> None:
    first = rotate(token)
    second = rotate(first)
    assert (rotate(token), rotate(first)) == (first, second)


def test_a_successor_needs_both_the_token_and_the_stored_salt(scene: AuthScene, token: str, rotate: Rotate) -> None:
    successor = rotate(token)
    [stored] = scene.sql("SELECT * FROM auth.refresh_tokens WHERE token_hash = :hash", hash=hash_token(token))
    salt = bytes(stored.successor_salt)
    assert make_successor(token, salt) == successor
    assert successor not in (make_successor(token, b""), make_successor("", salt))
    assert successor not in str(scene.sql("SELECT * FROM auth.refresh_tokens"))


def test_a_token_used_by_the_previous_version_gets_one_successor(scene: AuthScene, token: str, rotate: Rotate) -> None:
    rotate(token)
    scene.sql("UPDATE auth.refresh_tokens SET successor_salt = NULL")
    assert rotate(token) == rotate(token)


def test_repeated_reuse_does_not_prolong_the_grace(scene: AuthScene, token: str, rotate: Rotate) -> None:
    rotate(token)
    set_back(scene, token, 6)
    rotate(token)
    set_back(scene, token, 6)
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_REFRESH_TOKEN"):
        rotate(token)


def test_a_reuse_after_eleven_seconds_ends_the_whole_family(scene: AuthScene, token: str, rotate: Rotate) -> None:
    second = rotate(token)
    third = rotate(second)
    other = scene.stub.Login(pb.LoginRequest(username="olga", password=PASSWORD)).tokens.refresh_token
    set_back(scene, token, 11)
    for dead in (token, second, third):
        with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_REFRESH_TOKEN"):
            rotate(dead)
    assert rotate(other), "another session of the same user continues"


def test_an_expired_refresh_token_is_rejected(scene: AuthScene, token: str, rotate: Rotate) -> None:
    scene.sql("UPDATE auth.refresh_tokens SET expires_at = now()")
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_REFRESH_TOKEN"):
        rotate(token)


def test_only_expired_tokens_are_deleted(scene: AuthScene, token: str, rotate: Rotate) -> None:
    kept = rotate(token)
    scene.sql("UPDATE auth.refresh_tokens SET expires_at = now() WHERE token_hash = :hash", hash=hash_token(token))
    scene.auth.tidy()
    assert scene.sql("SELECT count(*) FROM auth.refresh_tokens") == [(1,)]
    assert rotate(kept)


@pytest.mark.parametrize("which", [0, 1])
def test_logout_ends_the_family_by_any_of_its_tokens(scene: AuthScene, token: str, rotate: Rotate, which: int) -> None:
    family = [token, rotate(token)]
    for _ in range(2):
        scene.stub.Logout(pb.LogoutRequest(refresh_token=family[which]))
    for dead in family:
        with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_REFRESH_TOKEN"):
            rotate(dead)


def test_logging_out_with_an_unknown_token_succeeds(scene: AuthScene) -> None:
    scene.stub.Logout(pb.LogoutRequest(refresh_token="unknown"))


@pytest.mark.parametrize("token", ["", "unknown", "a\0b", "x" * 100_000])
def test_an_unknown_refresh_token_is_rejected(rotate: Rotate, token: str) -> None:
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_REFRESH_TOKEN"):
        rotate(token)


def test_a_token_issued_while_its_family_ends_is_revoked(scene: AuthScene, token: str) -> None:
    assert count_survivors(scene, token) == 0


def test_control_without_the_lock_on_the_family_the_token_survives(
    scene: AuthScene, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_family(connection, token_hash):  # type: ignore[no-untyped-def]
        query = sessions.text("SELECT family FROM auth.refresh_tokens WHERE token_hash = :hash")
        return connection.execute(query, {"hash": token_hash}).scalar()

    monkeypatch.setattr(sessions, "_lock_family", find_family)
    assert count_survivors(scene, token) == 1


def test_only_expired_sessions_are_deleted(scene: AuthScene, token: str) -> None:
    other = scene.stub.Login(pb.LoginRequest(username="olga", password=PASSWORD)).tokens.refresh_token
    scene.sql("UPDATE auth.refresh_tokens SET expires_at = now() WHERE token_hash = :hash", hash=hash_token(token))
    scene.auth.tidy()
    assert [bytes(row.token_hash) for row in scene.sql("SELECT token_hash FROM auth.refresh_tokens")] == [
        hash_token(other)
    ]


def count_survivors(scene: AuthScene, token: str) -> int:
    """Signs out during a rotation, just before it commits; returns the number of remaining tokens."""
    store = sessions.SessionStore(scene.db)
    insert = sessions.insert_token
    with ThreadPoolExecutor(1) as pool, pytest.MonkeyPatch.context() as patch:
        logouts = []

        def insert_then_logout(*arguments: object) -> None:
            insert(*arguments)  # type: ignore[arg-type]
            logouts.append(pool.submit(store.end_session, hash_token(token)))
            scene.wait_until_blocked_or_done(logouts[0])

        patch.setattr(sessions, "insert_token", insert_then_logout)
        store.rotate_token(hash_token(token), b"salt", lambda _: b"next", Lifetimes())
        logouts[0].result(timeout=5)
    return int(scene.sql("SELECT count(*) FROM auth.refresh_tokens")[0][0])
