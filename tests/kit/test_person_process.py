"""The child process that examines a photo of one person."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.sample.event import sample_event
from kit.errors import ServiceUnavailable
from kit.faces.person_process import PersonProcess
from kit.faces.types import ImageLimits
from kit.faces.validation import Examination
from kit.sandbox import shared


def build_deadly(*_: object) -> Callable[[bytes], Examination]:
    return lambda _: os._exit(1)


def build_broken(strict: bool, model_cache: Path | None, limits: ImageLimits) -> Callable[[bytes], Examination]:
    raise ImportError


def build_pid(*_: object) -> Callable[[bytes], Examination]:
    return lambda _: Examination(None, os.getpid().to_bytes(4, "little") + bytes(508))


def test_the_real_process_examines_as_strictly_as_a_selfie(tmp_path: Path) -> None:
    sample = sample_event(Path("var/sample"))
    both = next(photo for photo in sample.photos if photo.people == {"Ada", "Ben"} and photo.faces == 2)
    process = PersonProcess(tmp_path)
    found = process.call(sample.selfies["Ada"])
    assert found is not None
    assert found.encoding is not None
    cached = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.suffix for path in cached} <= {".onnx", ".sum"}
    reasons = {name: process.call(data) for name, data in {"both": both.jpeg, "cut": both.jpeg[:400]}.items()}
    assert {name: one and one.reason for name, one in reasons.items()} == {"both": "several_faces", "cut": "unreadable"}
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == cached, "only models, by the first one"


def test_a_photo_that_kills_the_process_is_rejected() -> None:
    assert PersonProcess(None, build_deadly).call(b"") is None


def test_a_process_that_cannot_start_is_no_fault_of_the_photo() -> None:
    with pytest.raises(ServiceUnavailable):
        PersonProcess(None, build_broken).call(b"")


def test_each_photo_has_a_process_of_its_own() -> None:
    process = PersonProcess(None, build_pid)
    found = [process.call(b"") for _ in range(2)]
    pids = {one.encoding[:4] for one in found if one and one.encoding}
    assert len(pids) == 2


def test_a_caller_that_waits_too_long_for_its_turn_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """A control: the turn is free again after each photo, also after one that killed the process."""
    monkeypatch.setattr(shared, "WAIT_S", 0.01)
    process = PersonProcess(None, build_deadly)
    assert [process.call(b"") for _ in range(2)] == [None, None]
    with process._turn, pytest.raises(ServiceUnavailable):
        process.call(b"")
