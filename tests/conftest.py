"""Fixtures for all tests, and the list of slow ones."""

import functools
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import httpcore2
import pytest
import structlog
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

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


def is_slow(path: Path) -> bool:
    place = path.relative_to(Path(__file__).parent)
    return any(place.is_relative_to(slow) for slow in SLOW)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Imports only the files that `-m slow` or `-m "not slow"` selects."""
    wanted = {"slow": True, "not slow": False}.get(config.option.markexpr)
    if wanted is None or not collection_path.name.startswith("test_"):
        return None
    return is_slow(collection_path) is not wanted or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the slow tests."""
    slow = {path for path in {item.path for item in items} if is_slow(path)}
    for item in items:
        if item.path in slow:
            item.add_marker(pytest.mark.slow)


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than processors, since tests also wait."""
    return (os.cpu_count() or 1) + 1


class Scheduling(LoadFileScheduling):
    """Runs the tests of a file in one process, and those of the end-to-end tests that share a system as well: each
    process would start its own."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        shares = file.startswith("tests/e2e/") and not is_slow(Path(__file__).parents[1] / file)
        return "tests/e2e" if shares else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    return Scheduling(config, log) if config.option.dist == "loadfile" else None


@pytest.fixture(scope="session", autouse=True)
def _one_tls_context() -> Iterator[None]:
    """Otherwise each HTTP client, even of plain HTTP, reads all certificates of the system."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpcore2, "default_ssl_context", functools.cache(httpcore2.default_ssl_context))
        yield


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Undoes `kit.telemetry.logs.configure`, which commands called in this process use as well."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
