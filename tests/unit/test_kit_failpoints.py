"""Failpoints: without effect when disabled; when enabled, the requested action happens at the named step."""

import os
import signal
from collections.abc import Iterator

import pytest

from kit import failpoints
from kit.failpoints import InjectedFailure, reach


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.arm("")


def test_a_disabled_failpoint_has_no_effect() -> None:
    reach("photo-publish", "before-commit")
    reach("", "before-commit")


def test_a_failing_step_raises_unavailable() -> None:
    failpoints.arm("photo-publish:*=fail:1")
    with pytest.raises(InjectedFailure):
        reach("photo-publish", "after-commit")
    reach("photo-add", "after-commit")
    reach("", "after-commit")


def test_a_dying_step_kills_the_process_like_kill_9(monkeypatch: pytest.MonkeyPatch) -> None:
    struck = []
    monkeypatch.setattr(os, "kill", lambda pid, number: struck.append((pid, number)))
    failpoints.arm("blob:after-write=die:1, other=fail:0")
    reach("blob", "after-write")
    assert struck == [(os.getpid(), signal.SIGKILL)]


def test_a_probability_is_respected() -> None:
    failpoints.arm("step=fail:0.5")
    outcomes = set()
    while len(outcomes) < 2:
        try:
            reach("step")
            outcomes.add("passed")
        except InjectedFailure:
            outcomes.add("failed")


@pytest.mark.parametrize("text", ["step", "step=die", "step=explode:1", "step=die:2", "step=die:often"])
def test_an_invalid_specification_is_rejected(text: str) -> None:
    with pytest.raises(ValueError):
        failpoints.parse(text)
