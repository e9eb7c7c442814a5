"""Selects log lines for the terminal: starts, arrivals, progress and warnings, but no access log."""

import json
import re
import time
from dataclasses import dataclass, field

# As kit.telemetry.logs writes it: 12:00:00.000000 [info] A sentence. action=name key=value
CONSOLE_LINE = re.compile(r"\d\d:\d\d:\d\d\.\d+ \[(?P<level>\w+) *\] (?P<event>.*?)(?: (?P<fields>\w+=.*))?")
FIELD = re.compile(r"""(\w+)=('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\S+)""")
SERIOUS = ("warning", "error", "critical")
DETAILS = ("why", "reason", "fault", "code", "attempt", "verdict", "host", "path", "store")
POSTGRES_TROUBLE = ("PANIC:", "No space left", "could not")
REPEAT_S = 10.0
SERVER_ERROR = 500


@dataclass(frozen=True)
class Entry:
    """One line of a process."""

    level: str
    event: str
    fields: dict[str, str] = field(default_factory=dict)


def parse(line: str) -> Entry | None:
    """None if the line is not in our own log format, such as PostgreSQL's lines and tracebacks."""
    if line.startswith("{"):
        try:
            fields = {name: str(value) for name, value in json.loads(line).items()}
        except ValueError:
            return None
        return Entry(fields.pop("level", ""), fields.pop("event", ""), fields)
    found = CONSOLE_LINE.fullmatch(line)
    if found is None:
        return None
    pairs = FIELD.findall(found["fields"] or "")
    return Entry(found["level"], found["event"], {name: value.strip("'\"") for name, value in pairs})


class Narrator:
    """Turns log lines into text for the terminal; shows a repeated warning once in ten seconds and counts photos."""

    def __init__(self) -> None:
        self._said_at: dict[str, float] = {}
        self.photos_read = 0

    def narrate(self, name: str, line: str) -> str:
        """The text for the terminal; empty if the line is for the log file only."""
        entry = parse(line)
        if entry is None:
            text = line if _is_trouble(name, line) else ""
        else:
            self.photos_read += entry.fields.get("action") == "photo_indexed"
            text = _describe(entry)
        return text if text and self._is_new(f"{name} {text}", entry) else ""

    def _is_new(self, text: str, entry: Entry | None) -> bool:
        if entry and entry.level == "info":
            return True
        now = time.monotonic()
        if now - self._said_at.get(text, -REPEAT_S) < REPEAT_S:
            return False
        self._said_at[text] = now
        return True


def _describe(entry: Entry) -> str:
    if entry.level in SERIOUS:
        details = ", ".join(entry.fields[name] for name in DETAILS if entry.fields.get(name))
        return f"{entry.level}: {entry.event}{f' ({details})' if details else ''}"
    match entry.fields:
        case {"action": "serving", "port": port}:
            return f"Serving on port {port}."
        case {"action": "selfie_decided", "verdict": verdict}:
            return "A selfie was accepted." if verdict == "valid" else f"A selfie was rejected ({verdict})."
        case {"action": "request", "method": method, "path": path, "status": status}:
            return _describe_request(method, path, int(status))
    return ""


def _describe_request(method: str, path: str, status: int) -> str:
    if status >= SERVER_ERROR:
        return f"{method} {path} was answered with {status}."
    if method != "POST" or status >= 300:
        return ""
    if path == "/api/register-with-event-code":
        return "A guest registered."
    if path == "/api/join-event":
        return "A guest joined an event."
    if path == "/api/events":
        return "An event was created."
    return "Photos arrived." if re.fullmatch(r"/api/events/[^/]+/photos", path) else ""


def _is_trouble(name: str, line: str) -> bool:
    if name == "postgres":
        return any(word in line for word in POSTGRES_TROUBLE)
    return line.startswith("settings: ")


class PhotoProgress:
    """ "Photos read: 3 of 16." of the photos queued since the queue was last empty."""

    def __init__(self, narrator: Narrator) -> None:
        self._narrator = narrator
        self._begin = narrator.photos_read
        self._shown = (0, 0)

    def describe(self, waiting: int) -> str:
        """The text if the count has changed, else empty. `waiting`: photos that are not indexed yet."""
        read = self._narrator.photos_read - self._begin
        state = (read, read + waiting)
        if state == self._shown or state[1] == 0:
            return ""
        self._shown = state
        if waiting == 0:
            self._begin, self._shown = self._narrator.photos_read, (0, 0)
        return f"Photos read: {state[0]} of {state[1]}."
