"""Open pages of guests under load: each holds a stream of `/api/updates`, like the page on an idle phone."""

import json
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import gevent

REQUEST = "GET /api/updates HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
HINTS = (b"event: selfie", b"event: photos", b"event: events")
OPEN_S = 10.0


@dataclass
class PageCounts:
    """The counts of all pages; `hints` are those that arrived."""

    opened: int = 0
    stayed_open: int = 0
    hints: int = 0

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> "PageCounts":
        return cls(**json.loads(path.read_text()))


class OpenPage:
    """One stream, read until it is closed by either side."""

    def __init__(self, base_url: str, token: str, counts: PageCounts) -> None:
        self._counts = counts
        address = urlsplit(base_url)
        self._connection = socket.create_connection((str(address.hostname), address.port), timeout=OPEN_S)
        self._connection.sendall(REQUEST.format(token=token).encode())
        self._reader = gevent.spawn(self._read)

    def close(self) -> None:
        """Called at the end of the run: a stream that is still being read has stayed open."""
        self._counts.stayed_open += not self._reader.dead
        self._reader.kill()
        self._connection.close()

    def _read(self) -> None:
        with suppress(OSError), self._connection.makefile("rb") as lines:
            if b" 200 " not in lines.readline():
                return
            self._counts.opened += 1
            self._connection.settimeout(None)
            for line in lines:
                self._counts.hints += line.startswith(HINTS)
