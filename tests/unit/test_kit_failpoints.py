"""Failpoints: off they are nothing, on they do what was asked for at the step that was named."""

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


def test_off_a_step_passes() -> None:
    reach("photo-publish", "before-commit")
    reach("", "before-commit")


def test_a_step_that_fails_says_that_something_is_away() -> None:
    failpoints.arm("photo-publish:*=fail:1")
    with pytest.raises(InjectedFailure):
        reach("photo-publish", "after-commit")
    reach("photo-add", "after-commit")
    reach("", "after-commit")


def test_a_step_that_dies_does_so_as_kill_9_does(monkeypatch: pytest.MonkeyPatch) -> None:
    struck = []
    monkeypatch.setattr(os, "kill", lambda pid, number: struck.append((pid, number)))
    failpoints.arm("blob:after-write=die:1, other=fail:0")
    reach("blob", "after-write")
    assert struck == [(os.getpid(), signal.SIGKILL)]


def test_chance_decides() -> None:
    failpoints.arm("step=fail:0.5")
    outcomes = set()
    while len(outcomes) < 2:
        try:
            reach("step")
            outcomes.add("passed")
        except InjectedFailure:
            outcomes.add("failed")


@pytest.mark.parametrize("text", ["step", "step=die", "step=explode:1", "step=die:2", "step=die:often"])
def test_what_cannot_be_understood_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        failpoints.parse(text)
