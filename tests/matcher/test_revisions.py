"""A revision far ahead of the real ones publishes nothing, since no real revision could be published after it."""

from uuid import UUID

import pytest

from matcher_service.store import MatchStore
from matcher_service.store.matches import MAX_REVISIONS_AHEAD
from protos.matcher.v1 import matcher_pb2 as pb
from tests.matcher.calls import Service, request

FAR = 2**62


def rematch(service: Service, event: UUID, guest: UUID, revision: int) -> tuple[str, str]:
    """The final state and its reason."""
    last = service.rematch(event, request(event, guest, revision, 1))[-1]
    return pb.RematchState.Name(last.state).removeprefix("REMATCH_STATE_"), last.reason


@pytest.fixture
def party(service: Service) -> tuple[UUID, UUID]:
    event = service.world.event()
    return event, service.world.join(event)


def test_a_revision_far_ahead_fails_and_the_next_real_one_is_published(
    service: Service, party: tuple[UUID, UUID]
) -> None:
    for known in (0, 7):
        assert rematch(service, *party, known + 1) == ("DONE", "")
        for revision in (FAR, known + 1 + MAX_REVISIONS_AHEAD + 1):
            assert rematch(service, *party, revision) == ("FAILED", "REVISION_TOO_FAR_AHEAD")
    assert rematch(service, *party, 9) == ("DONE", "")


def test_the_first_rematch_in_an_event_may_have_any_real_revision(service: Service, party: tuple[UUID, UUID]) -> None:
    assert rematch(service, *party, MAX_REVISIONS_AHEAD + 1) == ("FAILED", "REVISION_TOO_FAR_AHEAD")
    assert rematch(service, *party, MAX_REVISIONS_AHEAD) == ("DONE", "")


def test_control_without_the_bound_the_guest_is_never_matched_again(
    service: Service, party: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MatchStore, "_require_near", lambda *_: None)
    assert rematch(service, *party, FAR) == ("DONE", "")
    assert rematch(service, *party, 2) == ("SUPERSEDED", "")
