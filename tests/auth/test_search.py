"""Which guests are searched in an event, and when the feed marks the last membership of a guest."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import grpc
import pytest
from sqlalchemy import Connection, text

from auth_service.domain import ChangeKind
from auth_service.store import events
from auth_service.store.changes import append_change
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, Person
from tests.harness.calls import bearer, raises_fault

JOINED, LEFT = pb.Change.KIND_JOINED, pb.Change.KIND_LEFT


def join(scene: AuthScene, event: pb.Event, person: Person, **fields: Any) -> pb.JoinEventResponse:
    request = pb.JoinEventRequest(event_code=event.event_code, **fields)
    answer: pb.JoinEventResponse = scene.stub.JoinEvent(request, metadata=person.metadata)
    return answer


def agree(scene: AuthScene, event: pb.Event, person: Person) -> None:
    request = pb.RecordConsentRequest(event_id=event.event_id, consent_version="2026-11")
    scene.stub.RecordConsent(request, metadata=person.metadata)


def leave(scene: AuthScene, event: pb.Event, person: Person) -> None:
    scene.stub.LeaveEvent(pb.LeaveEventRequest(event_id=event.event_id), metadata=person.metadata)


def delete(scene: AuthScene, event: pb.Event, organiser: Person) -> None:
    scene.stub.DeleteEvent(pb.DeleteEventRequest(event_id=event.event_id), metadata=organiser.metadata)


def searches(scene: AuthScene, event: pb.Event, person: Person) -> list[bool]:
    """From the feed, in order."""
    changes = [change for change in scene.changes() if change.kind == JOINED and change.user_id == person.user_id]
    return [not change.without_search for change in changes if change.event_id == event.event_id]


def membership(scene: AuthScene, event: pb.Event, person: Person) -> tuple[bool, str]:
    (found,) = [one for one in scene.memberships(person) if one.event_id == event.event_id]
    return not found.without_search, found.consent_version


def enter(scene: AuthScene, event: pb.Event, **fields: Any) -> Person:
    answer = scene.stub.CreateGuest(pb.CreateGuestRequest(event_code=event.event_code, **fields))
    return Person(answer.user_id, "", bearer(answer.tokens.access_token), answer.tokens)


def lasts(scene: AuthScene, person: Person) -> list[bool]:
    """Whether each LEFT change marks the last membership."""
    changes = [change for change in scene.changes() if change.kind == LEFT and change.user_id == person.user_id]
    return [change.last_membership for change in changes]


@pytest.mark.parametrize(
    ("fields", "is_searched"),
    [
        ({}, True),
        ({"without_search": True}, False),
        ({"consent_version": "2026-11"}, True),
        ({"consent_version": "2026-11", "without_search": True}, True),
    ],
)
def test_joining_guests_choose_whether_they_are_searched(
    scene: AuthScene, fields: dict[str, Any], is_searched: bool
) -> None:
    event, other = scene.event(olga := scene.organiser()), scene.event(olga, "Another")
    gina, hans = enter(scene, event, **fields), scene.guest(other)
    join(scene, event, hans, **fields)
    for guest in (gina, hans):
        assert searches(scene, event, guest) == [is_searched]
        assert membership(scene, event, guest) == (is_searched, fields.get("consent_version", ""))
    assert searches(scene, other, hans) == [True]


def test_only_a_consent_starts_the_search(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    gina, hans = (enter(scene, event, without_search=True) for _ in range(2))
    join(scene, event, gina)
    assert searches(scene, event, gina) == [False], "joining again without a consent changes nothing"
    for _ in range(2):
        agree(scene, event, gina)
        join(scene, event, hans, consent_version="2026-11")
    for guest in (gina, hans):
        assert searches(scene, event, guest) == [False, True]
        assert membership(scene, event, guest) == (True, "2026-11")
    assert scene.sql("SELECT member_count FROM auth.events") == [(3,)]
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as refusal:
        join(scene, event, hans, consent_version="v" * 33)
    assert refusal.violations == {"consent_version": "invalid_consent_version"}


@pytest.mark.parametrize("agrees", [True, False])
def test_an_admitted_guest_is_searched_only_with_consent(scene: AuthScene, agrees: bool) -> None:
    event = scene.event(olga := scene.organiser(), admission=True)
    gina = enter(scene, event, without_search=True)
    if agrees:
        agree(scene, event, gina)
    assert searches(scene, event, gina) == [], "a waiting guest is not published to other services"
    scene.admit(event, gina, olga)
    assert searches(scene, event, gina) == [agrees]
    scene.remove(event, gina, olga)
    scene.admit(event, gina, olga)
    assert searches(scene, event, gina) == [agrees, agrees]


def test_rejoining_without_consent_resets_the_consent(scene: AuthScene) -> None:
    event, other = scene.event(olga := scene.organiser()), scene.event(olga, "Another")
    gina = enter(scene, event, consent_version="2026-11")
    join(scene, other, gina)
    leave(scene, event, gina)
    join(scene, event, gina, without_search=True)
    assert membership(scene, event, gina) == (False, "")
    assert searches(scene, event, gina) == [True, False]


def test_the_feed_marks_leaving_the_last_event(scene: AuthScene) -> None:
    olga = scene.organiser()
    event, waits, gone = scene.event(olga), scene.event(olga, "Waits", admission=True), scene.event(olga, "Gone")
    gina, hans, ida = scene.visitor(event), scene.visitor(event), scene.visitor(gone)
    join(scene, waits, gina)
    leave(scene, event, gina)
    assert lasts(scene, gina) == [False], "they still wait in another event"
    delete(scene, waits, olga)
    scene.remove(event, hans, olga)
    delete(scene, gone, olga)
    assert (lasts(scene, gina), lasts(scene, hans), lasts(scene, ida)) == ([False, True], [True], [True])
    assert lasts(scene, olga) == []
    delete(scene, event, olga)
    assert lasts(scene, olga) == [True]


def test_erasing_an_organiser_can_end_the_last_event_of_others(scene: AuthScene) -> None:
    olga = scene.organiser()
    event, second = scene.event(olga), scene.event(olga, "Second")
    gina, hans = scene.visitor(event), scene.visitor(event)
    join(scene, second, gina)
    join(scene, scene.event(scene.organiser("omar"), "Of others"), hans)
    scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=olga.metadata)
    assert True in lasts(scene, gina)
    assert (lasts(scene, hans), lasts(scene, olga)) == ([], [])
    sequences = [change.sequence for change in scene.changes()]
    assert sequences == list(range(1, len(sequences) + 1))


def delete_both(scene: AuthScene) -> list[bool]:
    """Deletes two events concurrently; returns the `last_membership` marks of a guest of both."""
    olga = scene.organiser()
    parties = [scene.event(olga), scene.event(olga, "Second")]
    gina = scene.visitor(parties[0])
    join(scene, parties[1], gina)
    # Both deletions wait only for the lock on the feed, which this transaction holds.
    with ThreadPoolExecutor(2) as pool, scene.db.begin() as connection:
        connection.execute(text("SELECT FROM auth.feed FOR UPDATE"))
        deletions = [pool.submit(delete, scene, event, olga) for event in parties]
        blocked = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        while scene.sql(blocked) != [(2,)]:
            assert not any(deletion.done() for deletion in deletions)
        connection.commit()
        for deletion in deletions:
            deletion.result()
    return lasts(scene, gina)


def test_of_two_concurrent_deletions_one_ends_the_last_event(scene: AuthScene) -> None:
    assert delete_both(scene) == [True]


def test_control_a_check_before_the_feed_lock_finds_no_last_event(
    scene: AuthScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = events.append_change

    def ask_before(connection: Connection, kind: ChangeKind, event_id: UUID) -> None:
        left = "SELECT user_id FROM auth.users u JOIN auth.memberships m ON m.user_id = u.id"
        connection.info["staying"] = set(connection.execute(text(left)).scalars())
        append(connection, kind, event_id=event_id)

    def append_early(connection: Connection, event_id: UUID, users: list[UUID], only_last: bool) -> None:
        for user in set(users) - connection.info["staying"]:
            append_change(connection, ChangeKind.LEFT, event_id=event_id, user_id=user)

    monkeypatch.setattr(events, "append_change", ask_before)
    monkeypatch.setattr(events, "append_left", append_early)
    assert delete_both(scene) == []
