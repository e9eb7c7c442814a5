"""The summary of the log in the terminal: events of interest to people, without the access log."""

import json

import pytest

from deploy.local.log import as_json
from deploy.local.narration import Narrator, PhotoProgress, parse

TIME = "12:00:00.000000"
REQUEST = f"{TIME} [info] Answered a request. action=request method={{}} ms=1.0 path={{}} request_id=r status={{}}"


@pytest.mark.parametrize(
    ("name", "line", "text"),
    [
        ("auth", f"{TIME} [info] Serving. action=serving port=50051", "Serving on port 50051."),
        ("gateway", REQUEST.format("GET", "/api/my-photos", 200), ""),
        ("gateway", REQUEST.format("POST", "/api/login", 401), ""),
        ("gateway", REQUEST.format("POST", "/api/register-with-event-code", 201), "A guest registered."),
        ("gateway", REQUEST.format("POST", "/api/register-with-event-code", 409), ""),
        ("gateway", REQUEST.format("POST", "/api/events/6f/photos", 202), "Photos arrived."),
        ("gateway", REQUEST.format("GET", "/api/me", 503), "GET /api/me was answered with 503."),
        ("auth", f"{TIME} [info] Refused a call. action=rpc_refused method=/a/B reason=X", ""),
        ("indexer", f"{TIME} [info] Worked on a photo. action=photo_indexed outcome=indexed photo_id=1", ""),
        (
            "selfie-worker",
            f"{TIME} [info] Decided about a selfie. action=selfie_decided selfie_id=1 verdict=valid",
            "A selfie was accepted.",
        ),
        (
            "selfie-worker",
            f"{TIME} [info] Decided about a selfie. action=selfie_decided selfie_id=1 verdict=no_face",
            "A selfie was rejected (no_face).",
        ),
        (
            "auth",
            f"{TIME} [warning] The database is unavailable. action=away why='connection to \"db\" failed'",
            'warning: The database is unavailable. (connection to "db" failed)',
        ),
        ("gateway", f"{TIME} [error] A request failed. action=request_failed", "error: A request failed."),
        ("gateway", "Traceback (most recent call last):", ""),
        ("gateway", "settings: GATEWAY_PORT: wrong", "settings: GATEWAY_PORT: wrong"),
        ("postgres", "LOG:  checkpoint complete", ""),
        ("postgres", "PANIC:  could not write", "PANIC:  could not write"),
    ],
)
def test_a_log_line_is_reworded_or_omitted(name: str, line: str, text: str) -> None:
    assert Narrator().narrate(name, line) == text
    if entry := parse(line):
        fields = {"event": entry.event, "level": entry.level, **entry.fields}
        assert Narrator().narrate(name, json.dumps(fields)) == text, "the same with LOG_FORMAT=json"


def test_a_repeated_warning_is_shown_once_and_a_repeated_guest_each_time() -> None:
    narrator = Narrator()
    warning, guest = f"{TIME} [warning] Slow. action=a", REQUEST.format("POST", "/api/join-event", 200)
    assert [bool(narrator.narrate("auth", warning)) for _ in range(3)] == [True, False, False]
    assert narrator.narrate("selfie", warning)
    assert [bool(narrator.narrate("gateway", guest)) for _ in range(2)] == [True, True]


def test_photo_progress_is_shown_until_none_is_waiting() -> None:
    narrator = Narrator()
    progress = PhotoProgress(narrator)

    def read(count: int) -> None:
        for _ in range(count):
            narrator.narrate("indexer", f"{TIME} [info] Worked on a photo. action=photo_indexed outcome=indexed")

    assert progress.describe(0) == ""
    assert progress.describe(16) == "Photos read: 0 of 16."
    read(11)
    assert progress.describe(5) == "Photos read: 11 of 16."
    assert progress.describe(5) == ""
    read(5)
    assert progress.describe(0) == "Photos read: 16 of 16."
    assert progress.describe(0) == ""
    assert progress.describe(2) == "Photos read: 0 of 2."


@pytest.mark.parametrize("line", ["LOG:  ready", "{not json", '{"event": "Serving.", "process": "auth"}', "ü"])
def test_every_line_of_a_json_log_is_an_object(line: str) -> None:
    written = json.loads(as_json("auth", line))
    assert written["process"] == "auth"
    assert written["event"] in (line, "Serving.")
