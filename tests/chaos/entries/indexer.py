"""The indexer."""

import functools
import os
from pathlib import Path

from matcher_service.__main__ import run_indexer
from tests.chaos.disk import SmallDisk
from tests.chaos.engine import build_reader

if __name__ == "__main__":
    run_indexer(
        files=SmallDisk,
        build=functools.partial(build_reader, Path(os.environ["CHAOS_FOLDER"]), os.environ["CHAOS_ENGINE"]),
    )
