"""Every screen is accessible in both languages and themes from 320 pixels up; downloads of photos."""

import io
import zipfile
from typing import Any

import pytest
from playwright.sync_api import expect

from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, showing
from tests.pages.conftest import LAPTOP, NewPhone
from tests.pages.phone import GRID, Phone

Gallery = tuple[Json, dict[str, SamplePhoto]]

DEVICES: dict[str, dict[str, Any]] = {
    "phone": {},
    "phone, dark, French": {"color_scheme": "dark", "locale": "fr"},
    "320 pixels": {"viewport": {"width": 320, "height": 568}},
    "320 pixels, French": {"viewport": {"width": 320, "height": 568}, "locale": "fr"},
    "laptop, dark": {**LAPTOP, "color_scheme": "dark"},
}
# Only Apple's touch devices share files; the system's share sheet is replaced by a stub.
IPHONE = """
Object.defineProperty(navigator, "userAgent", { value: "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)" });
window.shared = [];
navigator.canShare = () => true;
navigator.share = async ({ files, ...rest }) => {
  if (Object.keys(rest).length) throw new Error("files alone");
  window.shared.push(files.map((file) => [file.name, file.size]));
};
"""


@pytest.mark.parametrize("device", DEVICES.values(), ids=DEVICES.keys())
def test_every_screen_is_accessible(new_phone: NewPhone, gallery: Gallery, device: dict[str, Any]) -> None:
    event, photos = gallery
    phone = new_phone(**device)
    page = phone.page
    phone.open("/")
    page.locator("#code").wait_for()
    phone.check_accessibility()
    phone.open(f"/e/{event['event_code']}")
    page.get_by_role("checkbox").wait_for()
    phone.check_accessibility()
    button = page.locator("button.primary")
    # The consent is visible on a phone without scrolling.
    if device.get("viewport", {}).get("height", 844) >= 800:
        assert button.bounding_box()["y"] < 844  # type: ignore[index]
    page.get_by_role("checkbox").check()
    button.click()
    page.locator(".shutter").wait_for()
    phone.check_accessibility()
    page.locator(".shutter").click()
    phone.expect_photos(len(showing(photos, "Ada")))
    phone.check_accessibility()
    page.locator(f"{GRID} a").first.click()
    page.locator(".pswp__img").first.wait_for()
    phone.check_accessibility()
    page.keyboard.press("Escape")
    expect(page.locator(".pswp")).to_have_count(0)
    page.locator("main > footer button").last.click()
    page.locator("img.selfie").wait_for()
    phone.check_accessibility()
    page.locator("button.danger").last.click()
    page.locator("dialog").wait_for()
    phone.check_accessibility()


def test_save_all_downloads_an_archive_of_the_originals(phone: Phone, gallery: Gallery, sample: SampleEvent) -> None:
    event, photos = gallery
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    expected = showing(photos, "Ada")
    phone.expect_photos(len(expected))
    with phone.page.expect_download() as saving:
        phone.page.get_by_role("link", name="Save all").click()
    archive = zipfile.ZipFile(io.BytesIO(saving.value.path().read_bytes()))
    assert saving.value.suggested_filename == "Gallery.zip"
    assert archive.testzip() is None
    names = archive.namelist()
    assert len(names) == len(expected)
    assert all(name.startswith("Gallery-") and name.endswith(".jpg") for name in names)
    size = phone.page.request.head(f"{phone.base_url}/api/my-photos.zip?event_id={event['id']}")
    assert int(size.headers["content-length"]) == saving.value.path().stat().st_size


def test_on_an_iphone_photos_are_saved_with_the_share_sheet(
    new_phone: NewPhone, gallery: Gallery, sample: SampleEvent
) -> None:
    event, photos = gallery
    phone = new_phone(IPHONE)
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    expected = showing(photos, "Ada")
    phone.expect_photos(len(expected))
    phone.button("Save all").click()
    phone.page.locator(".sheet button.primary").click()
    phone.button(f"Save photos 1 to {len(expected)}").click()
    phone.see("All photos are saved.")
    (batch,) = phone.page.evaluate("window.shared")
    assert len(batch) == len(expected)
    assert all(name.startswith("Gallery-") and size > 1000 for name, size in batch)


def test_one_photo_is_saved_from_the_lightbox(phone: Phone, gallery: Gallery, sample: SampleEvent) -> None:
    event, photos = gallery
    phone.join_with(event["event_code"], sample.selfies["Cleo"])
    phone.expect_photos(len(showing(photos, "Cleo")))
    phone.page.locator(f"{GRID} a").first.click()
    with phone.page.expect_download() as saving:
        phone.page.get_by_role("link", name="Save", exact=True).click()
    assert saving.value.suggested_filename.startswith("Gallery-")


def test_the_pages_load_nothing_from_other_hosts(phone: Phone) -> None:
    phone.open("/docs")
    phone.see("/api/guest-sessions")


def test_the_page_loads_on_a_slow_network(new_phone: NewPhone, gallery: Gallery) -> None:
    """400 kbit/s and 400 ms: the first screen takes three round trips and its few kilobytes."""
    phone = new_phone()
    wire = phone.context.new_cdp_session(phone.page)
    wire.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000},
    )
    phone.open(f"/e/{gallery[0]['event_code']}")
    phone.see("Your photos of Gallery")
    waterfall = phone.page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert len(waterfall) <= 10, waterfall
