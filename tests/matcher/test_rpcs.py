"""MatcherService through its server: permissions, streaming and errors."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from grpc import StatusCode

from kit.errors import DatabaseUnavailable
from kit.rpc.identity import Signer
from protos.matcher.v1 import matcher_pb2 as pb
from tests.harness.calls import bearer, raises_fault
from tests.matcher.calls import Service, request


def test_a_rematch_stream_answers_each_request_with_full_snapshots(service: Service) -> None:
    world = service.world
    event = world.event()
    ann, bob = world.join(event), world.join(event)
    world.add(event, 1, 2)
    world.add(event, 1)
    answers = service.rematch(event, request(event, ann, 1, 1, "ann"), request(event, bob, 1, 2, "bob"))
    reported = [(a.rematch_id, pb.RematchState.Name(a.state)[14:], a.compared_count, a.matched_count) for a in answers]
    assert reported == [
        ("ann", "ACCEPTED", 0, 0),
        ("ann", "RUNNING", 0, 0),
        ("ann", "DONE", 3, 2),
        ("bob", "ACCEPTED", 0, 0),
        ("bob", "RUNNING", 0, 0),
        ("bob", "DONE", 3, 1),
    ]


def test_a_failed_rematch_is_reported_and_does_not_end_the_stream(service: Service) -> None:
    world = service.world
    event = world.event()
    ann = world.join(event)
    world.add(event, 1)
    answers = service.rematch(event, request(event, uuid4(), 1, 1, "stranger"), request(event, ann, 1, 1, "ann"))
    last = {a.rematch_id: (pb.RematchState.Name(a.state), a.reason) for a in answers}
    assert last["stranger"] == ("REMATCH_STATE_FAILED", "EVENT_NOT_FOUND")
    assert last["ann"] == ("REMATCH_STATE_DONE", "")


@pytest.mark.parametrize("spoil", ["encoding", "nan", "event", "user", "revision"])
def test_a_malformed_rematch_ends_the_stream(service: Service, spoil: str) -> None:
    event = service.world.event()
    bad = request(event, service.world.join(event), 1, 1)
    match spoil:
        case "encoding":
            bad.encoding.append(1.0)
        case "nan":
            bad.encoding[0] = float("nan")
        case "event":
            bad.event_id = str(uuid4())
        case "user":
            bad.user_id = "nobody"
        case "revision":
            bad.revision = 0
    with raises_fault(StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT"):
        service.rematch(event, bad)


def test_only_selfie_service_may_request_rematches(service: Service, signer: Callable[[str], Signer]) -> None:
    event = service.world.event()
    for metadata in (service.by(service.world.organiser), bearer(signer("matcher").sign_service())):
        with raises_fault(StatusCode.PERMISSION_DENIED, "CALLER_NOT_ALLOWED"):
            list(service.matcher.Rematch(iter([]), metadata=metadata))
    with raises_fault(StatusCode.UNAUTHENTICATED, "INVALID_TOKEN"):
        list(service.matcher.Rematch(iter([]), metadata=[("x-event-id", str(event))]))


def test_matches_are_paged_newest_first(service: Service) -> None:
    world = service.world
    event = world.event()
    guest = world.join(event)
    photos = [world.add(event, 1) for _ in range(5)]
    service.rematch(event, request(event, guest, 1, 1))
    shown, token = [], ""
    for _ in range(3):
        page = service.list_matches(guest, page_size=2, page_token=token)
        shown += [match.photo_id for match in page.matches]
        token = page.next_page_token
    assert shown == [str(photo) for photo in reversed(photos)]
    assert token == ""


@pytest.mark.parametrize(
    "fields", [{"page_size": -1}, {"page_size": 201}, {"page_token": "nonsense"}, {"page_token": "e30"}]
)
def test_a_page_size_out_of_range_is_rejected(service: Service, fields: dict[str, object]) -> None:
    with raises_fault(StatusCode.INVALID_ARGUMENT, "INVALID_PAGE"):
        service.list_matches(uuid4(), **fields)


def test_another_guests_page_token_is_rejected(service: Service) -> None:
    world = service.world
    event = world.event()
    ann, bob = world.join(event), world.join(event)
    for _ in range(2):
        world.add(event, 1)
    service.rematch(event, request(event, ann, 1, 1))
    token = service.list_matches(ann, page_size=1).next_page_token
    with raises_fault(StatusCode.INVALID_ARGUMENT, "INVALID_PAGE"):
        service.list_matches(bob, page_token=token)


def test_a_second_person_of_a_guest_is_matched_listed_and_rejected_separately(service: Service) -> None:
    world = service.world
    event = world.event()
    guest, other, mia = world.join(event), world.join(event), str(uuid4())
    mine, hers, _ = world.add(event, 1), world.add(event, 2), world.add(event, 2)
    asked = request(event, UUID(mia), 1, 2)
    asked.account_id = str(guest)
    answers = service.rematch(event, asked, request(event, guest, 1, 1, "guest"))
    matched = {one.rematch_id: one.matched_count for one in answers if one.state == pb.REMATCH_STATE_DONE}
    assert matched == {"r": 2, "guest": 1}
    refusal = pb.RefuseMatchRequest(photo_id=str(hers), person_id=mia)
    service.matcher.RefuseMatch(refusal, metadata=service.by(guest))
    assert hers not in {UUID(one.photo_id) for one in service.list_matches(guest, person_id=mia).matches}
    restored = pb.RestoreMatchRequest(photo_id=str(hers), person_id=mia)
    service.matcher.RestoreMatch(restored, metadata=service.by(guest))
    first = service.list_matches(guest, person_id=mia, page_size=1)
    assert first.total_count == 2
    assert [one.photo_id for one in service.list_matches(guest).matches] == [str(mine)]
    with raises_fault(StatusCode.INVALID_ARGUMENT, "INVALID_PAGE"):
        service.list_matches(guest, page_token=first.next_page_token)
    assert not service.list_matches(other, person_id=mia).matches
    for call in (service.matcher.RefuseMatch, service.matcher.RestoreMatch):
        with raises_fault(StatusCode.NOT_FOUND, "PHOTO_NOT_FOUND"):
            call(refusal if call is service.matcher.RefuseMatch else restored, metadata=service.by(other))


def test_an_unreachable_database_is_unavailable_and_not_a_failed_rematch(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = service.world
    event = world.event()
    guest = world.join(event)

    def fail(*_: object) -> None:
        raise DatabaseUnavailable

    monkeypatch.setattr(world.match_store, "publish", fail)
    with raises_fault(StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE"):
        service.rematch(event, request(event, guest, 1, 1))
