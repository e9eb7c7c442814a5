"""Fixtures for all tests, and the list of slow ones."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

pytest_plugins = ["tests.harness.fixtures", "tests.harness.s3_fixtures"]

# Folders and files that start many processes or a browser, or search many orders of events for minutes.
SLOW = (
    "chaos",
    "cluster",
    "pages",
    "e2e/test_backup.py",
    "e2e/test_encryption.py",
    "e2e/test_file_store.py",
    "e2e/test_local.py",
    "e2e/test_mail.py",
    "e2e/test_outages.py",
    "e2e/test_siege.py",
    "e2e/test_traces.py",
    "faces/test_fuzz.py",
    "gateway/test_process.py",
    "matcher/test_pairs_audience.py",
    "matcher/test_pairs_people.py",
    "matcher/test_pairs_release.py",
    "matcher/test_pairs_removals.py",
    "matcher/test_pairs_rereads.py",
    "matcher/test_pairs_settling_controls.py",
    "services/test_startup.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the slow tests."""
    slow = [Path(__file__).parent / path for path in SLOW]
    for item in items:
        if any(item.path.is_relative_to(path) for path in slow):
            item.add_marker(pytest.mark.slow)


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than processors, since tests wait for a third of their time."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Undoes `kit.telemetry.logs.configure`, which commands called in this process use as well."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
