"""Fixture of a real S3 server."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.programs import NoProgram
from tests.harness.s3 import S3Server, install


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3Server]:
    """A server with the bucket `photos`. Without a server the test is skipped, or fails with MINOIS_S3=required."""
    try:
        install()
    except NoProgram as fault:
        if os.environ.get("MINOIS_S3") == "required":
            raise
        pytest.skip(f"no S3 server: {fault}")
    folder = tmp_path / "buckets"
    folder.mkdir()
    server = S3Server(folder)
    server.make_bucket("photos")
    server.start()
    yield server
    server.stop()
