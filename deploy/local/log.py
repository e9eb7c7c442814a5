"""One log file for many processes, part of which is shown in the terminal."""

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from deploy.local.narration import Narrator

NAME_WIDTH = 14
COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)


def prefixed(name: str, line: str, colour: int = 0) -> str:
    """Formats a line for the terminal; `colour` is an ANSI code, 0 for none."""
    label = f"{name:<{NAME_WIDTH}} |"
    return f"\033[{colour}m{label}\033[0m {line}" if colour else f"{label} {line}"


def as_json(name: str, line: str) -> str:
    """Returns a JSON line unchanged, and wraps any other (PostgreSQL, tracebacks, our own) as the event of one."""
    if line.startswith("{"):
        try:
            json.loads(line)
            return line
        except ValueError:
            pass
    moment = datetime.now(UTC).isoformat()
    return json.dumps({"event": line, "level": "info", "timestamp": moment, "process": name}, ensure_ascii=False)


class SystemLog:
    """Writes every line to a file, and selected ones to the terminal if there is one; the previous file becomes
    `*.old`. Each line begins with the name of its process, or is JSON."""

    def __init__(self, path: Path, terminal: TextIO | None = None, is_json: bool = False) -> None:
        self.path = path
        if path.exists():
            path.replace(path.with_suffix(".log.old"))
        path.touch(mode=0o600)
        self._file = path.open("w", encoding="utf-8", errors="replace", buffering=1)
        self._format = as_json if is_json else prefixed
        self._terminal = terminal
        self._coloured = bool(terminal and terminal.isatty() and not os.environ.get("NO_COLOR"))
        self._colours: dict[str, int] = {}
        self._lock = threading.Lock()
        self.narrator = Narrator()

    def write(self, name: str, line: str) -> None:
        """Logs a line that a process wrote."""
        with self._lock:
            if not self._file.closed:
                self._file.write(self._format(name, line) + "\n")
                if text := self.narrator.narrate(name, line):
                    self._show(name, text)

    def announce(self, name: str, text: str) -> None:
        """Logs a line about a process; always shown."""
        with self._lock:
            if not self._file.closed:
                self._file.write(self._format(name, text) + "\n")
                self._show(name, text)

    def tail(self, count: int) -> list[str]:
        """The newest lines."""
        return self.path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def _show(self, name: str, line: str) -> None:
        if self._terminal is None:
            return
        colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
        try:
            print(prefixed(name, line, colour if self._coloured else 0), file=self._terminal, flush=True)
        except OSError:
            # The terminal was closed; the file is still written.
            self._terminal = None
