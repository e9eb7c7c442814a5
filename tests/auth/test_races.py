"""Concurrent registrations, joins, erasures and refreshes."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import grpc
import pytest

from auth_service.store import sessions
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, register_form
from tests.harness.calls import RpcFault, bearer, read_fault

Result = TypeVar("Result")


def at_once(*acts: Callable[[], Result]) -> list[Result | RpcFault]:
    """Runs all acts concurrently; returns the response or the refusal of each."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Result]) -> Result | RpcFault:
        start.wait()
        try:
            return act()
        except grpc.RpcError as error:
            refusal = RpcFault()
            read_fault(error, refusal)
            return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_of_concurrent_registrations_of_one_name_one_succeeds(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    forms = [register_form(event, "gina", email=f"gina{n}@example.org") for n in range(20)]
    answers = at_once(*(lambda form=form: scene.stub.Register(form) for form in forms))
    losers = [answer for answer in answers if isinstance(answer, RpcFault)]
    assert [(loser.reason, loser.violations) for loser in losers] == [
        ("INVALID_FORM", {"username": "username_taken"})
    ] * 19
    assert scene.sql("SELECT count(*) FROM auth.users WHERE username_key = 'gina'") == [(1,)]
    assert scene.sql("SELECT count(*) FROM auth.changes WHERE kind = 'joined' AND role = 'guest'") == [(1,)]


def test_concurrent_repeats_of_a_registration_create_one_account(scene: AuthScene) -> None:
    form = register_form(scene.event(scene.organiser()), "gina")
    answers = at_once(*[lambda: scene.stub.Register(form)] * 20)
    assert len({answer.user_id for answer in answers}) == 1
    assert scene.sql("SELECT count(*) FROM auth.users WHERE username_key = 'gina'") == [(1,)]


def test_concurrent_repeats_of_a_creation_create_one_event(scene: AuthScene) -> None:
    olga = scene.organiser()
    request_id = "7d3c6a4e-2f0b-4c8e-9f43-0a4f6d1f1c11"
    events = at_once(*[lambda: scene.event(olga, request_id=request_id)] * 8)
    assert len({event.event_id for event in events}) == 1
    assert scene.sql("SELECT count(*) FROM auth.events") == [(1,)]


def test_concurrent_joins_create_one_membership(scene: AuthScene) -> None:
    event, sven = scene.event(scene.organiser()), scene.stranger()
    join = pb.JoinEventRequest(event_code=event.event_code)
    at_once(*[lambda: scene.stub.JoinEvent(join, metadata=sven.metadata)] * 8)
    changes = [change for change in scene.changes() if change.user_id == sven.user_id]
    assert [change.kind for change in changes] == [pb.Change.KIND_JOINED]


def test_no_join_follows_an_erasure(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    join = pb.JoinEventRequest(event_code=event.event_code)
    for number in range(10):
        person = scene.stranger(f"person{number}")
        answers = at_once(
            lambda person=person: scene.stub.JoinEvent(join, metadata=person.metadata),
            lambda person=person: scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=person.metadata),
        )
        assert Counter(answer.reason for answer in answers if isinstance(answer, RpcFault)) in (
            {},
            {"USER_NOT_FOUND": 1},
        )
        kinds = [change.kind for change in scene.changes() if change.user_id == person.user_id]
        assert kinds[-1] == pb.Change.KIND_USER_ERASED
        assert len(kinds) <= 2
    assert scene.sql("SELECT count(*) FROM auth.memberships") == [(1,)]


def test_joins_concurrent_with_a_deletion_leave_no_membership(scene: AuthScene) -> None:
    olga, people = scene.organiser(), [scene.stranger(f"person{number}") for number in range(5)]
    event = scene.event(olga)
    join, delete = pb.JoinEventRequest(event_code=event.event_code), pb.DeleteEventRequest(event_id=event.event_id)
    answers = at_once(
        *(lambda person=person: scene.stub.JoinEvent(join, metadata=person.metadata) for person in people),
        lambda: scene.stub.DeleteEvent(delete, metadata=olga.metadata),
    )
    refusals = {answer.reason for answer in answers if isinstance(answer, RpcFault)}
    assert refusals <= {"EVENT_CLOSED", "INVALID_EVENT_CODE"}
    assert scene.sql("SELECT count(*) FROM auth.memberships") == [(0,)]
    kinds = [change.kind for change in scene.changes()]
    after = kinds[kinds.index(pb.Change.KIND_EVENT_DELETED) + 1 :]
    assert set(after) == {pb.Change.KIND_LEFT}
    assert len(after) == kinds.count(pb.Change.KIND_JOINED)


def refresh_at_once(scene: AuthScene) -> list[pb.TokenPair]:
    """Uses one refresh token twenty times concurrently; returns the token pairs, whose access tokens are all valid."""
    gina = scene.guest(scene.event(scene.organiser()))
    refresh = pb.RefreshTokenRequest(refresh_token=gina.tokens.refresh_token)
    answers = at_once(*[lambda: scene.stub.RefreshToken(refresh)] * 20)
    pairs = [answer.tokens for answer in answers if not isinstance(answer, RpcFault)]
    for pair in pairs:
        assert scene.stub.GetUser(pb.GetUserRequest(), metadata=bearer(pair.access_token)).username == "gina"
    return pairs


def test_concurrent_uses_of_a_refresh_token_yield_one_successor(scene: AuthScene) -> None:
    pairs = refresh_at_once(scene)
    assert (len(pairs), len({pair.refresh_token for pair in pairs})) == (20, 1)
    assert scene.sql("SELECT count(*) FROM auth.refresh_tokens WHERE used_at IS NULL") == [(1,)]
    scene.stub.RefreshToken(pb.RefreshTokenRequest(refresh_token=pairs[0].refresh_token))


def test_control_without_the_salt_of_the_first_use_each_use_yields_a_successor(
    scene: AuthScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "_use_token", lambda _connection, _hash, new_salt: new_salt)
    pairs = refresh_at_once(scene)
    assert (len(pairs), len({pair.refresh_token for pair in pairs})) == (20, 20)
