"""Correction of camera clocks by an organiser."""

import io
from collections.abc import Mapping

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.party import Json, Organiser
from tests.pages.conftest import NewLaptop
from tests.pages.laptop import Laptop
from tests.pages.pictures import draw_photo
from tests.selfie.world import wait_until

CANON, PHONE = {0x010F: "Canon", 0x0110: "Canon EOS R5"}, {0x010F: "Apple", 0x0110: "iPhone 15"}


def taken(number: int, time: str, camera: Mapping[int, str]) -> bytes:
    """A photo with camera metadata."""
    exif, out = Image.Exif(), io.BytesIO()
    exif.update(camera)
    exif.get_ifd(0x8769).update({0x9003: f"2026:06:20 {time}", 0x9011: "+00:00"})
    Image.open(io.BytesIO(draw_photo(number, 300, 200))).save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.fixture
def event(organiser: Organiser) -> Json:
    """Two photos of a camera, and between them one of a phone whose clock is an hour fast."""
    event = organiser.event("Cameras")
    photos = [("1.jpg", "12:00:00", CANON), ("3.jpg", "12:10:00", CANON), ("2.jpg", "13:05:30", PHONE)]
    files = [("files", (name, taken(number, time, camera))) for number, (name, time, camera) in enumerate(photos)]
    organiser.expect(202, "POST", f"/api/events/{event['id']}/photos", files=files)
    wait_until(lambda: organiser.get(f"/api/events/{event['id']}")["photos"]["indexed"] == 3)
    return event


def in_order(organiser: Organiser, event: Json) -> list[str]:
    page = organiser.get(f"/api/events/{event['id']}/photos", order="taken", direction="asc")
    return [photo["filename"] for photo in page["photos"]]


def test_a_clock_correction_orders_the_photos_of_two_cameras(laptop: Laptop, organiser: Organiser, event: Json) -> None:
    assert in_order(organiser, event) == ["1.jpg", "3.jpg", "2.jpg"]
    laptop.open_event(event["id"], "/settings")
    row = laptop.page.get_by_role("row").filter(has_text="Apple iPhone 15")
    expect(row).to_contain_text("1 photo")
    row.get_by_label("Apple iPhone 15: move photos").select_option(label="Earlier by")
    row.get_by_label("min").fill("60")
    row.get_by_label("s", exact=True).fill("30")
    row.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Saved.")
    assert in_order(organiser, event) == ["1.jpg", "2.jpg", "3.jpg"]
    laptop.page.reload()
    expect(row.get_by_label("min")).to_have_value("60")
    expect(row.get_by_label("s", exact=True)).to_have_value("30")
    row.get_by_label("min").fill("0")
    row.get_by_label("s", exact=True).fill("0")
    row.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Saved.")
    assert in_order(organiser, event) == ["1.jpg", "3.jpg", "2.jpg"]


def test_an_opened_photo_shows_its_capture_time(laptop: Laptop, event: Json) -> None:
    laptop.open_event(event["id"])
    laptop.page.get_by_role("link", name="1.jpg").click()
    expect(laptop.page.locator(".pswp__name")).to_contain_text("1.jpg · Jun 20, 2026")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_table_is_accessible_on_a_phone_in_dark_mode(
    new_laptop: NewLaptop, organiser: Organiser, event: Json, language: str
) -> None:
    narrow = new_laptop(locale=language, viewport={"width": 390, "height": 844}, color_scheme="dark")
    narrow.sign_in(organiser.username)
    narrow.open_event(event["id"], "/settings")
    expect(narrow.page.locator(".cameras tbody tr")).to_have_count(2)
    narrow.check_accessibility()
