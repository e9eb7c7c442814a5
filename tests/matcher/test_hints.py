"""WatchMatches: a hint names the members whose photos change, and only them, once the change is committed."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from sqlalchemy import Engine, text

from kit.db.notices import Notices
from kit.rpc.identity import Signer
from matcher_service.domain import ChangeKind, GuestPhotos, Visibility
from matcher_service.reading import Reading
from matcher_service.store import ReleaseStore
from matcher_service.store import hints as store
from matcher_service.store.hints import HINTS_CHANNEL, hint
from protos.matcher.v1 import matcher_pb2 as pb
from protos.matcher.v1 import matcher_pb2_grpc
from tests.harness.calls import Metadata, as_user, bearer, raises_fault
from tests.harness.watching import ends, listening, notify
from tests.matcher.watch import Party
from tests.matcher.world import World
from tests.selfie.world import wait_until


@pytest.fixture
def world(make_db: Callable[[str], Engine], tmp_path: Path) -> World:
    return World(make_db("matcher"), tmp_path / "blobs")


@pytest.fixture
def stub(
    world: World, serve: Callable[..., grpc.Channel], signer: Callable[[str], Signer]
) -> Iterator[matcher_pb2_grpc.MatcherServiceStub]:
    notices = Notices(world.db.url.render_as_string(hide_password=False), HINTS_CHANNEL)
    with listening(notices):
        yield matcher_pb2_grpc.MatcherServiceStub(
            serve(*world.registrations(notices, signer("matcher")), max_watchers=2)
        )


@pytest.fixture
def metadata(signer: Callable[[str], Signer]) -> Metadata:
    return bearer(signer("gateway").sign_service())


@pytest.fixture
def party(world: World, stub: matcher_pb2_grpc.MatcherServiceStub, metadata: Metadata) -> Party:
    party = Party(world, stub, metadata)
    party.heard()
    return party


def test_a_new_photo_notifies_the_guests_in_it(party: Party) -> None:
    party.world.add(party.event, 1)
    assert party.heard() == [(party.event, {party.ann}, False)]
    party.world.add(party.event, 1, 2)
    assert party.heard() == [(party.event, {party.ann, party.bob}, False)]


def test_control_a_photo_without_guests_notifies_no_one(party: Party) -> None:
    party.world.add(party.event, 7)
    party.world.add(party.world.event(), 1)
    assert party.heard() == []


def test_a_rematch_notifies_its_guest(party: Party) -> None:
    for revision, who in ((2, 2), (3, None)):
        assert party.world.rematch(party.event, party.ann, revision, who) == "DONE"
        assert party.heard() == [(party.event, {party.ann}, False)]
    assert party.world.rematch(party.event, party.ann, 1, 1) == "SUPERSEDED"
    assert party.heard() == []


def test_a_deleted_photo_notifies_the_guests_who_were_in_it(party: Party) -> None:
    party.world.photos.delete_photo(party.world.organiser, party.photo)
    assert party.heard() == [(party.event, {party.ann}, False)]


def test_rejecting_a_photo_and_undoing_it_notify_the_guests_other_pages(party: Party) -> None:
    party.world.matches.refuse_match(party.ann, party.photo)
    assert party.heard() == [(party.event, {party.ann}, False)]
    party.world.matches.restore_match(party.ann, party.photo)
    assert party.heard() == [(party.event, {party.ann}, False)]


def test_a_visibility_change_notifies_guests_whose_lists_change(party: Party) -> None:
    world, members = party.world, {party.ann, party.bob, party.world.organiser}
    for visibility, users in (
        (Visibility.HIDDEN, {party.ann}),
        (Visibility.EVERYONE, members),
        (Visibility.MATCHED, members),
        (Visibility.UNAPPROVED, {party.ann}),
    ):
        world.audience.set_visibility(world.organiser, party.event, [party.photo], visibility)
        assert party.heard() == [(party.event, users, False)]
        world.audience.set_visibility(world.organiser, party.event, [party.photo], visibility)
        assert party.heard() == [], "repeating it changes nothing"


def test_a_new_photo_notifies_everyone_who_sees_it(party: Party) -> None:
    world = party.world
    for visibility, heard in (
        (Visibility.EVERYONE, [(party.event, {party.ann, party.bob, world.organiser}, False)]),
        (Visibility.HIDDEN, []),
    ):
        photo = world.upload(party.event, [1], visibility.value).photo_id
        assert photo is not None
        world.audience.set_visibility(world.organiser, party.event, [photo], visibility)
        party.heard()
        world.index_all()
        assert party.heard() == heard


def test_a_request_to_hide_and_its_withdrawal_notify_the_guests_other_pages(party: Party) -> None:
    for change in (party.world.audience.ask_to_hide, party.world.audience.undo_ask_to_hide):
        for heard in ([(party.event, {party.ann}, False)], []):
            change(party.ann, party.photo)
            assert party.heard() == heard


def test_a_guest_who_leaves_is_notified_when_their_matches_are_deleted(party: Party) -> None:
    party.world.leave(party.event, party.ann)
    assert party.heard() == [(party.event, {party.ann}, False)]


def test_members_of_a_deleted_event_are_notified(party: Party) -> None:
    party.world.change(ChangeKind.EVENT_DELETED, event_id=party.event)
    members = {party.ann, party.bob, party.world.organiser}
    assert party.heard() == [(party.event, members, True)]


def test_a_hint_for_many_members_is_split(party: Party) -> None:
    many = [uuid4() for _ in range(2 * store.MAX_USERS + 1)]
    with party.world.db.begin() as connection:
        hint(connection, party.event, many)
    heard = party.heard()
    assert [len(users) for _, users, _ in heard] == [store.MAX_USERS, store.MAX_USERS, 1]
    assert set[UUID]().union(*(users for _, users, _ in heard)) == set(many)


def test_control_an_unsplit_hint_for_many_members_exceeds_the_notify_limit(
    party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MAX_USERS", 1000)
    many = [uuid4() for _ in range(300)]
    with pytest.raises(Exception, match="payload string too long"), party.world.db.begin() as connection:
        hint(connection, party.event, many)


def test_a_rolled_back_change_sends_no_hint(party: Party) -> None:
    with party.world.db.connect() as connection:
        hint(connection, party.event, [party.ann])
        connection.rollback()
    assert party.heard() == []


def test_a_cancelled_watch_frees_its_slot(
    party: Party, stub: matcher_pb2_grpc.MatcherServiceStub, metadata: Metadata
) -> None:
    """The limit is two watches, each in a thread of its own; threads of other streams are ignored."""
    for _ in range(5):
        opened: list[Any] = []

        def begin(opened: list[Any] = opened) -> bool:
            """Retries until the previous watch has freed its slot."""
            opened.append(stub.WatchMatches(pb.WatchMatchesRequest(), metadata=metadata, timeout=20))
            with suppress(grpc.RpcError):
                return bool(next(opened[-1]) is not None)
            return False

        wait_until(begin)
        with raises_fault(grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS"):
            next(stub.WatchMatches(pb.WatchMatchesRequest(), metadata=metadata))
        opened[-1].cancel()
    party.world.add(party.event, 1)
    assert len(party.heard()) == 1


def test_a_stopped_listener_ends_its_watches(
    world: World, serve: Callable[..., grpc.Channel], signer: Callable[[str], Signer], metadata: Metadata
) -> None:
    notices = Notices(world.db.url.render_as_string(hide_password=False), HINTS_CHANNEL)
    services = world.registrations(notices, signer("matcher"))
    stub = matcher_pb2_grpc.MatcherServiceStub(serve(*services))
    with listening(notices) as stop:
        stream = stub.WatchMatches(pb.WatchMatchesRequest(), metadata=metadata, timeout=20)
        next(stream)
        stop.set()
        assert ends(stream) is grpc.StatusCode.OK
    with raises_fault(grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE"):
        next(stub.WatchMatches(pb.WatchMatchesRequest(), metadata=metadata))


def test_only_the_gateway_may_watch(
    party: Party, stub: matcher_pb2_grpc.MatcherServiceStub, signer: Callable[[str], Signer]
) -> None:
    for caller in (as_user(signer("auth"), party.ann), bearer(signer("selfie").sign_service())):
        with raises_fault(grpc.StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
            next(stub.WatchMatches(pb.WatchMatchesRequest(), metadata=caller))


def test_an_unknown_payload_on_the_channel_ends_only_the_stream(
    party: Party, stub: matcher_pb2_grpc.MatcherServiceStub, metadata: Metadata
) -> None:
    notify(party.world.db, HINTS_CHANNEL, "nonsense")
    assert ends(party.watch.stream) is grpc.StatusCode.INTERNAL
    next(stub.WatchMatches(pb.WatchMatchesRequest(), metadata=metadata, timeout=20))


def test_photos_held_back_notify_only_organisers(party: Party) -> None:
    world, members = party.world, {party.ann, party.bob, party.world.organiser}
    world.offer(party.event, True)
    assert party.heard() == [(party.event, members, False)], "the photos disappear"
    world.add(party.event, 1, 2)
    world.audience.set_visibility(world.organiser, party.event, [party.photo], Visibility.HIDDEN)
    assert party.heard() == []
    world.audience.set_visibility(world.organiser, party.event, [party.photo], Visibility.EVERYONE)
    assert party.heard() == [(party.event, {world.organiser}, False)]
    world.offer(party.event, True, 3600)
    assert party.heard() == [], "still held back"
    world.offer(party.event, False)
    assert party.heard() == [(party.event, members, False)]


def test_a_scheduled_release_notifies_every_member_once(party: Party) -> None:
    party.world.offer(party.event, True, 3600)
    party.heard()
    with party.world.db.begin() as connection:
        connection.execute(text("UPDATE matcher.events SET releases_at = now()"))
    releases = ReleaseStore(party.world.db)
    assert [releases.release_due(), releases.release_due()] == [True, False]
    assert party.heard() == [(party.event, {party.ann, party.bob, party.world.organiser}, False)]


def test_decisions_about_a_guests_photo_notify_the_guest(party: Party) -> None:
    world, bob = party.world, party.bob
    world.change(ChangeKind.EVENT_UPDATED, event_id=party.event, guest_photos=GuestPhotos.MODERATED)
    party.heard()
    photo = world.add(party.event, 1, who=bob)
    assert party.heard() == [(party.event, {bob}, False)], "no other guest sees it yet"
    world.audience.set_visibility(world.organiser, party.event, [photo], Visibility.MATCHED)
    assert party.heard() == [(party.event, {party.ann, bob}, False)]
    world.photos.delete_photo(world.organiser, photo)
    assert party.heard() == [(party.event, {party.ann, bob}, False)]
    world.upload(party.event, [1], who=bob)
    assert world.make_indexer(lambda _: Reading(reason="unreadable")).step()
    assert party.heard() == [(party.event, {bob}, False)]


def changes_of_an_organiser(party: Party) -> dict[str, Callable[[], object]]:
    """Actions that change the counts or the photo list of an event, but no guest's photos."""
    world, organiser, event = party.world, party.world.organiser, party.event
    hidden = world.add(event, 7)
    return {
        "added": lambda: world.upload(event, [9], "new"),
        "read": lambda: world.index_all(),
        "added, unreadable": lambda: world.add_file(event, b"\xff\xd8\xff\xe0bad|unreadable"),
        "failed": lambda: world.index_all(),
        "read again": lambda: world.photos.retry_failed(organiser, event),
        "hidden": lambda: world.audience.set_visibility(organiser, event, [hidden], Visibility.HIDDEN),
        "deleted": lambda: world.photos.delete_photo(organiser, hidden),
    }


def test_each_change_of_the_counts_or_the_list_notifies_the_organisers(party: Party) -> None:
    changes = changes_of_an_organiser(party)
    party.heard()
    for what, change in changes.items():
        change()
        assert set(map(str, party.heard_by_organisers())) == {str((party.event, set(), False))}, what


def test_a_decision_on_a_request_to_hide_notifies_the_organisers(party: Party) -> None:
    world = party.world
    world.audience.ask_to_hide(party.ann, party.photo)
    assert party.heard_by_organisers() == [(party.event, {party.ann}, False)]
    world.audience.dismiss_requests(world.organiser, party.event, [party.photo])
    assert party.heard_by_organisers() == [(party.event, set(), False)]
    world.audience.dismiss_requests(world.organiser, party.event, [party.photo])
    assert party.heard_by_organisers() == [], "no request was open"
