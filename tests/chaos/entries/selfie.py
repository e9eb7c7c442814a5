"""selfie_service."""

from selfie_service.__main__ import serve
from tests.chaos.disk import SmallDisk

if __name__ == "__main__":
    serve(files=SmallDisk)
