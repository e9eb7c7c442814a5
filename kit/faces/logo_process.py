"""Reads logos in a separate process that exits after each one, since logos are rare."""

from collections.abc import Callable

from kit.faces.types import LogoReading
from kit.sandbox.process import Sandbox
from kit.sandbox.shared import SharedSandbox

TIMEOUT_S = 10.0
MEMORY_MB = 1024


def build_logo_reader() -> Callable[[bytes], LogoReading]:
    """The entry of a Sandbox."""
    # Imported here: only the child process may load decoders.
    from kit.faces.logo import read_logo

    return read_logo


class LogoProcess(SharedSandbox[LogoReading]):
    """Reads one logo at a time."""

    def __init__(self, entry: Callable[[], Callable[[bytes], LogoReading]] = build_logo_reader) -> None:
        super().__init__(Sandbox(entry, LogoReading, TIMEOUT_S, MEMORY_MB), is_single_use=True)
