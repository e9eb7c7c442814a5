"""WebKitGTK, Safari's engine on Linux, driven by the WebDriver protocol (https://www.w3.org/TR/webdriver2)."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.local.environment import free_ports
from tests.e2e.party import until

BROWSERS = ("/usr/lib/*/webkit2gtk-4.*/MiniBrowser", "/usr/libexec/webkit2gtk-4.*/MiniBrowser")
MISSING = (
    "There is no WebKit with its driver on this machine, so the pages are not tested in it "
    "(on Debian: apt-get install webkit2gtk-driver xvfb)."
)
START_S = 30.0
# Key of an element reference, from the specification.
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class WebKit:
    """A WebKit window."""

    def __init__(self, http: httpx2.Client, browser: Path) -> None:
        self._http = http
        options = {"binary": str(browser), "args": ["--automation"]}
        session = self._ask(
            "POST", "/session", {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        )
        self._session = f"/session/{session['sessionId']}"

    def close(self) -> None:
        self._ask("DELETE", self._session)

    def open(self, address: str) -> None:
        self._ask("POST", f"{self._session}/url", {"url": address})

    def find(self, selector: str) -> list[str]:
        found = self._ask("POST", f"{self._session}/elements", {"using": "css selector", "value": selector})
        return [each[ELEMENT] for each in found]

    def wait_for(self, selector: str, count: int = 1) -> list[str]:
        return until(lambda: self.find(selector), lambda found: len(found) == count, START_S)

    def click(self, selector: str) -> None:
        self._ask("POST", f"{self._session}/element/{self.wait_for(selector)[0]}/click", {})

    def choose_file(self, selector: str, path: Path) -> None:
        self._ask("POST", f"{self._session}/element/{self.find(selector)[-1]}/value", {"text": str(path)})

    def evaluate(self, script: str) -> Any:
        return self._ask("POST", f"{self._session}/execute/sync", {"script": f"return {script}", "args": []})

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()["value"]


def find_webkit() -> tuple[str, str, Path]:
    """The driver, display server and browser; skips the test if one is missing."""
    driver, display = shutil.which("WebKitWebDriver"), shutil.which("Xvfb")
    browser = next((path for pattern in BROWSERS for path in Path("/").glob(pattern[1:])), None)
    if not (driver and display and browser):
        pytest.skip(MISSING)
    return driver, display, browser


@contextmanager
def running_webkit(folder: Path) -> Iterator[WebKit]:
    """Runs WebKit on a separate display; `folder` is its home."""
    driver, display, browser = find_webkit()
    port = free_ports(["driver"])["driver"]
    with ExitStack() as stack:
        number = stack.enter_context(running_display(display))
        environment = {
            **os.environ,
            "DISPLAY": number,
            "GDK_BACKEND": "x11",
            "HOME": str(folder),
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
        }
        process = stack.enter_context(subprocess.Popen([driver, f"--port={port}"], env=environment))
        stack.callback(process.terminate)
        http = stack.enter_context(httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=START_S))
        wait_until_it_answers(http)
        window = WebKit(http, browser)
        stack.callback(window.close)
        yield window


@contextmanager
def running_display(program: str) -> Iterator[str]:
    """Runs a virtual display; its name."""
    reading, writing = os.pipe()
    command = [program, "-displayfd", str(writing), "-screen", "0", "800x1000x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as process:
        os.close(writing)
        with os.fdopen(reading) as pipe:
            number = pipe.readline().strip()
        try:
            yield f":{number}"
        finally:
            process.terminate()


def wait_until_it_answers(http: httpx2.Client) -> None:
    ends_at = time.monotonic() + START_S
    while time.monotonic() < ends_at:
        with suppress(httpx2.TransportError):
            http.get("/status")
            return
    raise TimeoutError
