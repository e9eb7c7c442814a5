"""One log of many processes: each line begins with the name of who said it."""

import os
import threading
from pathlib import Path
from typing import TextIO

NAME_WIDTH = 14
COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)


def prefixed(name: str, line: str, colour: int = 0) -> str:
    """The line as it is shown; `colour` is an ANSI code, 0: none."""
    label = f"{name:<{NAME_WIDTH}} |"
    return f"\033[{colour}m{label}\033[0m {line}" if colour else f"{label} {line}"


class SystemLog:
    """Writes to a file, and to a terminal when there is one; the file of the start before becomes `*.old`."""

    def __init__(self, path: Path, terminal: TextIO | None = None) -> None:
        self.path = path
        if path.exists():
            path.replace(path.with_suffix(".log.old"))
        path.touch(mode=0o600)
        self._file = path.open("w", encoding="utf-8", errors="replace", buffering=1)
        self._terminal = terminal
        self._coloured = bool(terminal and terminal.isatty() and not os.environ.get("NO_COLOR"))
        self._colours: dict[str, int] = {}
        self._lock = threading.Lock()

    def write(self, name: str, line: str) -> None:
        with self._lock:
            if self._file.closed:
                return
            self._file.write(prefixed(name, line) + "\n")
            if self._terminal:
                self._show(name, line, self._terminal)

    def tail(self, count: int) -> list[str]:
        """The newest lines."""
        return self.path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def _show(self, name: str, line: str, terminal: TextIO) -> None:
        colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
        try:
            print(prefixed(name, line, colour if self._coloured else 0), file=terminal, flush=True)
        except OSError:
            # The terminal went away; the file is still there.
            self._terminal = None
