"""Examines single photos of people in a separate process that exits after each one, since such photos are rare."""

import functools
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from kit.errors import ServiceUnavailable
from kit.faces.types import ImageLimits
from kit.faces.validation import Examination, build_examiner
from kit.sandbox.process import Sandbox, SandboxDied, SandboxNotStarted, SandboxTimedOut

TIMEOUT_S = 15.0
WAIT_S = 10.0
MEMORY_MB = 1536
MAX_BYTES = 15_000_000
LIMITS = ImageLimits.within(MAX_BYTES // 1_000_000, 50, MEMORY_MB)


class PersonProcess:
    """Examines one photo at a time, as strictly as a selfie. The bytes go to the child through a pipe and nowhere else,
    and both the child and its memory are gone after each photo."""

    def __init__(
        self, model_cache: Path | None, build: Callable[..., Callable[[bytes], Examination]] = build_examiner
    ) -> None:
        self._entry = functools.partial(build, True, model_cache, LIMITS)
        self._turn = Lock()

    def examine(self, data: bytes) -> Examination | None:
        """None if the photo made the child die or take too long. Raises ServiceUnavailable if others are examined for
        WAIT_S seconds, and for failures that the photo did not cause."""
        if not self._turn.acquire(timeout=WAIT_S):
            raise ServiceUnavailable
        process = Sandbox(self._entry, Examination, TIMEOUT_S, MEMORY_MB)
        try:
            return process.call(data)
        except (SandboxDied, SandboxTimedOut):
            return None
        except SandboxNotStarted as fault:
            raise ServiceUnavailable from fault
        finally:
            process.close()
            self._turn.release()
