"""REQUIRE_CONSENT: which guests are searched only with a consent if the client does not set `without_search`."""

from collections.abc import Callable
from threading import Event as Signal

import grpc
import pytest
from sqlalchemy import Engine

from auth_service.domain import RequireConsent
from auth_service.service import Auth
from auth_service.store import Stores
from auth_service.tokens import TokenMaker
from kit.rpc.identity import Signer
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, WatchedPasswords, registration
from tests.auth.test_search import enter, join, membership

RULES = [  # whether a guest without a password and a registered guest are searched without a consent
    (RequireConsent.GUESTS, False, True),
    (RequireConsent.EVERYONE, False, False),
    (RequireConsent.NOBODY, True, True),
]


@pytest.fixture
def make_scene(
    make_db: Callable[[str], Engine], serve: Callable[..., grpc.Channel], signer: Callable[[str], Signer]
) -> Callable[[RequireConsent], AuthScene]:
    def make(rule: RequireConsent) -> AuthScene:
        db, passwords, stopping = make_db("auth"), WatchedPasswords(), Signal()
        auth = Auth(Stores(db), passwords, TokenMaker(signer("auth")), stopping, require_consent=rule)
        scene = AuthScene(db, serve(registration(auth)), auth, passwords, stopping)
        scene.sign = signer
        return scene

    return make


@pytest.mark.parametrize(("rule", "guest", "registered"), RULES)
def test_the_setting_applies_when_the_client_makes_no_choice(
    make_scene: Callable[[RequireConsent], AuthScene], rule: RequireConsent, guest: bool, registered: bool
) -> None:
    scene = make_scene(rule)
    first = scene.event(olga := scene.organiser())
    second = scene.event(olga, "Another")
    for person, expected in ((enter(scene, first), guest), (scene.guest(first), registered)):
        join(scene, second, person)
        assert [membership(scene, event, person)[0] for event in (first, second)] == [expected, expected]


@pytest.mark.parametrize("rule", RequireConsent)
def test_a_guest_who_consents_is_searched(
    make_scene: Callable[[RequireConsent], AuthScene], rule: RequireConsent
) -> None:
    scene = make_scene(rule)
    first = scene.event(olga := scene.organiser())
    second = scene.event(olga, "Another")
    gina = enter(scene, first, consent_version="1")
    join(scene, second, gina, consent_version="1")
    assert [membership(scene, event, gina) for event in (first, second)] == [(True, "1")] * 2
    late = enter(scene, first, without_search=True)
    scene.stub.RecordConsent(
        pb.RecordConsentRequest(event_id=first.event_id, consent_version="1"), metadata=late.metadata
    )
    assert membership(scene, first, late) == (True, "1")
