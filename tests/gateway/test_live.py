"""The live view of an event: open pages of the same role share one read, with the token of one of them."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import uuid4

import grpc
import pytest
from prometheus_client import REGISTRY

from auth_service.domain import EventNotFound, OrganiserOnly
from gateway.updates import live
from kit.errors import Fault
from protos.auth.v1.auth_pb2 import ROLE_COUPLE, ROLE_PHOTOGRAPHER
from tests.gateway.live_party import Change, Party, changes
from tests.gateway.updates import LiveWorld, Page, live_world, signed
from tests.gateway.world import SIGNED, problem, running_world
from tests.selfie.world import wait_until

PAUSE_S = 0.2


@pytest.fixture(scope="module")
def shared() -> Iterator[LiveWorld]:
    with live_world(state_s=PAUSE_S, keep_alive_s=0.3) as world:
        yield world


@pytest.fixture
def party(shared: LiveWorld) -> Party:
    return Party(shared)


def test_a_page_receives_the_state_immediately(party: Party) -> None:
    with party.open(uuid4()) as page:
        assert page.answer.headers["content-type"].startswith("text/event-stream")
        assert page.answer.headers["cache-control"] == "private, no-store"
        state = page.hello.data
    versions = state.pop("versions")
    assert set(versions) == {"event", "photos", "guests"}
    assert state == {
        "photos": {"pending": 1, "indexed": 2, "failed": 3, "total": 6},
        "faces": 9,
        "guests": 4,
        "waiting": 5,
        "searched": 7,
        "without_photos": 6,
        "photos_per_minute": None,
        "seconds_left": None,
    }


def test_each_change_updates_the_versions_of_what_to_re_read(party: Party) -> None:
    ann = party.guests[0]
    with party.open(uuid4()) as page:
        state = page.hello.data
        party.read_photo()
        state = changes(page, state, {"photos"})
        assert state["faces"] == 10
        party.read_photo(ann)
        state = changes(page, state, {"photos", "guests"})
        party.world.selfie(ann)
        state = changes(page, state, {"guests"})
        party.say(Change.KIND_EVENT_UPDATED)
        state = changes(page, state, {"event", "guests"})
        for kind in (Change.KIND_JOINED, Change.KIND_LEFT, Change.KIND_USER_ERASED):
            party.say(kind, ann)
            state = changes(page, state, {"guests"})
        party.say(Change.KIND_WAITING)
        changes(page, state, {"guests"})


def test_changes_of_other_events_are_not_sent(party: Party) -> None:
    with party.open(uuid4()) as page:
        party.world.photos(party.guests[0], event_id=str(uuid4()))
        party.world.selfie(uuid4())
        party.world.changes.add(Change.KIND_JOINED, uuid4(), str(uuid4()))
        party.read_photo()
        changes(page, page.hello.data, {"photos"})


def test_a_selfie_of_a_new_or_waiting_guest_updates_the_page(party: Party) -> None:
    newcomer, waiting = uuid4(), uuid4()
    with party.open(uuid4()) as page:
        party.say(Change.KIND_JOINED, newcomer)
        state = changes(page, page.hello.data, {"guests"})
        party.world.selfie(newcomer)
        state = changes(page, state, {"guests"})
        party.guests.append(waiting)
        party.say(Change.KIND_WAITING)
        state = changes(page, state, {"guests"})
        assert listed(party) == 2
        party.world.selfie(waiting)
        changes(page, state, {"guests"})


def listed(party: Party) -> int:
    """The number of requests for the first page of members."""
    calls = [call.request for call in party.world.services.calls if call.method == "ListMemberIds"]
    return len([request for request in calls if request.event_id == party.id and not request.page_token])


def test_a_change_is_read_once_for_all_pages(party: Party) -> None:
    party.counts |= {"pending_count": 0}
    one, other = uuid4(), uuid4()
    with party.open(one) as first, party.open(one) as second, party.open(other) as third:
        opened = len(party.readers)
        for _ in range(5):
            party.read_photo()
            states = [page.next().data for page in (first, second, third)]
            assert states[0] == states[1] == states[2]
        assert party.readers[opened:] == [str(one)] * 5, "with the token of the first page"


def test_a_burst_of_changes_is_read_at_most_once_per_pause(party: Party) -> None:
    with party.open(uuid4()) as page:
        opened = len(party.readers)
        party.read_photo()
        page.next()
        started = time.monotonic()
        for _ in range(100):
            party.read_photo()
        while page.next().data["faces"] != 110:
            pass
        elapsed_s = time.monotonic() - started
        assert elapsed_s > PAUSE_S / 2
        assert len(party.readers) - opened <= 2 + elapsed_s / PAUSE_S


def test_idle_pages_cause_no_reads(party: Party) -> None:
    party.counts |= {"pending_count": 0}
    with party.open(uuid4()) as page:
        read = len(party.readers)
        for _ in range(4):
            assert page.next_comment() == ""
        assert len(party.readers) == read


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [(OrganiserOnly(), (403, "organiser_only")), (EventNotFound(), (404, "event_not_found"))],
)
def test_the_live_view_is_for_organisers_only(party: Party, refusal: Fault, expected: tuple[int, str]) -> None:
    guest = uuid4()
    party.refusals[str(guest)] = refusal
    for _ in range(2):
        assert problem(party.world.client.get(party.path, headers=signed(guest, 60))) == expected
        with party.open(uuid4()):  # also while another page is open
            assert problem(party.world.client.get(party.path, headers=signed(guest, 60))) == expected


def see(party: Party, page: Page) -> tuple[int, int, int, int]:
    """The counts after the next photo: photos, waiting guests, searched guests, and those of them without photos."""
    party.read_photo()
    state = changes(page, page.hello.data, {"photos"})
    return state["photos"]["total"], state["waiting"], state["searched"], state["without_photos"]


def test_each_page_shows_only_what_its_user_may_see(party: Party) -> None:
    organiser, couple, one, other = (uuid4() for _ in range(4))
    party.roles = {str(couple): ROLE_COUPLE, str(one): ROLE_PHOTOGRAPHER, str(other): ROLE_PHOTOGRAPHER}
    party.own_counts = {str(one): {"indexed_count": 1}, str(other): {"pending_count": 1}}
    expected = {organiser: (6, 5, 7, 6), couple: (6, 0, 0, 0), one: (1, 0, 0, 0), other: (1, 0, 0, 0)}
    for user_id, shown in expected.items():
        with ExitStack() as pages:  # other pages are opened before and after it
            opened = {who: pages.enter_context(party.open(who)) for who in (*expected, user_id)}
            assert see(party, opened[user_id]) == shown


def test_control_one_read_for_all_roles_shows_too_much(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_view_of", lambda *_: 0)
    photographer = uuid4()
    party.roles = {str(photographer): ROLE_PHOTOGRAPHER}
    party.own_counts = {str(photographer): {"indexed_count": 1}}
    with party.open(uuid4()), party.open(photographer) as page:
        assert see(party, page) == (6, 5, 7, 6)


def test_an_unavailable_service_rejects_a_new_page_and_delays_an_open_one(party: Party) -> None:
    with party.open(uuid4()) as page:
        party.refusals[""] = grpc.StatusCode.INTERNAL
        party.read_photo()
        assert party.world.client.get(party.path, headers=signed(uuid4(), 60)).status_code == 500
        del party.refusals[""]
        changes(page, page.hello.data, {"photos"})


@pytest.mark.parametrize("kind", [Change.KIND_LEFT, Change.KIND_JOINED])
def test_the_page_of_a_former_organiser_ends(party: Party, kind: Change.Kind) -> None:
    former, organiser = uuid4(), uuid4()
    with party.open(organiser) as stays, party.open(former) as ends:
        party.refusals[str(former)] = OrganiserOnly()
        party.say(kind, former)
        state = changes(stays, stays.hello.data, {"guests"})
        party.read_photo()
        changes(stays, state, {"photos"})
        with pytest.raises(StopIteration):  # no state follows the rejection
            ends.next()


def test_when_a_reader_is_rejected_another_page_reads(party: Party) -> None:
    first, second = uuid4(), uuid4()
    with party.open(first) as ends, party.open(second) as stays:
        party.refusals[str(first)] = EventNotFound()
        party.read_photo()
        changes(stays, stays.hello.data, {"photos"})
        with pytest.raises(StopIteration):
            ends.next()
        assert party.readers[-1] == str(second)


def test_a_late_membership_change_of_an_organiser_keeps_the_page_open(party: Party) -> None:
    organiser = uuid4()
    with party.open(organiser) as page:
        party.say(Change.KIND_JOINED, organiser)
        changes(page, page.hello.data, {"guests"})


def test_pages_of_a_deleted_event_end(party: Party) -> None:
    with party.open(uuid4()) as one, party.open(uuid4()) as other:
        party.refusals[""] = EventNotFound()
        party.say(Change.KIND_EVENT_DELETED)
        assert one.rest() == other.rest() == []


def test_the_page_of_an_erased_organiser_ends(party: Party) -> None:
    organiser = uuid4()
    with party.open(organiser) as page:
        party.say(Change.KIND_USER_ERASED, organiser)
        page.rest()
        assert problem(party.world.client.get(party.path, headers=signed(organiser, 60))) == (401, "invalid_token")


def test_a_page_ends_with_its_token(party: Party) -> None:
    expires_at = int(time.time()) + 2
    with party.open(uuid4(), ttl_s=2) as page:
        page.rest()
        assert expires_at - 0.1 <= time.time() < expires_at + 5


def test_the_live_view_needs_a_valid_token(party: Party) -> None:
    for headers in ({}, {"authorization": "Bearer x.y.z"}, signed(uuid4(), -60)):
        assert problem(party.world.client.get(party.path, headers=headers)) == (401, "invalid_token")
    assert party.readers == []


def test_head_ends_immediately_and_leaves_no_page_open(party: Party) -> None:
    for _ in range(6):
        assert party.world.client.head(party.path, headers=signed(party.guests[0], 60)).status_code == 200
    wait_until(lambda: REGISTRY.get_sample_value("updates_open_pages") == 0)


def test_the_open_pages_of_one_organiser_are_limited(party: Party) -> None:
    organiser = uuid4()
    with party.open(organiser), party.open(organiser), party.open(organiser), party.open(organiser):
        answer = party.world.client.get(party.path, headers=signed(organiser, 60))
        assert problem(answer) == (429, "too_many_streams")


@pytest.mark.parametrize("what", ["matches", "selfies"])
def test_after_a_lost_stream_every_version_changes(what: str) -> None:
    with live_world(state_s=PAUSE_S) as world:
        party = Party(world)
        with party.open(uuid4()) as page:
            getattr(world, what).end()
            changes(page, page.hello.data, {"event", "photos", "guests"})


def test_the_rate_and_the_time_left_are_reported_while_photos_are_indexed(party: Party) -> None:
    party.counts |= {"pending_count": 1000, "indexed_count": 0}
    with party.open(uuid4()) as page:
        state = page.hello.data
        while state["photos_per_minute"] is None:
            party.counts = {
                **party.counts,
                "pending_count": party.counts["pending_count"] - 1,
                "indexed_count": party.counts["indexed_count"] + 1,
            }
            party.read_photo()
            state = page.next().data
        assert 30 < state["photos_per_minute"] <= 60 / PAUSE_S
        left = state["photos"]["pending"] * 60 / state["photos_per_minute"]
        assert state["seconds_left"] == pytest.approx(left, rel=0.05)
        party.counts |= {"pending_count": 0}
        party.read_photo()
        while (state := page.next().data)["photos"]["pending"]:
            pass
        assert (state["photos_per_minute"], state["seconds_left"]) == (None, None)


def test_without_a_signing_key_the_live_view_is_unavailable() -> None:
    with running_world() as world:
        path = f"/api/events/{uuid4()}/updates"
        assert problem(world.client.get(path, headers=SIGNED)) == (503, "service_unavailable")
        assert world.services.calls == []
