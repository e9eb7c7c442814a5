"""Examines single photos of people in a separate process that exits after each one, since such photos are rare."""

import functools
from collections.abc import Callable
from pathlib import Path

from kit.faces.types import ImageLimits
from kit.faces.validation import Examination, build_examiner
from kit.sandbox.process import Sandbox
from kit.sandbox.shared import SharedSandbox

TIMEOUT_S = 15.0
MEMORY_MB = 1536
MAX_BYTES = 15_000_000
LIMITS = ImageLimits.within(MAX_BYTES // 1_000_000, 50, MEMORY_MB)


class PersonProcess(SharedSandbox[Examination]):
    """Examines one photo at a time, as strictly as a selfie. The bytes go to the child through a pipe and nowhere else,
    and both the child and its memory are gone after each photo."""

    def __init__(
        self, model_cache: Path | None, build: Callable[..., Callable[[bytes], Examination]] = build_examiner
    ) -> None:
        entry = functools.partial(build, True, model_cache, LIMITS)
        super().__init__(Sandbox(entry, Examination, TIMEOUT_S, MEMORY_MB), is_single_use=True)
