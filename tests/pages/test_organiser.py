"""An organiser's work on an event, from the first sign-in to its deletion."""

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest
from playwright.sync_api import expect

from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import PASSWORD, Json, Organiser, until
from tests.pages.conftest import NewLaptop
from tests.pages.laptop import Laptop
from tests.pages.phone import PATIENCE_MS, Phone

Gallery = tuple[Json, dict[str, SamplePhoto]]


@pytest.fixture
def party(organiser: Organiser, sample: SampleEvent) -> Gallery:
    """An event with six photos that tests may modify."""
    event = organiser.event("Photos")
    return event, organiser.add_photos(event, sample.photos[:6])


def photos_of(organiser: Organiser, event: Json) -> dict[str, Json]:
    page = organiser.get(f"/api/events/{event['id']}/photos", limit=200)
    return {photo["id"]: photo for photo in page["photos"]}


def visibilities(organiser: Organiser, event: Json) -> list[str]:
    return sorted(photo["visibility"] for photo in photos_of(organiser, event).values())


def test_a_wrong_password_is_explained(new_laptop: NewLaptop, organiser: Organiser) -> None:
    laptop = new_laptop()
    laptop.expected_statuses.add(401)
    laptop.open("/organiser")
    laptop.page.get_by_label("User name or e-mail address").fill(organiser.username)
    laptop.page.get_by_label("Password").fill("wrong")
    laptop.button("Sign in").click()
    laptop.see("The user name or the password is wrong.")
    assert not [request for request in laptop.requests if "/api/refresh" in request.url]
    laptop.page.get_by_label("Password").fill(PASSWORD)
    laptop.button("Sign in").click()
    laptop.see("Your events")
    laptop.button("Sign out").click()
    laptop.see("Sign in as an organiser")


def test_a_guest_without_events_to_organise_is_informed(
    new_laptop: NewLaptop, party: Gallery, sample: SampleEvent
) -> None:
    laptop = new_laptop()
    laptop.open(f"/e/{party[0]['event_code']}")
    laptop.button("Continue without a selfie").click()
    laptop.see("Which photos are you in?")
    laptop.open("/organiser")
    laptop.see("This account organises no events.")


def test_an_event_is_created_renamed_closed_and_deleted(laptop: Laptop, organiser: Organiser) -> None:
    laptop.page.get_by_role("link", name="New event").click()
    expect(laptop.page.get_by_label("Name", exact=True)).to_be_focused(timeout=PATIENCE_MS)
    laptop.page.keyboard.type("Garden party")
    laptop.button("Create the event").click()
    laptop.see("No photos yet")
    event_id = laptop.page.url.rpartition("/")[2]
    event = organiser.get(f"/api/events/{event_id}")
    assert event["expires_at"], "an end is suggested"
    laptop.go_to("Settings")
    laptop.page.get_by_label("Name", exact=True).fill("Winter party")
    laptop.page.get_by_label("No end date").check()
    laptop.button("Save").click()
    laptop.see("Saved.")
    expect(laptop.page.get_by_role("heading", level=1)).to_have_text("Winter party")
    changed = organiser.get(f"/api/events/{event_id}")
    assert (changed["name"], changed["expires_at"]) == ("Winter party", None)
    laptop.button("Replace the event code").click()
    laptop.button("Yes, replace").click()
    expect(laptop.page.locator(".event-code")).not_to_have_text(event["event_code"], timeout=PATIENCE_MS)
    laptop.button("Close the event").click()
    laptop.see("This event is closed")
    laptop.go_to("Photos")
    expect(laptop.page.locator(".drop")).to_have_count(0)
    laptop.go_to("Settings")
    laptop.button("Open the event again").click()
    laptop.button("Delete the event").click()
    laptop.button("Yes, delete everything").click()
    laptop.see("Your events")
    organiser.expect(404, "GET", f"/api/events/{event_id}")


def test_the_printed_poster_leads_guests_to_the_event(laptop: Laptop, party: Gallery, tmp_path: Path) -> None:
    event, _ = party
    laptop.open_event(event["id"], "/poster")
    picture = laptop.page.locator(".poster > img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0
    with laptop.page.expect_download() as download:
        laptop.page.get_by_role("link", name="Poster as PDF (A4)").click()
    assert download.value.suggested_filename == "Photos-poster.pdf"
    download.value.save_as(tmp_path / "poster.pdf")
    page = pypdfium2.PdfDocument(tmp_path / "poster.pdf")[0]
    scanned = cv2.QRCodeDetector().detectAndDecode(np.asarray(page.render(scale=2).to_pil().convert("RGB")))[0]
    assert scanned == f"{laptop.base_url}/e/{event['event_code']}"


def test_photos_are_hidden_published_and_deleted_with_the_keyboard(
    laptop: Laptop, organiser: Organiser, party: Gallery
) -> None:
    event, _ = party
    laptop.open_event(event["id"])
    laptop.expect_tiles(6)
    laptop.page.locator(".grid a[tabindex='0']").focus()
    laptop.page.keyboard.press("Space")
    laptop.page.keyboard.press("Shift+ArrowRight")
    laptop.see("2 photos selected")
    laptop.page.keyboard.press("h")
    until(lambda: visibilities(organiser, event), lambda found: found.count("hidden") == 2)
    expect(laptop.page.locator("[data-visibility=hidden]")).to_have_count(2, timeout=PATIENCE_MS)
    laptop.page.locator(".grid a[tabindex='0']").focus()
    laptop.page.keyboard.press("End")
    laptop.page.keyboard.press("e")
    until(lambda: visibilities(organiser, event), lambda found: found.count("everyone") == 1)
    expect(laptop.page.locator("[data-visibility=everyone]")).to_have_count(1, timeout=PATIENCE_MS)
    laptop.page.locator("[data-visibility=everyone] a").focus()
    for key in "ask":
        laptop.page.keyboard.press(key)  # of the other photos
    laptop.page.keyboard.press("o")
    until(lambda: visibilities(organiser, event), lambda found: found.count("everyone") == 0)
    assert visibilities(organiser, event).count("hidden") == 2
    laptop.choose("Hidden")
    laptop.expect_tiles(2)
    laptop.page.locator(".grid a[tabindex='0']").focus()
    laptop.page.keyboard.press("s")
    laptop.expect_tiles(1)
    laptop.button("Select all shown").click()
    laptop.button("Show again").click()
    laptop.see("No photo matches this choice.")
    laptop.choose("All photos")
    laptop.expect_tiles(6)
    laptop.page.locator(".grid a[tabindex='0']").focus()
    laptop.page.keyboard.press("Delete")
    laptop.button("Yes, delete").click()
    laptop.expect_tiles(5)
    assert len(photos_of(organiser, event)) == 5


def test_arrow_keys_move_between_rows_and_enter_opens_a_photo(laptop: Laptop, party: Gallery) -> None:
    event, _ = party
    laptop.page.set_viewport_size({"width": 700, "height": 900})
    laptop.open_event(event["id"])
    laptop.expect_tiles(6)
    tiles = laptop.page.locator(".grid.organiser li")
    first = laptop.page.locator(".grid a[tabindex='0']")
    first.focus()
    laptop.page.keyboard.press("ArrowDown")
    tops = [tiles.nth(index).evaluate("tile => tile.offsetTop") for index in range(6)]
    focused = laptop.page.evaluate("document.activeElement.closest('li').offsetTop")
    assert focused == min(top for top in tops if top > tops[0])
    laptop.page.keyboard.press("Home")
    laptop.page.keyboard.press("Enter")
    expect(laptop.page.locator(".pswp__img").first).to_be_visible(timeout=PATIENCE_MS)
    laptop.page.keyboard.press("Escape")
    expect(laptop.page.locator(".pswp")).to_have_count(0)


@pytest.mark.parametrize(("decide", "found"), [("Hide", "hidden"), ("k", "matched")])
def test_a_request_to_hide_is_listed_and_decided(
    laptop: Laptop, phone: Phone, organiser: Organiser, sample: SampleEvent, decide: str, found: str
) -> None:
    event = organiser.event("Asked")
    photos = organiser.add_photos(event, [photo for photo in sample.photos if "Ada" in photo.people][:2])
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(len(photos))
    phone.page.locator(".grid a").first.click()
    phone.button("Ask to hide this photo").click()
    phone.expect_photos(len(photos) - 1)
    laptop.open_event(event["id"])
    laptop.choose("Asked to hide")
    laptop.expect_tiles(1)
    laptop.see("1 guest asks to hide it")
    if decide == "Hide":
        laptop.button("Select all shown").click()
        laptop.button(decide).click()
    else:
        laptop.page.locator(".grid a[tabindex='0']").focus()
        laptop.page.keyboard.press(decide)
    laptop.see("No photo matches this choice.")
    assert visibilities(organiser, event) == [found, "matched"]


def test_a_guest_is_listed_gets_a_new_link_and_can_be_removed(
    laptop: Laptop, new_laptop: NewLaptop, organiser: Organiser
) -> None:
    event = organiser.event("Guests")
    guest = new_laptop()
    guest.open(f"/e/{event['event_code']}")
    guest.page.get_by_label("Your name (optional)").fill("Grandpa")
    guest.button("Continue without a selfie").click()
    guest.see("Which photos are you in?")
    laptop.open_event(event["id"], "/guests")
    row = laptop.page.locator(".guests li").filter(has_text="Grandpa")
    row.get_by_role("button", name="Sign-in link").click()
    expect(row.locator(".address")).to_contain_text("/sign-in#", timeout=PATIENCE_MS)
    other = new_laptop()
    other.page.goto(row.locator(".address").inner_text())
    other.see("Which photos are you in?")
    for device in (guest, other):
        device.expected_statuses |= {401, 403, 404}
    row.get_by_role("button", name="Remove").click()
    laptop.see("From then on you let each guest in by hand")
    laptop.button("Yes, remove").click()
    laptop.button("Let Grandpa in again").wait_for()
    expect(row).to_have_count(1)
    assert organiser.get(f"/api/events/{event['id']}")["guests"] == 1


def test_a_removed_guest_without_a_password_is_readmitted_by_link(
    laptop: Laptop, new_laptop: NewLaptop, organiser: Organiser
) -> None:
    event = organiser.event("Again")
    guest = new_laptop()
    guest.open(f"/e/{event['event_code']}")
    guest.page.get_by_label("Your name (optional)").fill("Grandpa")
    guest.button("Continue without a selfie").click()
    guest.see("Which photos are you in?")
    guest.page.close()
    laptop.open_event(event["id"], "/guests")
    rows = laptop.page.locator(".guests li").filter(has_text="Grandpa")
    rows.get_by_role("button", name="Remove").wait_for()
    expect(laptop.page.get_by_text("New guests wait until you let them in here.")).to_have_count(0)
    rows.get_by_role("button", name="Remove").click()
    laptop.button("Yes, remove").click()
    laptop.button("Let Grandpa in again").click()
    laptop.see("Let in again. If this was their only event")
    laptop.check_accessibility()
    rows.last.get_by_role("button", name="Sign-in link").click()
    expect(rows.last.locator(".address")).to_contain_text("/sign-in#", timeout=PATIENCE_MS)
    other = new_laptop()
    other.page.goto(rows.last.locator(".address").inner_text())
    other.see("Which photos are you in?")
    laptop.see("New guests wait until you let them in here.")
    laptop.page.get_by_role("link", name="Change the setting").click()
    setting = laptop.page.get_by_label("Let each guest in by hand")
    expect(setting).to_be_focused(timeout=PATIENCE_MS)
    setting.click()
    until(lambda: organiser.get(f"/api/events/{event['id']}")["admission"], lambda admission: not admission)
    laptop.go_to("Guests")
    rows.get_by_role("button", name="Remove").wait_for()
    expect(laptop.page.get_by_text("New guests wait until you let them in here.")).to_have_count(0)


def test_the_page_of_a_deleted_event_says_so_stops_polling_and_leads_back(laptop: Laptop, organiser: Organiser) -> None:
    event = organiser.event("Gone")
    laptop.expected_statuses |= {403, 404}
    laptop.page.clock.install()
    with laptop.page.expect_response("**/updates"):
        laptop.open_event(event["id"])
    organiser.expect(204, "DELETE", f"/api/events/{event['id']}")
    laptop.see("This event is no longer here")
    expect(laptop.page.locator(".upload")).to_have_count(0)
    laptop.check_accessibility()
    laptop.requests.clear()
    laptop.page.clock.run_for(60_000)
    assert not [request for request in laptop.requests if event["id"] in request.url]
    laptop.page.get_by_role("link", name="All events").click()
    laptop.see("Your events")


def test_the_whole_event_is_downloaded_as_one_archive(laptop: Laptop, party: Gallery, tmp_path: Path) -> None:
    event, photos = party
    laptop.open_event(event["id"])
    with laptop.page.expect_download() as saving:
        laptop.page.get_by_role("link", name="Download all").click()
    assert saving.value.suggested_filename == "Photos.zip"
    archive = zipfile.ZipFile(saving.value.path())
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == sorted(photo.name for photo in photos.values())
