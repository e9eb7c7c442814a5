"""Withdrawal of all consents in one call: the stored rows, the changes in the feed, and the search afterwards."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import grpc
import pytest

from auth_service.domain import GivenConsent
from auth_service.store import MemberStore, members
from auth_service.store import consents as consent_store
from kit.db.engine import transaction
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, Person
from tests.auth.test_search import JOINED, enter, join, membership
from tests.harness.calls import raises_fault
from tests.harness.migrations import downgrade, upgrade

WITHDRAWN = pb.Change.KIND_CONSENT_WITHDRAWN
AGREED = {"consent_version": "2026-11", "consent_language": "fr"}


def withdraw(scene: AuthScene, person: Person) -> None:
    scene.stub.WithdrawConsent(pb.WithdrawConsentRequest(), metadata=person.metadata)


def consents(scene: AuthScene, person: Person) -> list[pb.Consent]:
    return list(scene.stub.ListConsents(pb.ListConsentsRequest(), metadata=person.metadata).consents)


def agree(scene: AuthScene, event: pb.Event, person: Person) -> None:
    request = pb.RecordConsentRequest(event_id=event.event_id, **AGREED)
    scene.stub.RecordConsent(request, metadata=person.metadata)


def test_a_consent_has_a_version_a_time_and_a_language(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    (consent,) = consents(scene, enter(scene, event, **AGREED))
    assert (consent.event_id, consent.version, consent.language) == (event.event_id, "2026-11", "fr")
    assert (consent.HasField("give_time"), consent.HasField("withdraw_time")) == (True, False)


@pytest.mark.parametrize("language", ["f", "fr_FR", "fr\n", "a" * 9])
def test_an_invalid_language_tag_is_rejected(scene: AuthScene, language: str) -> None:
    event = scene.event(scene.organiser())
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM"):
        enter(scene, event, consent_version="1", consent_language=language)


def test_withdrawing_ends_every_search_but_no_membership(scene: AuthScene) -> None:
    first = scene.event(olga := scene.organiser())
    second = scene.event(olga, "Another")
    gina = enter(scene, first, **AGREED)
    join(scene, second, gina)
    before = scene.last_change()
    withdraw(scene, gina)
    assert [(change.kind, change.user_id) for change in scene.changes(before)] == [(WITHDRAWN, gina.user_id)]
    assert [membership(scene, event, gina) for event in (first, second)] == [(False, "")] * 2
    (consent,) = consents(scene, gina)
    assert consent.withdraw_time.ToNanoseconds() >= consent.give_time.ToNanoseconds()
    withdraw(scene, gina)
    assert scene.last_change() == before + 1, "a second withdrawal changes nothing"


def test_a_new_consent_is_stored_alongside_the_withdrawn_one(scene: AuthScene) -> None:
    event = scene.event(scene.organiser())
    gina = enter(scene, event, **AGREED)
    withdraw(scene, gina)
    before = scene.last_change()
    agree(scene, event, gina)
    (change,) = scene.changes(before)
    assert (change.kind, change.without_search) == (JOINED, False)
    assert membership(scene, event, gina) == (True, "2026-11")
    assert [consent.HasField("withdraw_time") for consent in consents(scene, gina)] == [True, False]


@pytest.mark.parametrize(("fields", "is_searched"), [({}, False), (AGREED, True)])
def test_after_a_withdrawal_a_new_event_needs_a_new_consent(
    scene: AuthScene, fields: dict[str, str], is_searched: bool
) -> None:
    first = scene.event(olga := scene.organiser())
    second = scene.event(olga, "Another")
    gina = scene.guest(first)
    withdraw(scene, gina)
    join(scene, second, gina, **fields)
    assert membership(scene, second, gina)[0] is is_searched
    assert membership(scene, first, gina)[0] is False


def test_control_a_join_that_ignores_the_withdrawal_starts_the_search(
    scene: AuthScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "has_withdrawn", lambda *_: False)
    first = scene.event(olga := scene.organiser())
    gina = scene.guest(first)
    withdraw(scene, gina)
    join(scene, second := scene.event(olga, "Another"), gina)
    assert membership(scene, second, gina)[0] is True


def test_an_erased_account_cannot_withdraw_consent(scene: AuthScene) -> None:
    gina = scene.guest(scene.event(scene.organiser()))
    scene.stub.DeleteUser(pb.DeleteUserRequest(), metadata=gina.metadata)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"):
        withdraw(scene, gina)


def race(scene: AuthScene) -> tuple[bool, int]:
    """Consents and withdraws concurrently; returns whether the guest is searched, and the consents in force."""
    event = scene.event(scene.organiser())
    gina = scene.guest(event)
    user_id, event_id = UUID(gina.user_id), UUID(event.event_id)
    with ThreadPoolExecutor(1) as pool:
        with transaction(scene.db) as connection:
            members.lock_user(connection, user_id)
            consent_store.agree(connection, event_id, user_id, GivenConsent("2026-11"))
            work = pool.submit(withdraw, scene, gina)
            scene.wait_until_blocked_or_done(work)
        work.result()
    return membership(scene, event, gina)[0], sum(not one.HasField("withdraw_time") for one in consents(scene, gina))


def test_a_concurrent_consent_is_withdrawn_too(scene: AuthScene) -> None:
    assert race(scene) == (False, 0)


def test_recording_a_consent_locks_the_account(scene: AuthScene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock order is the account before its consents, as in a withdrawal."""
    locked: list[Any] = []
    monkeypatch.setattr(members, "lock_user", lambda _, user_id: locked.append(user_id))
    event = scene.event(scene.organiser())
    gina = scene.guest(event)
    MemberStore(scene.db).record_consent(UUID(gina.user_id), UUID(event.event_id), GivenConsent("1"))
    assert UUID(gina.user_id) in locked


def test_consents_of_the_previous_version_are_in_force_without_a_language(scene: AuthScene) -> None:
    downgrade(scene.db, "auth", "0013")
    gina = Person(user_id := "7d3c6a4e-2f0b-4c8e-9f43-0a4f6d1f1c11", "", scene.as_user(user_id))
    scene.sql("INSERT INTO auth.users (id) VALUES (:user)", user=user_id)
    scene.sql(
        "INSERT INTO auth.consents (user_id, event_id, version) VALUES (:user, gen_random_uuid(), '1')", user=user_id
    )
    upgrade(scene.db, "auth")
    (consent,) = consents(scene, gina)
    assert (consent.version, consent.language, consent.HasField("withdraw_time")) == ("1", "", False)
    withdraw(scene, gina)
    assert consents(scene, gina)[0].HasField("withdraw_time")


def test_a_guest_who_left_can_rejoin_and_consent_to_the_same_text(scene: AuthScene) -> None:
    event = scene.event(olga := scene.organiser())
    gina = scene.guest(scene.event(olga, "Another"))
    join(scene, event, gina, **AGREED)
    scene.stub.LeaveEvent(pb.LeaveEventRequest(event_id=event.event_id), metadata=gina.metadata)
    join(scene, event, gina, **AGREED)
    assert membership(scene, event, gina) == (True, "2026-11")
    assert len(consents(scene, gina)) == 1
