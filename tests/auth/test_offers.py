"""What an event offers its guests: the release of photos, their credit, and downloads."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import BoolValue, Int32Value, StringValue

from auth_service.offers import MAX_CREDIT_LENGTH, MAX_URL_LENGTH
from kit.rpc.timestamps import to_timestamp
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene
from tests.harness.calls import raises_fault
from tests.harness.migrations import downgrade, upgrade

TOMORROW = to_timestamp(datetime.now(UTC) + timedelta(days=1))
YESTERDAY = to_timestamp(datetime.now(UTC) - timedelta(days=1))
PIA = pb.Credit(name="Pia Photo", url="https://pia.example/weddings?page=2")
HELD, LIVE = BoolValue(value=True), BoolValue(value=False)

Update = Callable[..., pb.Event]


@pytest.fixture
def update(scene: AuthScene) -> Update:
    """Updates an event, and asserts that memberships and the feed show the change."""
    olga = scene.organiser()
    event = scene.event(olga)
    gina = scene.guest(event)

    def change(**fields: Any) -> pb.Event:
        request = pb.UpdateEventRequest(event_id=event.event_id, **fields)
        changed = scene.stub.UpdateEvent(request, metadata=olga.metadata).event
        (membership,) = scene.memberships(gina)
        for shown in (membership, scene.changes()[-1]):
            assert shown.download == changed.download
            assert shown.release_time == changed.release_time or not changed.held
        assert (membership.held, membership.credit) == (changed.held, changed.credit)
        return changed

    return change


def test_by_default_an_event_is_live_and_offers_originals(update: Update) -> None:
    event = update()
    assert (event.held, event.HasField("release_time"), event.credit) == (False, False, pb.Credit())
    assert (event.download, event.retention) == (pb.DOWNLOAD_SIZE_ORIGINAL, pb.Retention())


def test_an_event_can_be_created_with_an_offer(scene: AuthScene) -> None:
    size = pb.DOWNLOAD_SIZE_NONE
    event = scene.event(scene.organiser(), held=True, release_time=TOMORROW, credit=PIA, download=size, keep_days=30)
    assert (event.held, event.release_time, event.credit, event.download) == (True, TOMORROW, PIA, size)
    assert event.retention == pb.Retention(keep_days=30), "it has no end"
    change = scene.changes()[0]
    assert (change.held, change.release_time, change.download) == (True, TOMORROW, size)


def test_photos_can_be_held_scheduled_rescheduled_and_released(update: Update) -> None:
    assert update(held=HELD).held
    assert update(release_time=TOMORROW).release_time == TOMORROW
    later = to_timestamp(datetime.now(UTC) + timedelta(days=2))
    assert update(release_time=later).release_time == later
    assert not update(clear_release_time=True).HasField("release_time")
    assert update(name={"value": "Party"}).held
    planned = update(release_time=TOMORROW)
    assert (planned.held, planned.release_time) == (True, TOMORROW)
    released = update(held=LIVE)
    assert (released.held, released.HasField("release_time")) == (False, False)
    again = update(held=HELD)
    assert (again.held, again.HasField("release_time")) == (True, False), "the earlier release time is cleared"


def test_a_passed_release_time_releases_permanently(update: Update) -> None:
    update(held=HELD)
    past = update(release_time=YESTERDAY)
    assert (past.held, past.HasField("release_time")) == (False, False)
    assert not update(clear_release_time=True).held
    assert update(held=HELD).held


RULES: list[tuple[dict[str, Any], str, str]] = [
    ({"release_time": TOMORROW}, "releases_at", "released"),
    ({"credit": pb.Credit(name="x" * (MAX_CREDIT_LENGTH + 1))}, "credit_name", "invalid_credit_name"),
    ({"credit": pb.Credit(name="a\0b")}, "credit_name", "invalid_credit_name"),
    ({"credit": pb.Credit(url="https://pia.example")}, "credit_name", "invalid_credit_name"),
    *(
        ({"credit": pb.Credit(name="Pia", url=url)}, "credit_url", "invalid_credit_url")
        for url in (
            "http://pia.example",
            "javascript:alert(1)",
            "//pia.example",
            "https://",
            "https:///path",
            "https://pia.example/ x",
            "https://pia.example@evil.example",
            "https://evil.example\\@pia.example",
            "https://pia\u202e.example",
            "https://[pia",
            "https://pia.example:port",
            "https://pia.example/" + "x" * MAX_URL_LENGTH,
        )
    ),
    ({"keep_days": -1}, "keep_days", "invalid_keep_days"),
    ({"keep_days": 3651}, "keep_days", "invalid_keep_days"),
]


@pytest.mark.parametrize(("fields", "field", "reason"), RULES)
def test_the_fields_of_an_offer_are_validated(
    scene: AuthScene, fields: dict[str, Any], field: str, reason: str
) -> None:
    olga = scene.organiser()
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as created:
        scene.event(olga, **fields)
    if "keep_days" in fields:
        fields = {"keep_days": Int32Value(value=fields["keep_days"])}
    update = pb.UpdateEventRequest(event_id=scene.event(olga).event_id, **fields)
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FORM") as updated:
        scene.stub.UpdateEvent(update, metadata=olga.metadata)
    assert created.violations == updated.violations == {field: reason}


def test_an_unknown_download_size_is_rejected(scene: AuthScene) -> None:
    with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        scene.event(scene.organiser(), download=9)


def test_credit_and_download_size_can_be_changed_and_reset(update: Update) -> None:
    untidy = pb.Credit(name="  Pia   Photo ", url=f" {PIA.url} ")
    assert update(credit=untidy, download=pb.DOWNLOAD_SIZE_PREVIEW).credit == PIA
    kept = update(name={"value": "Party"})
    assert (kept.credit, kept.download) == (PIA, pb.DOWNLOAD_SIZE_PREVIEW)
    gone = update(credit=pb.Credit(), download=pb.DOWNLOAD_SIZE_ORIGINAL)
    assert (gone.credit, gone.download) == (pb.Credit(), pb.DOWNLOAD_SIZE_ORIGINAL)


BEFORE = """
INSERT INTO auth.users (id, username, username_key, email, email_key, password_hash, organiser)
VALUES (gen_random_uuid(), 'olga', 'olga', 'o@x.org', 'o@x.org', '', true);
INSERT INTO auth.events (id, name, code, expires_at)
VALUES (gen_random_uuid(), 'Wedding', '7K3F9QXA', now() - interval '5 years');
INSERT INTO auth.memberships (event_id, user_id, role) SELECT e.id, u.id, 'organiser' FROM auth.events e, auth.users u;
UPDATE auth.feed SET last = 1;
INSERT INTO auth.changes (sequence, kind, event_id, name, closed)
SELECT 1, 'event_updated', id, name, false FROM auth.events
"""


def test_events_of_the_previous_version_are_live_and_kept(scene: AuthScene) -> None:
    downgrade(scene.db, "auth", "0004")
    for statement in BEFORE.split(";\n"):
        scene.sql(statement)
    upgrade(scene.db, "auth")
    scene.auth.tidy()
    ((user_id,),) = scene.sql("SELECT id FROM auth.users")
    metadata = scene.as_user(str(user_id))
    (event,) = scene.stub.ListEvents(pb.ListEventsRequest(), metadata=metadata).events
    assert (event.held, event.download, event.retention) == (False, pb.DOWNLOAD_SIZE_ORIGINAL, pb.Retention())
    (membership,) = scene.stub.GetUser(pb.GetUserRequest(), metadata=metadata).memberships
    assert not membership.without_search, "members are searched as before"
    (change,) = scene.changes()
    assert (change.without_search, change.last_membership) == (False, False)
    assert not change.HasField("held"), "old changes have no value for fields that did not exist"
    assert change.download == pb.DOWNLOAD_SIZE_UNSPECIFIED


def edit_event(event: pb.Event, **fields: Any) -> pb.UpdateEventRequest:
    return pb.UpdateEventRequest(event_id=event.event_id, **fields)


def test_guest_photos_are_off_by_default_and_each_change_is_published(scene: AuthScene) -> None:
    olga = scene.organiser()
    quiet, event = scene.event(olga), scene.event(olga, guest_photos=pb.GUEST_PHOTOS_MODERATED)
    assert (quiet.guest_photos, event.guest_photos) == (pb.GUEST_PHOTOS_OFF, pb.GUEST_PHOTOS_MODERATED)
    guest = scene.guest(event)
    scene.stub.UpdateEvent(edit_event(event, guest_photos=pb.GUEST_PHOTOS_OPEN), metadata=olga.metadata)
    scene.stub.UpdateEvent(edit_event(event, name=StringValue(value="Another name")), metadata=olga.metadata)
    (membership,) = scene.stub.GetUser(pb.GetUserRequest(), metadata=guest.metadata).memberships
    assert membership.guest_photos == pb.GUEST_PHOTOS_OPEN
    published = [(change.event_id, change.guest_photos) for change in scene.changes() if change.name]
    assert published == [
        (quiet.event_id, pb.GUEST_PHOTOS_OFF),
        (event.event_id, pb.GUEST_PHOTOS_MODERATED),
        (event.event_id, pb.GUEST_PHOTOS_OPEN),
        (event.event_id, pb.GUEST_PHOTOS_OPEN),
    ]


def test_an_unknown_guest_photos_choice_is_rejected(scene: AuthScene) -> None:
    olga = scene.organiser()
    event = scene.event(olga)
    for attempt in (
        lambda: scene.event(olga, guest_photos=9),
        lambda: scene.stub.UpdateEvent(edit_event(event, guest_photos=9), metadata=olga.metadata),
    ):
        with raises_fault(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
            attempt()
