"""Logs: one line for people or machines, without values of variables in errors."""

import json
import logging
import os
import signal

import pytest
import structlog

from kit.telemetry import logs


def fail_with(secret: str) -> None:
    hidden = secret * 2
    raise RuntimeError("a bug") if hidden else ValueError


@pytest.mark.parametrize("json_format", [True, False])
def test_an_exception_is_logged_with_its_location_and_without_values(
    capsys: pytest.CaptureFixture[str], json_format: bool
) -> None:
    logs.configure("test", json=json_format)
    try:
        fail_with("hunter2")
    except RuntimeError:
        logs.get_logger().exception("It failed.", action="failed")
    text = capsys.readouterr().out
    assert "RuntimeError: a bug" in text
    assert "in fail_with" in text
    assert "hunter2" not in text.replace('fail_with("hunter2")', "").replace('fail_with(\\"hunter2\\")', "")


def test_a_json_line_has_the_process_action_and_request_id(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("auth", json=True)
    with structlog.contextvars.bound_contextvars(request_id="7"):
        logs.get_logger().info("It\nworked.", action="worked")
        logging.getLogger("library").warning("Careful with %s", "that")
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    for line in (first, second):
        assert line.pop("timestamp").endswith("Z")
    assert first == {"event": "It\nworked.", "action": "worked", "process": "auth", "request_id": "7", "level": "info"}
    assert (second["event"], second["request_id"]) == ("Careful with that", "7")


def test_a_human_readable_record_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("auth")
    logs.get_logger().info("It worked.", action="worked", count=3)
    assert capsys.readouterr().out.rstrip().endswith("It worked. action=worked count=3")


@pytest.mark.parametrize(("level", "shown"), [("DEBUG", 3), ("INFO", 2), ("warning", 1)])
def test_records_below_the_level_are_not_logged(capsys: pytest.CaptureFixture[str], level: str, shown: int) -> None:
    logs.configure("auth", level)
    log = logs.get_logger()
    log.debug("One.")
    log.info("Two.")
    log.warning("Three.")
    assert len(capsys.readouterr().out.splitlines()) == shown


def test_a_process_dumps_its_stacks_on_request(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure("test")
    os.kill(os.getpid(), signal.SIGUSR1)
    output = capfd.readouterr().err
    assert "most recent call first" in output
    assert "in test_a_process_dumps_its_stacks_on_request" in output
