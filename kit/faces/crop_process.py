"""Cuts faces out of pictures in a process of its own, which stays once it was needed."""

from collections.abc import Callable
from threading import Lock

from kit.errors import ServiceUnavailable
from kit.faces.types import CropReading
from kit.sandbox.process import Sandbox, SandboxDied, SandboxNotStarted, SandboxTimedOut

TIMEOUT_S = 5.0
MEMORY_MB = 1024


def build_cropper() -> Callable[[bytes], CropReading]:
    """The entry of a Sandbox."""
    # Here and not above: only the child process may load what decodes.
    from kit.faces.crop import crop_face

    return crop_face


class CropProcess:
    """One face after the other."""

    def __init__(self) -> None:
        self._process = Sandbox(build_cropper, CropReading, TIMEOUT_S, MEMORY_MB)
        self._turn = Lock()

    def crop(self, data: bytes) -> bytes | None:
        """A JPEG; None where there is nothing of it, or the child died of it or took too long. Raises
        ServiceUnavailable where it says nothing of the picture."""
        with self._turn:
            try:
                return self._process.call(data).jpeg or None
            except (SandboxDied, SandboxTimedOut):
                return None
            except SandboxNotStarted as fault:
                raise ServiceUnavailable from fault

    def close(self) -> None:
        """Ends the process; another call would start a fresh one."""
        with self._turn:
            self._process.close()
