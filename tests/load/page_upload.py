"""`make upload-load`: measures the speed, the memory and the response to keys of an organiser's page that uploads a
folder. The same folder is then sent without a browser, for comparison."""

import argparse
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil
from playwright.sync_api import Page, sync_playwright
from rich.console import Console

from deploy.local.system import LocalSystem
from deploy.rest import Person, add_organiser
from tests.pages.browser import launch
from tests.pages.conftest import LAPTOP
from tests.pages.phone import film_of
from tests.pages.pictures import draw_photo

ORGANISER, PASSWORD = "upload-organiser", "only for this run"
SENDERS = 4  # like the page
MAX_PAGE_MB, MAX_KEY_MS = 300, 100
# While the servers keep both cores busy, a single frame may be late; one key in twenty may wait for it.
JUDGED_SHARE = 0.95
KEY_EVERY_S = 0.5
# Event Timing measures from a key press to the next frame, in steps of 8 ms, and reports only durations from this on.
SHORTEST_REPORTED_MS = 16.0
WATCH_KEYS = """
window.keys = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (entry.name === "keydown") window.keys.push(entry.duration);
}).observe({ type: "event", durationThreshold: 16, buffered: true });
"""

console = Console(width=110)


@dataclass
class Figures:
    seconds: float
    page_mb: float
    keys_ms: list[float]


def main() -> None:
    parser = argparse.ArgumentParser("make upload-load", description=__doc__)
    parser.add_argument("--photos", type=int, default=2000)
    parser.add_argument("--kilobytes", type=int, default=500, help="size of each photo")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="minois-upload-", dir="/tmp"))
    system = LocalSystem(folder / "data", settings={"LOG_LEVEL": "WARNING"})
    try:
        photos = write_photos(folder / "party", chosen.photos, chosen.kilobytes * 1000)
        with system, Person(system.base_url) as organiser:
            add_organiser(system.data, system.env, ORGANISER, PASSWORD)
            organiser.login(ORGANISER, PASSWORD)
            raise SystemExit(run(system, organiser, photos))
    finally:
        system.remove_data()
        shutil.rmtree(folder, ignore_errors=True)


def write_photos(folder: Path, count: int, size_bytes: int) -> Path:
    """Writes copies of one picture with different bytes after its end."""
    folder.mkdir()
    picture = draw_photo(1, 640, 480)
    for number in range(count):
        tail = number.to_bytes(8, "big") * (max(size_bytes - len(picture), 8) // 8)
        (folder / f"IMG_{number:05}.jpg").write_bytes(picture + tail)
    return folder


def run(system: LocalSystem, organiser: Person, photos: Path) -> int:
    count = len([*photos.iterdir()])
    megabytes = sum(path.stat().st_size for path in photos.iterdir()) / 1e6
    by_page = organiser.create_event("By page")["id"]
    figures = upload_by_page(system.base_url, by_page, photos, count)
    by_program = organiser.create_event("By program")["id"]
    program_s = upload_by_program(system.base_url, by_program, photos)
    stored = [organiser.event(event)["photos"]["total"] for event in (by_page, by_program)]
    for name, seconds in (("the page", figures.seconds), ("a program", program_s)):
        console.print(f"{name}: {count / seconds:.1f} files/s, {megabytes / seconds:.1f} MB/s, {seconds:.1f} s")
    console.print(f"photos stored: {stored[0]} and {stored[1]} of {count}")
    keys = sorted(figures.keys_ms)
    judged = keys[int(JUDGED_SHARE * (len(keys) - 1))]
    console.print(
        f"the page: {figures.page_mb:.0f} MB; of {len(keys)} keys, half within {keys[len(keys) // 2]:.0f} ms,"
        f" 95 % within {judged:.0f} ms, the slowest {keys[-1]:.0f} ms"
    )
    is_good = stored == [count, count] and figures.page_mb < MAX_PAGE_MB and judged < MAX_KEY_MS
    return 0 if is_good else 1


def upload_by_page(base_url: str, event_id: str, photos: Path, count: int) -> Figures:
    with sync_playwright() as playwright:
        browser = launch(playwright, film_of(draw_photo(7, 640, 480), photos.parent / "camera.mjpeg"))
        page = browser.new_context(**LAPTOP).new_page()
        page.add_init_script(WATCH_KEYS)
        sign_in(page, base_url)
        page.goto(f"{base_url}/organiser/events/{event_id}")
        page.locator(".upload input[type=file]").last.set_input_files(photos)
        began, largest_mb, pressed = time.monotonic(), 0.0, 0
        page.locator("h1").focus()
        while "All photos are on the server." not in page.locator(".upload-state").inner_text():
            page.keyboard.press("Tab")
            pressed += 1
            largest_mb = max(largest_mb, renderer_mb())
            page.wait_for_timeout(KEY_EVERY_S * 1000)
        seconds = time.monotonic() - began
        slow = page.evaluate("window.keys")
        browser.close()
    return Figures(seconds, largest_mb, [*slow, *[SHORTEST_REPORTED_MS] * (pressed - len(slow))])


def sign_in(page: Page, base_url: str) -> None:
    page.goto(f"{base_url}/organiser")
    page.locator("#name").fill(ORGANISER)
    page.locator("#password").fill(PASSWORD)
    page.locator("form button[type=submit]").click()
    page.locator("ul.events").wait_for()


def renderer_mb() -> float:
    """The size of the browser's largest renderer process."""
    sizes = [0]
    for process in psutil.Process().children(recursive=True):
        try:
            if "--type=renderer" in process.cmdline():
                sizes.append(process.memory_info().rss)
        except psutil.Error:
            continue  # it has just ended
    return max(sizes) / 1e6


def upload_by_program(base_url: str, event_id: str, photos: Path) -> float:
    """Sends the photos in requests of the same size as the page; returns the seconds."""
    paths = sorted(photos.iterdir())
    per_request = max(1, min(50, 10_000_000 // paths[0].stat().st_size))
    with httpx2.Client(base_url=base_url, timeout=120) as client, ThreadPoolExecutor(SENDERS) as senders:
        form = {"username": ORGANISER, "password": PASSWORD}
        token = client.post("/api/login", json=form).raise_for_status().json()["access_token"]

        def send(batch: list[Path]) -> Any:
            files = [("files", (path.name, path.read_bytes(), "image/jpeg")) for path in batch]
            headers = {"Authorization": f"Bearer {token}"}
            return client.post(f"/api/events/{event_id}/photos", files=files, headers=headers).raise_for_status()

        began = time.monotonic()
        list(senders.map(send, (paths[first : first + per_request] for first in range(0, len(paths), per_request))))
        return time.monotonic() - began


if __name__ == "__main__":
    main()
