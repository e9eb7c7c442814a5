"""Fixtures for all tests."""

import logging
from collections.abc import Iterator

import pytest
import structlog

pytest_plugins = ["tests.harness.fixtures", "tests.harness.s3_fixtures"]


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Undoes `kit.telemetry.logs.configure`, which commands called in this process use as well."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
