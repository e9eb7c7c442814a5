"""Reads logos in a process of their own, which is there only for as long as it takes: logos are few."""

from collections.abc import Callable
from threading import Lock

from kit.errors import ServiceUnavailable
from kit.faces.types import LogoReading
from kit.sandbox.process import Sandbox, SandboxDied, SandboxNotStarted, SandboxTimedOut

TIMEOUT_S = 10.0
MEMORY_MB = 1024


def build_logo_reader() -> Callable[[bytes], LogoReading]:
    """The entry of a Sandbox."""
    # Here and not above: only the child process may load what decodes.
    from kit.faces.logo import read_logo

    return read_logo


class LogoProcess:
    """One logo after the other."""

    def __init__(self, entry: Callable[[], Callable[[bytes], LogoReading]] = build_logo_reader) -> None:
        self._entry = entry
        self._turn = Lock()

    def read(self, data: bytes) -> LogoReading | None:
        """None where the child died of it or took too long. Raises ServiceUnavailable where it says nothing of the
        logo."""
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
