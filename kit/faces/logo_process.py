"""Reads logos in a separate process that exits after each one, since logos are rare."""

from collections.abc import Callable
from threading import Lock

from kit.errors import ServiceUnavailable
from kit.faces.types import LogoReading
from kit.sandbox.process import Sandbox, SandboxDied, SandboxNotStarted, SandboxTimedOut

TIMEOUT_S = 10.0
MEMORY_MB = 1024


def build_logo_reader() -> Callable[[bytes], LogoReading]:
    """The entry of a Sandbox."""
    # Imported here: only the child process may load decoders.
    from kit.faces.logo import read_logo

    return read_logo


class LogoProcess:
    """Reads one logo at a time."""

    def __init__(self, entry: Callable[[], Callable[[bytes], LogoReading]] = build_logo_reader) -> None:
        self._entry = entry
        self._turn = Lock()

    def read(self, data: bytes) -> LogoReading | None:
        """None if the logo made the child die or take too long. Raises ServiceUnavailable for failures that the logo
        did not cause."""
        with self._turn:
            process = Sandbox(self._entry, LogoReading, TIMEOUT_S, MEMORY_MB)
            try:
                return process.call(data)
            except (SandboxDied, SandboxTimedOut):
                return None
            except SandboxNotStarted as fault:
                raise ServiceUnavailable from fault
            finally:
                process.close()
