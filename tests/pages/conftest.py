"""One system and one browser; each test has its own phones."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent
from tests.e2e.conftest import gallery, one_of, organiser, sample, system
from tests.e2e.party import Organiser
from tests.pages.browser import find_browser, launch
from tests.pages.laptop import Laptop
from tests.pages.phone import Phone, film_of

__all__ = ["gallery", "one_of", "organiser", "sample", "system"]

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 3,
    "has_touch": True,
    "is_mobile": True,
    "locale": "en",
}
FOREIGN_HOST = "party.example"  # this machine, under a host name that browsers do not treat as secure
LAPTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "locale": "en"}

NewPhone = Callable[..., Phone]
NewLaptop = Callable[..., Laptop]


@pytest.fixture(scope="session", autouse=True)
def program() -> str:
    """Finds the browser first, so that no system is started without one."""
    return find_browser()


# Scoped to this package: while Playwright runs, no other test of the session may run its own event loop.
@pytest.fixture(scope="package")
def browser(program: str, sample: SampleEvent, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose camera shows Ada."""
    film: Path = film_of(sample.selfies["Ada"], tmp_path_factory.mktemp("camera") / "ada.mjpeg")
    with sync_playwright() as playwright:
        started = launch(playwright, film, f"--host-resolver-rules=MAP {FOREIGN_HOST} 127.0.0.1")
        yield started
        started.close()


@contextmanager
def healthy(phones: list[Phone]) -> Iterator[None]:
    """Closes the phones after the test and asserts that none of them reported an error."""
    yield
    for phone in phones:
        with suppress(Error):
            phone.context.close()
    for phone in phones:
        phone.check_health()


@pytest.fixture
def new_phone(browser: Browser, system: LocalSystem) -> Iterator[NewPhone]:
    phones: list[Phone] = []

    def make(init_script: str = "", base_url: str = "", **options: Any) -> Phone:
        context = browser.new_context(**{**PHONE, **options})
        if init_script:
            context.add_init_script(init_script)
        phones.append(Phone(context, base_url or system.base_url))
        return phones[-1]

    with healthy(phones):
        yield make


@pytest.fixture
def new_laptop(browser: Browser, system: LocalSystem) -> Iterator[NewLaptop]:
    laptops: list[Phone] = []

    def make(**options: Any) -> Laptop:
        laptop = Laptop(browser.new_context(**{**LAPTOP, **options}), system.base_url)
        laptops.append(laptop)
        return laptop

    with healthy(laptops):
        yield make


@pytest.fixture
def laptop(new_laptop: NewLaptop, organiser: Organiser) -> Laptop:
    """A laptop with a signed-in organiser."""
    made = new_laptop()
    made.sign_in(organiser.username)
    return made


@pytest.fixture
def phone(new_phone: NewPhone) -> Phone:
    return new_phone()
