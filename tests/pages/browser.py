"""Finds an installed Chromium and starts it with a fake camera that shows a file."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REQUIRED = os.environ.get("MINOIS_BROWSER") == "required"
MISSING = (
    "There is no Chromium on this machine, so the pages are not tested in a browser "
    "(on Debian: apt-get install chromium-headless-shell)."
)


def search_browser() -> str | None:
    """The path of the program, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def find_browser() -> str:
    """The path of the program; skips the test if there is none, or fails it if MINOIS_BROWSER=required."""
    found = search_browser()
    if found is None and REQUIRED:
        pytest.fail(MISSING)
    if found is None:
        pytest.skip(MISSING)
    return found


def launch(playwright: Playwright, film: Path, *arguments: str) -> Browser:
    """Launches the browser; `film` is the MJPEG file that the camera shows."""
    return playwright.chromium.launch(
        executable_path=find_browser(),
        args=[
            "--no-sandbox",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={film}",
            *arguments,
        ],
    )
