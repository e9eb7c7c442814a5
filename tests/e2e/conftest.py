"""One complete system for all end-to-end tests: real processes, the real engine, real photos."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from deploy.local.system import LocalSystem
from deploy.rest import add_organiser
from deploy.sample.event import SampleEvent, SamplePhoto, sample_event
from tests.e2e.party import PASSWORD, Json, Organiser, Person, register

# Every page test signs in as the same organiser.
UNLIMITED = {"RATE_LOGINS": "none", "RATE_PASSWORDS": "none"}


@pytest.fixture(scope="session")
def sample() -> SampleEvent:
    """Real photos, downloaded once with the package client."""
    return sample_event(Path("var/sample"))


@pytest.fixture(scope="session")
def system() -> Iterator[LocalSystem]:
    folder = Path(tempfile.mkdtemp(prefix="mn-e2e-", dir="/tmp"))
    running = LocalSystem(folder / "data", settings={"IMAGE_TIMEOUT_S": "5", **UNLIMITED})
    try:
        with running:
            yield running
        log = running.log_path.read_text()
        assert not [word for word in ("Traceback", PASSWORD, "@example.org", "eyJ") if word in log]
    finally:
        running.remove_data()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def organiser(system: LocalSystem) -> Iterator[Organiser]:
    add_organiser(system.data, system.env, "olga", PASSWORD)
    answer = httpx2.post(f"{system.base_url}/api/login", json={"username": "olga", "password": PASSWORD}, timeout=30)
    assert answer.status_code == 200, answer.text
    with Organiser(system.base_url, answer.json(), "olga") as person:
        yield person


@pytest.fixture(scope="session")
def gallery(organiser: Organiser, sample: SampleEvent) -> tuple[Json, dict[str, SamplePhoto]]:
    """An event with every sample photo, indexed; tests must not modify it."""
    event = organiser.event("Gallery")
    return event, organiser.add_photos(event, sample.photos)


@pytest.fixture
def join(system: LocalSystem) -> Iterator[Callable[[Json], Person]]:
    """Registers a new guest of an event."""
    with ExitStack() as guests:
        yield lambda event: guests.enter_context(register(system.base_url, event))


@pytest.fixture(scope="session")
def one_of(sample: SampleEvent) -> Callable[..., SamplePhoto]:
    """A photo that shows exactly these people."""

    def find(*people: str, skip: int = 0) -> SamplePhoto:
        return [photo for photo in sample.photos if photo.people == frozenset(people)][skip]

    return find
