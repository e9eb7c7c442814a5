"""Cuts faces out of pictures in a separate process, which stays alive after its first use."""

from collections.abc import Callable
from threading import Lock

from kit.errors import ServiceUnavailable
from kit.faces.types import CropReading
from kit.sandbox.process import Sandbox, SandboxDied, SandboxNotStarted, SandboxTimedOut

TIMEOUT_S = 5.0
MEMORY_MB = 1024


def build_cropper() -> Callable[[bytes], CropReading]:
    """The entry of a Sandbox."""
    # Imported here: only the child process may load decoders.
    from kit.faces.crop import crop_face

    return crop_face


class CropProcess:
    """Cuts out one face at a time."""

    def __init__(self) -> None:
        self._process = Sandbox(build_cropper, CropReading, TIMEOUT_S, MEMORY_MB)
        self._turn = Lock()

    def crop(self, data: bytes) -> bytes | None:
        """A JPEG; None if there is nothing to show, or if the picture made the child die or take too long. Raises
        ServiceUnavailable for failures that the picture did not cause."""
        with self._turn:
            try:
                return self._process.call(data).jpeg or None
            except (SandboxDied, SandboxTimedOut):
                return None
            except SandboxNotStarted as fault:
                raise ServiceUnavailable from fault

    def close(self) -> None:
        """Ends the process; another call would start a new one."""
        with self._turn:
            self._process.close()
