"""Logs: one line for a person or a machine, and in an error no values of variables."""

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
def test_an_exception_shows_where_it_was_raised_and_no_values(
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


def test_a_line_for_a_machine_says_who_what_and_for_which_request(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("auth", json=True)
    with structlog.contextvars.bound_contextvars(request_id="7"):
        logs.get_logger().info("It\nworked.", action="worked")
        logging.getLogger("library").warning("Careful with %s", "that")
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    for line in (first, second):
        assert line.pop("timestamp").endswith("Z")
    assert first == {"event": "It\nworked.", "action": "worked", "process": "auth", "request_id": "7", "level": "info"}
    assert (second["event"], second["request_id"]) == ("Careful with that", "7")


def test_a_line_for_a_person_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("auth")
    logs.get_logger().info("It worked.", action="worked", count=3)
    assert capsys.readouterr().out.rstrip().endswith("It worked. action=worked count=3")


@pytest.mark.parametrize(("level", "shown"), [("DEBUG", 3), ("INFO", 2), ("warning", 1)])
def test_what_is_below_the_level_is_not_logged(capsys: pytest.CaptureFixture[str], level: str, shown: int) -> None:
    logs.configure("auth", level)
    log = logs.get_logger()
    log.debug("One.")
    log.info("Two.")
    log.warning("Three.")
    assert len(capsys.readouterr().out.splitlines()) == shown


def test_a_process_tells_where_it_stands_when_asked(capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure("test")
    os.kill(os.getpid(), signal.SIGUSR1)
    told = capfd.readouterr().err
    assert "most recent call first" in told
    assert "in test_a_process_tells_where_it_stands_when_asked" in told
