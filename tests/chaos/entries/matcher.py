"""matcher_service."""

import os

from matcher_service.__main__ import serve
from matcher_service.store import MatchStore
from tests.chaos.disk import SmallDisk
from tests.chaos.twins import MATCHES

if __name__ == "__main__":
    serve(matches=MATCHES.get(os.environ["CHAOS_TWIN"], MatchStore), files=SmallDisk)
