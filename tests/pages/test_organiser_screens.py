"""Every organiser screen is accessible, in both languages and themes, on laptop and phone."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from deploy.sample.event import SamplePhoto
from tests.e2e.party import Json, Organiser
from tests.pages.conftest import PHONE, NewLaptop
from tests.pages.pictures import write_folder

Gallery = tuple[Json, dict[str, SamplePhoto]]

DEVICES: dict[str, dict[str, Any]] = {
    "laptop": {},
    "laptop, dark, French": {"color_scheme": "dark", "locale": "fr"},
    "phone": PHONE,
    "phone, dark, French": {**PHONE, "color_scheme": "dark", "locale": "fr"},
}


@pytest.mark.parametrize("device", DEVICES.values(), ids=DEVICES.keys())
def test_every_screen_is_accessible(
    new_laptop: NewLaptop, organiser: Organiser, gallery: Gallery, device: dict[str, Any], tmp_path: Path
) -> None:
    event, photos = gallery
    laptop = new_laptop(**device)
    page = laptop.page
    laptop.open("/organiser")
    page.locator("#name").wait_for()
    laptop.check_accessibility()
    laptop.fill_in(organiser.username)
    page.locator("ul.events a").first.wait_for()
    laptop.check_accessibility()
    laptop.open("/organiser/new")
    page.locator("#event-name").wait_for()
    laptop.check_accessibility()
    laptop.open_event(event["id"])
    laptop.expect_tiles(len(photos))
    laptop.check_accessibility()
    page.locator(".grid.organiser input").first.check()
    page.locator(".toast.actions").wait_for()
    laptop.check_accessibility()
    page.locator(".grid.organiser a").first.click()
    page.locator(".pswp__img").first.wait_for()
    laptop.check_accessibility()
    page.keyboard.press("Escape")
    expect(page.locator(".pswp")).to_have_count(0)
    for tab in ("guests", "poster", "log", "settings"):
        laptop.open_event(event["id"], f"/{tab}")
        page.locator(f".{tab} h2").first.wait_for()
        laptop.check_accessibility()
    page.locator(".settings button.danger").click()
    page.locator("dialog").wait_for()
    laptop.check_accessibility()


@pytest.mark.parametrize("device", [{}, PHONE], ids=["laptop", "phone"])
def test_an_upload_with_failed_files_is_accessible(
    new_laptop: NewLaptop, organiser: Organiser, device: dict[str, Any], tmp_path: Path
) -> None:
    event = organiser.event("Failures")
    folder = write_folder(tmp_path / "party", 2)
    (folder / "text.jpg").write_text("no picture")
    laptop = new_laptop(**device)
    laptop.expected_statuses |= {400, 415}
    laptop.sign_in(organiser.username)
    laptop.open_event(event["id"])
    laptop.choose_folder(folder)
    laptop.page.locator(".failures li").wait_for()
    laptop.expect_tiles(2)
    laptop.check_accessibility()
