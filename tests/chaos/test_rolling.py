"""Restarts of every process in turn fail no call, and a worker that ends releases its claim immediately."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent, sample_event
from tests.chaos.rolling import (
    REPLICAS,
    SETTINGS,
    Load,
    Party,
    ask_database,
    killed_by_force,
    run_rolling,
    wait_until_settled,
)
from tests.e2e.party import until

ROUNDS = 1


@pytest.fixture(scope="module")
def sample() -> SampleEvent:
    return sample_event(Path("var/sample"))


@pytest.fixture(scope="module")
def system() -> Iterator[LocalSystem]:
    folder = Path(tempfile.mkdtemp(prefix="mn-rolling-", dir="/tmp"))
    running = LocalSystem(folder / "data", replicas=REPLICAS, settings=SETTINGS, max_backoff_s=0.5)
    try:
        with running:
            yield running
        assert killed_by_force(running) == []
    finally:
        running.remove_data()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(900)
def test_rolling_restarts_under_load_fail_no_call_and_lose_no_job(system: LocalSystem, sample: SampleEvent) -> None:
    result = run_rolling(system, sample, ROUNDS)
    assert result.load.failed == []
    assert result.load.calls.total() > 0
    assert result.killed == []
    assert (result.unsettled, result.spoiled) == (0, 0)


CLAIMS = {
    "indexer": "SELECT count(*) FROM matcher.photos WHERE lease_until IS NOT NULL",
    "selfie-worker": "SELECT count(*) FROM selfie.selfies WHERE lease_until IS NOT NULL",
    "matcher": "SELECT count(*) FROM selfie.enrolments WHERE lease_until IS NOT NULL",
}


def process_of(system: LocalSystem, name: str) -> psutil.Process:
    return psutil.Process(system.processes[name].pid)


def reader_of(worker: psutil.Process) -> psutil.Process:
    """The child that reads images, once it is the only one: a starting worker briefly has others."""

    def readers() -> list[psutil.Process]:
        found = []
        for child in worker.children():
            with suppress(psutil.NoSuchProcess):
                if "kit.sandbox.child" in child.cmdline():
                    found.append(child)
        return found

    [reader] = until(readers, lambda found: len(found) == 1)
    return reader


@contextmanager
def frozen(processes: list[psutil.Process]) -> Iterator[None]:
    """Suspends processes, so that calls to them stay pending."""
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            if process.is_running():
                process.send_signal(signal.SIGCONT)


@pytest.fixture
def party(system: LocalSystem, sample: SampleEvent) -> Iterator[Party]:
    party = Party(system, sample, Load())
    party.begin()
    yield party
    assert wait_until_settled(system) == 0
    party.close()


@contextmanager
def alone(system: LocalSystem, worker: str) -> Iterator[None]:
    """Stops the second worker, which would take a released claim; both are started again."""
    system.stop_one(f"{worker}-2")
    yield
    for name in (worker, f"{worker}-2"):
        system.start_one(name)


@pytest.mark.parametrize("worker", ["indexer", "selfie-worker"])
def test_a_worker_that_ends_releases_its_claim_immediately(system: LocalSystem, party: Party, worker: str) -> None:
    with alone(system, worker), frozen([reader_of(process_of(system, worker))]):
        party.upload_photo()
        party.upload_selfie(party.guests[0])
        until(lambda: ask_database(system, CLAIMS[worker]), bool)
        system.stop_one(worker)
        assert ask_database(system, CLAIMS[worker]) == 0


def test_a_rematch_in_progress_is_released_immediately(system: LocalSystem, party: Party) -> None:
    matchers = [process_of(system, name) for name in ("matcher", "matcher-2")]
    with alone(system, "selfie-worker"), frozen(matchers):
        party.upload_selfie(party.guests[0])
        until(lambda: ask_database(system, CLAIMS["matcher"]), bool)
        system.stop_one("selfie-worker")
        assert ask_database(system, CLAIMS["matcher"]) == 0


def test_only_image_readers_have_a_lower_priority(system: LocalSystem) -> None:
    for worker in ("selfie-worker", "indexer"):
        parent = process_of(system, worker)
        assert parent.nice() == os.nice(0)
        until(reader_of(parent).nice, lambda nice: nice > os.nice(0))
