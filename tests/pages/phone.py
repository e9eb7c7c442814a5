"""A guest's browser on a phone, and the errors that it reports."""

import io
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, Response, expect

PATIENCE_MS = 30_000
GRID = ".grid li"

# Sums layout shifts from the start of the page.
WATCH_SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""

# Waits for fade-ins, since colours are final only at their end; spinners never end and are excluded. A new animation of
# the same property cancels the earlier one, which rejects its promise.
AWAIT_ANIMATIONS = """
Promise.allSettled(
  document.getAnimations()
    .filter((animation) => animation.effect.getComputedTiming().iterations !== Infinity)
    .map((animation) => animation.finished),
).then(() => undefined)
"""


class Phone:
    """One browser context; `faults` collects the errors shown in a developer console."""

    def __init__(self, context: BrowserContext, base_url: str) -> None:
        self.context = context
        self.base_url = base_url
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.add_init_script(WATCH_SHIFTS)
        self.faults: list[str] = []
        self.requests: list[Request] = []
        self.expected_statuses: set[int] = set()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("response", self._check)

    def open(self, path: str) -> None:
        self.page.goto(self.base_url + path)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def see(self, words: str) -> Locator:
        found = self.page.get_by_text(words).first
        expect(found).to_be_visible(timeout=PATIENCE_MS)
        return found

    def agree_and_open_camera(self) -> None:
        self.page.get_by_role("checkbox").check()
        self.button("Take a selfie").click()
        self.page.locator(".shutter").wait_for()

    def choose_picture(self, jpeg: bytes, name: str = "selfie.jpg") -> None:
        """Chooses a picture file instead of using the camera."""
        file = {"name": name, "mimeType": "image/jpeg", "buffer": jpeg}
        self.page.locator("input[type=file]").last.set_input_files([file])

    def join_with(self, code: str, jpeg: bytes) -> None:
        """Joins from the poster's link and waits for the result of a selfie."""
        self.open(f"/e/{code}")
        self.agree_and_open_camera()
        self.choose_picture(jpeg)

    def expect_photos(self, count: int) -> None:
        expect(self.page.locator(GRID)).to_have_count(count, timeout=PATIENCE_MS)

    def check_accessibility(self) -> None:
        """Asserts that axe reports no violation and that nothing is wider than the screen."""
        self.page.evaluate(AWAIT_ANIMATIONS)
        violations = Axe().run(self.page).response["violations"]
        assert not violations, [(found["id"], [node["html"] for node in found["nodes"]]) for found in violations]
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"

    def check_health(self) -> None:
        assert not self.faults, self.faults
        foreign = {host for request in self.requests if (host := _host(request.url)) not in ("", _host(self.base_url))}
        assert not foreign, foreign

    def shifts(self) -> float:
        """The cumulative layout shift of the page."""
        return float(self.page.evaluate("window.shifts"))

    def _hear(self, message: ConsoleMessage) -> None:
        # Failed requests appear here too; the expected ones are filtered below.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    def _check(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected_statuses:
            self.faults.append(f"{response.status} {response.request.method} {urlsplit(response.url).path}")


def _host(url: str) -> str:
    return urlsplit(url).netloc


def film_of(jpeg: bytes, path: Path) -> Path:
    """A film of a camera that looks at this picture: MJPEG is a sequence of JPEGs."""
    picture = Image.open(io.BytesIO(jpeg)).convert("RGB")
    picture.thumbnail((640, 480))
    frame = Image.new("RGB", (640, 480), (90, 90, 90))
    frame.paste(picture, ((640 - picture.width) // 2, (480 - picture.height) // 2))
    path.write_bytes(to_jpeg(frame) * 30)
    return path


def to_jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def to_picture(jpeg: bytes) -> Any:
    return Image.open(io.BytesIO(jpeg)).convert("RGB")
