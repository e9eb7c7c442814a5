"""Cuts faces out of pictures in a separate process, which stays alive after its first use."""

from collections.abc import Callable

from kit.faces.types import CropReading
from kit.sandbox.process import Sandbox
from kit.sandbox.shared import SharedSandbox

TIMEOUT_S = 5.0
MEMORY_MB = 1024


def build_cropper() -> Callable[[bytes], CropReading]:
    """The entry of a Sandbox."""
    # Imported here: only the child process may load decoders.
    from kit.faces.crop import crop_face

    return crop_face


class CropProcess(SharedSandbox[CropReading]):
    """Cuts out one face at a time."""

    def __init__(self) -> None:
        super().__init__(Sandbox(build_cropper, CropReading, TIMEOUT_S, MEMORY_MB))

    def crop(self, data: bytes) -> bytes | None:
        """A JPEG; None if there is nothing to show, or if the picture made the child die or take too long. Raises
        ServiceUnavailable, as `call`."""
        reading = self.call(data)
        return reading.jpeg or None if reading else None
