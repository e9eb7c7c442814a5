"""The reported status of the newest selfie, and its complete mapping to the wire."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import uuid4

from kit.faces.validation import Reason
from protos.selfie.v1 import selfie_pb2 as pb
from selfie_service.domain import (
    Counts,
    EventRematch,
    NoActiveSelfie,
    RejectReason,
    RematchState,
    SelfieNotFound,
    SelfieState,
    SelfieSummary,
    summarise_progress,
)
from selfie_service.servicer import REJECT_REASONS, REMATCH_STATES, SELFIE_STATES

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


def after(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


def selfie(state: SelfieState, decided_at: datetime | None = None) -> SelfieSummary:
    reason = RejectReason.NO_FACE if state is SelfieState.REJECTED else None
    return SelfieSummary(uuid4(), state, reason, decided_at)


def rematch(state: RematchState, finished_at: datetime | None = None) -> EventRematch:
    return EventRematch(uuid4(), state, Counts(), finished_at)


def test_without_a_selfie_there_is_no_status() -> None:
    progress = summarise_progress([], None, [])
    assert (progress.selfie, progress.started_at, progress.finished_at) == (None, None, None)


def test_a_deleted_selfie_has_no_status() -> None:
    progress = summarise_progress([selfie(SelfieState.DELETED)], START, [rematch(RematchState.IDLE)])
    assert (progress.selfie, progress.started_at) == (None, None)


def test_the_end_time_is_when_the_last_event_finished() -> None:
    newest = selfie(SelfieState.ACTIVE, after(1))
    events = [rematch(RematchState.DONE, after(3)), rematch(RematchState.DONE, after(2))]
    assert summarise_progress([newest], START, events).finished_at == after(3)


def test_there_is_no_end_time_while_an_event_is_running() -> None:
    newest = selfie(SelfieState.ACTIVE, after(1))
    events = [rematch(RematchState.DONE, after(3)), rematch(RematchState.RUNNING)]
    assert summarise_progress([newest], START, events).finished_at is None


def test_without_events_the_end_time_is_that_of_the_verdict() -> None:
    newest = selfie(SelfieState.ACTIVE, after(1))
    assert summarise_progress([newest], START, []).finished_at == after(1)


def test_an_undecided_selfie_has_no_end_time_although_its_predecessor_is_done() -> None:
    active = selfie(SelfieState.ACTIVE, after(-9))
    events = [rematch(RematchState.DONE, after(-8))]
    assert summarise_progress([selfie(SelfieState.PENDING), active], START, events).finished_at is None


def test_a_rejected_selfie_is_reported_until_a_newer_one_starts() -> None:
    rejected, active = selfie(SelfieState.REJECTED, after(1)), selfie(SelfieState.ACTIVE, after(-9))
    assert summarise_progress([rejected, active], START, []).selfie is rejected
    assert summarise_progress([rejected, active], after(2), []).selfie is active


def test_both_faults_for_a_missing_selfie_have_one_reason() -> None:
    assert NoActiveSelfie.reason == SelfieNotFound.reason == "NO_ACTIVE_SELFIE"


def test_every_validation_verdict_has_a_reject_reason() -> None:
    of_binding = {RejectReason.DIFFERENT_PERSON, RejectReason.TOO_MANY_FACES}
    not_yet = {"takes_longer"}  # used by the quick lane to defer the verdict to the slow one
    assert {reason.value for reason in {*RejectReason} - of_binding} == set(get_args(Reason)) - not_yet


def test_every_state_and_reason_has_its_own_enum_value() -> None:
    assert set(SELFIE_STATES) == set(SelfieState)
    assert {"SELFIE_STATE_UNSPECIFIED", *SELFIE_STATES.values()} == set(pb.SelfieState.keys())
    assert set(REJECT_REASONS) == {None, *RejectReason}
    assert set(REJECT_REASONS.values()) == set(pb.RejectReason.keys())
    assert set(REMATCH_STATES) == set(RematchState)
    assert set(REMATCH_STATES.values()) == set(pb.RematchState.values())
