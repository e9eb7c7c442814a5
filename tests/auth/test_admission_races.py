"""Admissions and removals concurrent with leaving, erasing, deleting and renewing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from uuid import uuid4

import pytest

from auth_service.domain import Lifetimes, NewSession
from auth_service.store import MemberStore, members, sessions
from auth_service.tokens import hash_token
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, Person
from tests.auth.test_races import at_once
from tests.harness.calls import RpcFault

ROUNDS = 8
JOINED, LEFT, ERASED = pb.Change.KIND_JOINED, pb.Change.KIND_LEFT, pb.Change.KIND_USER_ERASED

Party = tuple[pb.Event, Person]


@pytest.fixture
def party(scene: AuthScene) -> Party:
    """An event with admission, and its organiser."""
    olga = scene.organiser("olga")
    return scene.event(olga, admission=True), olga


def reasons(answers: list[Any]) -> set[str]:
    return {answer.reason for answer in answers if isinstance(answer, RpcFault)}


def count_members(scene: AuthScene) -> int:
    return int(scene.sql("SELECT count(*) FROM auth.memberships WHERE NOT waiting")[0][0])


def test_concurrent_admissions_admit_once(scene: AuthScene, party: Party) -> None:
    event, olga = party
    gina = scene.visitor(event)
    assert reasons(at_once(*[lambda: scene.admit(event, gina, olga)] * 8)) == set()
    assert scene.kinds_about(gina) == [JOINED]
    assert scene.get_event(event, olga).guest_count == 2


def test_a_guest_who_leaves_during_admission_is_not_a_member(scene: AuthScene, party: Party) -> None:
    event, olga = party
    leave = pb.LeaveEventRequest(event_id=event.event_id)
    for _ in range(ROUNDS):
        gina = scene.visitor(event)
        answers = at_once(
            lambda gina=gina: scene.admit(event, gina, olga),
            lambda gina=gina: scene.stub.LeaveEvent(leave, metadata=gina.metadata),
        )
        assert reasons(answers) <= {"USER_NOT_FOUND"}
        assert scene.kinds_about(gina) in ([JOINED, LEFT], [LEFT])
    assert scene.get_event(event, olga).guest_count == count_members(scene) == 1


def test_a_guest_erased_during_admission_is_not_a_member(scene: AuthScene, party: Party) -> None:
    event, olga = party
    for _ in range(ROUNDS):
        gina = scene.visitor(event)
        answers = at_once(
            lambda gina=gina: scene.admit(event, gina, olga),
            lambda gina=gina: scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=gina.metadata),
        )
        assert reasons(answers) <= {"USER_NOT_FOUND"}
        assert scene.kinds_about(gina) in ([JOINED, ERASED], [ERASED])
    assert scene.get_event(event, olga).guest_count == count_members(scene) == 1


def test_no_guest_is_admitted_to_an_event_being_deleted(scene: AuthScene) -> None:
    olga = scene.organiser("olga")
    for _ in range(ROUNDS):
        event = scene.event(olga, admission=True)
        guests = [scene.visitor(event) for _ in range(3)]
        delete = pb.DeleteEventRequest(event_id=event.event_id)
        answers = at_once(
            *(lambda guest=guest, event=event: scene.admit(event, guest, olga) for guest in guests),
            lambda delete=delete: scene.stub.DeleteEvent(delete, metadata=olga.metadata),
        )
        assert reasons(answers) <= {"EVENT_NOT_FOUND"}
        of_event = [change.kind for change in scene.changes() if change.event_id == event.event_id]
        after = of_event[of_event.index(pb.Change.KIND_EVENT_DELETED) + 1 :]
        assert set(after) <= {pb.Change.KIND_LEFT}, "only for guests whose last event it was"
    assert scene.sql("SELECT FROM auth.memberships") == []


def test_a_join_concurrent_with_a_removal_has_no_effect(scene: AuthScene) -> None:
    olga = scene.organiser("olga")
    for number in range(ROUNDS):
        event = scene.event(olga)
        gina = scene.guest(event, f"gina{number}")
        join = pb.JoinEventRequest(event_code=event.event_code)
        answers = at_once(
            lambda event=event, gina=gina: scene.remove(event, gina, olga),
            lambda join=join, gina=gina: scene.stub.JoinEvent(join, metadata=gina.metadata),
        )
        assert reasons(answers) <= {"REMOVED_FROM_EVENT", "INVALID_EVENT_CODE"}
        assert scene.memberships(gina) == []
        assert scene.kinds_about(gina) == [JOINED, LEFT]


class Renewal:
    """Two ways to obtain a token while a removal is in progress."""

    def __init__(self, scene: AuthScene, gina: Person) -> None:
        self._store = sessions.SessionStore(scene.db)
        assert gina.tokens is not None
        self._refresh_token = gina.tokens.refresh_token
        link = scene.stub.CreateSignInLink(pb.CreateSignInLinkRequest(), metadata=gina.metadata)
        self._link = link.token

    def rotate(self) -> object:
        return self._store.rotate_token(hash_token(self._refresh_token), b"salt", lambda _: b"next", Lifetimes())

    def use_link(self) -> object:
        return self._store.use_link(hash_token(self._link), NewSession(uuid4(), b"next"))


@pytest.fixture(params=["rotate", "use_link"])
def renewal(scene: AuthScene, party: Party, request: pytest.FixtureRequest) -> tuple[Person, Callable[[], Any]]:
    """A guest, and a way to request another token."""
    gina = scene.visitor(party[0])
    return gina, getattr(Renewal(scene, gina), request.param)


def remove_and_renew(
    scene: AuthScene, event: pb.Event, gina: Person, renew: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> int:
    """Requests a token when a removal is about to end the sessions; returns how many tokens remain."""
    end = members.end_last_sessions
    with ThreadPoolExecutor(1) as pool:
        asked = []

        def ask_then_end(*arguments: Any) -> bool:
            asked.append(pool.submit(renew))
            scene.wait_until_blocked_or_done(asked[0])
            return end(*arguments)

        monkeypatch.setattr(members, "end_last_sessions", ask_then_end)
        MemberStore(scene.db).remove(event.event_id, gina.user_id, "ABCDEFGH")  # type: ignore[arg-type]
        asked[0].result(timeout=5)
    return int(scene.sql("SELECT count(*) FROM auth.refresh_tokens WHERE user_id = :id", id=gina.user_id)[0][0])


def test_a_token_requested_during_a_removal_is_not_issued(
    scene: AuthScene, party: Party, renewal: tuple[Person, Callable[[], Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert remove_and_renew(scene, party[0], *renewal, monkeypatch) == 0


@pytest.mark.parametrize("locked", [True, False], ids=["locked", "control"])
def test_a_token_issued_during_a_removal_is_revoked(
    scene: AuthScene, party: Party, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """The removal begins just before the token commits; without the lock on the account it misses the token."""
    event, _ = party
    if not locked:
        monkeypatch.setattr(members, "lock_sessions", lambda *_: None)
    gina = scene.visitor(event)
    renew, insert = Renewal(scene, gina).use_link, sessions.insert_token
    with ThreadPoolExecutor(1) as pool:
        removals = []

        def insert_then_remove(*arguments: Any) -> None:
            insert(*arguments)
            removals.append(pool.submit(MemberStore(scene.db).remove, event.event_id, gina.user_id, "ABCDEFGH"))  # type: ignore[arg-type]
            scene.wait_until_blocked_or_done(removals[0])

        monkeypatch.setattr(sessions, "insert_token", insert_then_remove)
        renew()
        removals[0].result(timeout=5)
    left = scene.sql("SELECT FROM auth.refresh_tokens WHERE user_id = :id", id=gina.user_id)
    assert len(left) == (0 if locked else 1)


def read_event(connection: Any, event_id: Any) -> Any:
    """A broken twin of `lock_event`, which does not lock."""
    query = members.text("SELECT closed AS ended, admission FROM auth.events WHERE id = :event")
    return connection.execute(query, {"event": event_id}).first()


@pytest.mark.parametrize("locked", [True, False], ids=["locked", "control"])
def test_no_guest_is_admitted_after_the_event_closed(
    scene: AuthScene, party: Party, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """The event is closed just after the admission found it open; without the event's lock, the close commits first."""
    event, olga = party
    gina, find = scene.visitor(event), members.find_member
    close = pb.UpdateEventRequest(event_id=event.event_id, closed={"value": True})
    if not locked:
        monkeypatch.setattr(members, "lock_event", read_event)
    with ThreadPoolExecutor(1) as pool:
        begun, closings = Event(), []

        def find_then_close(*arguments: Any) -> Any:
            if not begun.is_set():
                begun.set()
                closings.append(pool.submit(scene.stub.UpdateEvent, close, metadata=olga.metadata))
                scene.wait_until_blocked_or_done(closings[0])
            return find(*arguments)

        before = scene.last_change()
        store = MemberStore(scene.db)
        monkeypatch.setattr(members, "find_member", find_then_close)
        store.admit(event.event_id, gina.user_id)  # type: ignore[arg-type]
        closings[0].result(timeout=5)
    kinds = [change.kind for change in scene.changes(before)]
    assert kinds == ([JOINED, pb.Change.KIND_EVENT_UPDATED] if locked else [pb.Change.KIND_EVENT_UPDATED, JOINED])
