"""The list of ended sessions, which revokes access tokens: in commit order, kept as long as a token can be valid."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from uuid import UUID

import grpc
import jwt
import pytest
from google.protobuf.duration_pb2 import Duration

from auth_service.store import endings
from auth_service.tokens import hash_token
from kit.errors import InvalidToken
from kit.rpc.ended import Endings, follow_endings
from kit.rpc.identity import Verifier
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, Person
from tests.auth.test_session_list import by, listed, log_in, refresh
from tests.harness.calls import raises_fault


def ended(scene: AuthScene, after: int = 0, wait_s: int = 0) -> pb.ListEndedSessionsResponse:
    request = pb.ListEndedSessionsRequest(after=after, wait=Duration(seconds=wait_s))
    return scene.stub.ListEndedSessions(request, timeout=10, metadata=scene.as_service("matcher"))


def ids(answer: pb.ListEndedSessionsResponse) -> set[tuple[str, str]]:
    return {(one.user_id, one.session_id) for one in answer.sessions}


def session_of(tokens: pb.TokenPair | None) -> str:
    assert tokens
    return str(jwt.decode(tokens.access_token, options={"verify_signature": False})["sid"])


def log_out(scene: AuthScene, tokens: pb.TokenPair) -> None:
    scene.stub.Logout(pb.LogoutRequest(refresh_token=tokens.refresh_token))


def steal(scene: AuthScene, tokens: pb.TokenPair) -> None:
    refresh(scene, tokens)
    scene.sql("UPDATE auth.refresh_tokens SET used_at = used_at - interval '11 s'")
    with raises_fault(grpc.StatusCode.UNAUTHENTICATED, "INVALID_REFRESH_TOKEN"):
        refresh(scene, tokens)


def end_it(scene: AuthScene, tokens: pb.TokenPair) -> None:
    scene.stub.EndSession(pb.EndSessionRequest(session_id=session_of(tokens)), metadata=by(tokens))


@pytest.mark.parametrize("end", [log_out, steal, end_it], ids=["logout", "theft", "end"])
def test_what_ends_a_session_is_listed(scene: AuthScene, end: Callable[[AuthScene, pb.TokenPair], None]) -> None:
    olga = scene.organiser()
    tokens, other = log_in(scene), log_in(scene)
    assert session_of(tokens) != session_of(other)
    end(scene, tokens)
    answer = ended(scene)
    assert ids(answer) == {(olga.user_id, session_of(tokens))}
    assert ended(scene, answer.place).sessions == []


def test_ending_all_other_sessions_lists_each_of_them(scene: AuthScene) -> None:
    olga = scene.organiser()
    others, mine = [log_in(scene) for _ in range(3)], log_in(scene)
    scene.stub.EndOtherSessions(pb.EndOtherSessionsRequest(), metadata=by(mine))
    assert ids(ended(scene)) == {(olga.user_id, session_of(other)) for other in others}
    assert len(listed(scene, mine)) == 1


def test_an_erasure_and_leaving_the_last_event_are_listed(scene: AuthScene) -> None:
    olga = scene.organiser()
    event = scene.event(olga)
    gina, vera = scene.guest(event), scene.visitor(event)
    scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=gina.metadata)
    assert ids(ended(scene)) == {(gina.user_id, "")}
    scene.remove(event, vera, olga)
    assert ids(ended(scene)) == {(gina.user_id, ""), (vera.user_id, session_of(vera.tokens))}


def test_only_services_can_list_ended_sessions(scene: AuthScene) -> None:
    olga = scene.organiser()
    with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
        scene.stub.ListEndedSessions(pb.ListEndedSessionsRequest(), metadata=olga.metadata)


def test_a_long_poll_answers_when_a_session_ends(scene: AuthScene) -> None:
    scene.organiser()
    tokens = log_in(scene)
    with ThreadPoolExecutor(1) as pool:
        poll = pool.submit(ended, scene, 0, 9)
        log_out(scene, tokens)
        assert len(poll.result().sessions) == 1


def test_entries_older_than_any_token_are_deleted_and_the_position_is_kept(scene: AuthScene) -> None:
    scene.organiser()
    log_out(scene, log_in(scene))
    place = ended(scene).place
    scene.sql("UPDATE auth.ended_sessions SET ended_at = now() - interval '20 minutes'")
    assert (ended(scene).sessions, ended(scene).place) == ([], place)
    scene.auth.tidy()
    assert scene.sql("SELECT FROM auth.ended_sessions") == []
    assert ended(scene).place == place


def test_a_follower_ahead_of_a_restored_database_is_reset(scene: AuthScene) -> None:
    assert ended(scene, after=99, wait_s=9).place == 0


def skip_one(scene: AuthScene) -> set[str]:
    """Two sessions end concurrently; the first to be numbered is the last to commit. Returns the sessions missed by a
    follower that reads between the commits and after both."""
    scene.organiser()
    slow, fast = log_in(scene), log_in(scene)
    append = endings.append_ended
    read: list[pb.ListEndedSessionsResponse] = []
    with ThreadPoolExecutor(1) as pool, pytest.MonkeyPatch.context() as patch:
        second = []

        def append_then_wait(*arguments: object) -> None:
            append(*arguments)  # type: ignore[arg-type]
            patch.setattr("auth_service.store.sessions.append_ended", append)
            second.append(pool.submit(log_out, scene, fast))
            scene.wait_until_blocked_or_done(second[0])
            read.append(ended(scene))

        patch.setattr("auth_service.store.sessions.append_ended", append_then_wait)
        scene.auth.sessions.logout(slow.refresh_token)
        second[0].result()
    read.append(ended(scene, read[0].place))
    return {session_of(slow), session_of(fast)} - {one.session_id for answer in read for one in answer.sessions}


def test_concurrent_endings_are_all_listed(scene: AuthScene) -> None:
    assert skip_one(scene) == set()


def test_control_numbers_out_of_commit_order_skip_an_ending(scene: AuthScene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.sql("CREATE SEQUENCE auth.numbers; GRANT ALL ON auth.numbers TO PUBLIC")
    monkeypatch.setattr(
        endings,
        "APPEND",
        "INSERT INTO auth.ended_sessions (sequence, user_id, session_id)"
        " SELECT nextval('auth.numbers'), :user, id FROM unnest(CAST(:ids AS uuid[])) AS one (id)",
    )
    monkeypatch.setattr(endings, "LAST", "SELECT coalesce(max(sequence), 0) AS last FROM auth.ended_sessions")
    assert len(skip_one(scene)) == 1


def verify_after(scene: AuthScene, keys: Path, end: Callable[[Person], object]) -> tuple[Verifier, Person, Person]:
    """Ends the first guest's session; returns a verifier that has then read the list, and both guests."""
    event = scene.event(scene.organiser())
    gina, gustav = scene.guest(event, "gina"), scene.guest(event, "gustav")
    verifier, stop = Verifier.read(keys), Event()
    end(gina)

    def fetch(after: int, _: float) -> Endings:
        stop.set()
        found, place = scene.auth.endings.list_after(after, 0)
        return Endings(tuple(one.session_id or one.user_id for one in found), place)

    follow_endings(fetch, verifier.ended, stop)
    return verifier, gina, gustav


def test_a_verifier_rejects_only_the_tokens_of_an_ended_session(scene: AuthScene, keys: Path) -> None:
    verifier, gina, gustav = verify_after(scene, keys, lambda gina: log_out(scene, gina.tokens))
    assert gina.tokens
    assert gustav.tokens
    with pytest.raises(InvalidToken):
        verifier.verify(gina.tokens.access_token)
    assert verifier.verify(gustav.tokens.access_token).user_id == UUID(gustav.user_id)
    assert verifier.verify(log_in(scene, username="gina").access_token).user_id == UUID(gina.user_id)
    download = scene.sign("matcher").sign_delegate(UUID(gina.user_id), 60, UUID(session_of(gina.tokens)))
    with pytest.raises(InvalidToken):
        verifier.verify(download)


def test_control_a_verifier_without_the_list_accepts_them(scene: AuthScene, keys: Path) -> None:
    _, gina, _ = verify_after(scene, keys, lambda gina: log_out(scene, gina.tokens))
    assert gina.tokens
    assert Verifier.read(keys).verify(gina.tokens.access_token)


def test_a_verifier_rejects_every_token_of_an_erased_user(scene: AuthScene, keys: Path) -> None:
    verifier, gina, gustav = verify_after(
        scene, keys, lambda gina: scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=gina.metadata)
    )
    for token in (gina.tokens.access_token, scene.sign("auth").sign(gina.user_id, 60)):  # type: ignore[union-attr]
        with pytest.raises(InvalidToken):
            verifier.verify(token)
    assert verifier.verify(gustav.tokens.access_token)  # type: ignore[union-attr]


def test_the_list_stores_no_token_and_no_token_hash(scene: AuthScene) -> None:
    scene.organiser()
    tokens = log_in(scene)
    log_out(scene, tokens)
    row = str(scene.sql("SELECT * FROM auth.ended_sessions"))
    assert tokens.refresh_token not in row
    assert str(hash_token(tokens.refresh_token)) not in row
