"""The selfie worker."""

import functools
import os
from pathlib import Path

from selfie_service.__main__ import work
from selfie_service.store import SelfieStore
from tests.chaos.engine import build_examiner
from tests.chaos.twins import SELFIES

if __name__ == "__main__":
    work(
        selfies=SELFIES.get(os.environ["CHAOS_TWIN"], SelfieStore),
        build=functools.partial(build_examiner, Path(os.environ["CHAOS_FOLDER"]), os.environ["CHAOS_ENGINE"]),
    )
