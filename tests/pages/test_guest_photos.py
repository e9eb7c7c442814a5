"""Guests add photos, organisers approve them, and guests who are in them see them."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from deploy.sample.event import SampleEvent
from tests.e2e.party import Json, Organiser
from tests.pages.conftest import NewPhone
from tests.pages.laptop import Laptop
from tests.pages.phone import PATIENCE_MS, Phone
from tests.pages.pictures import draw_photo

ADD = ".toolbar .button input, .nothing .button input"


@pytest.fixture
def event(organiser: Organiser) -> Json:
    return organiser.event("Guest photos", guest_photos="moderated")


def enter(phone: Phone, event: Json) -> None:
    phone.open(f"/e/{event['event_code']}")
    phone.button("Continue without a selfie").click()
    phone.see("Which photos are you in?")


def add(phone: Phone, *files: tuple[str, bytes]) -> None:
    chosen: list[Any] = [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in files]
    with phone.page.expect_file_chooser() as chooser:
        phone.page.locator(ADD).click()
    chooser.value.set_files(chosen)


def sending(phone: Phone) -> Any:
    return phone.page.locator(".toast.sending")


def approve(laptop: Laptop, name: str) -> None:
    """Approves the only photo that waits for it, by the keyboard."""
    laptop.button("1 photo waits for approval").click()
    laptop.expect_tiles(1)
    expect(laptop.tiles()).to_contain_text("from Guest without a name · Waiting for approval", timeout=PATIENCE_MS)
    expect(laptop.page.locator(".tabs .number")).to_have_text("1")
    laptop.check_accessibility()
    laptop.page.get_by_role("checkbox", name=f"Select {name}").check()
    expect(laptop.button("Approve")).to_be_visible()
    laptop.page.keyboard.press("a")
    laptop.expect_tiles(0)
    expect(laptop.page.locator(".tabs .number")).to_have_count(0)


def test_a_guests_photo_is_shown_to_the_guests_in_it_after_approval(
    new_phone: NewPhone, laptop: Laptop, event: Json, sample: SampleEvent, one_of: Any
) -> None:
    ben = new_phone()
    ben.join_with(event["event_code"], sample.selfies["Ben"])
    ben.see("No photo of you yet")
    ada = new_phone()
    enter(ada, event)
    add(ada, ("party.jpg", one_of("Ben").jpeg))
    expect(sending(ada)).to_contain_text("1 of 1 sent. Done. The organiser checks", timeout=PATIENCE_MS)
    ada.check_accessibility()

    assert ada.shifts() < 0.01
    ada.button("Close").click()
    ada.button("You and your data").click()
    ada.see("Photos that you added")
    ada.see("Awaiting approval")
    ada.check_accessibility()

    laptop.open_event(event["id"])
    approve(laptop, "party.jpg")
    laptop.choose("From guests")
    laptop.expect_tiles(1)

    ben.expect_photos(1)
    ada.page.reload()
    ada.button("You and your data").click()
    ada.see("Visible to people in it")
    ada.button("Delete party.jpg").click()
    ada.button("Yes, delete").click()
    expect(ada.page.locator(".mine")).to_have_count(0)
    expect(ben.page.locator(".grid li")).to_have_count(0, timeout=PATIENCE_MS)


def test_failed_files_have_a_reason_and_photos_are_sent_once(phone: Phone, event: Json) -> None:
    enter(phone, event)
    good, bad = ("good.jpg", draw_photo(1, 800, 600)), ("bad.jpg", b"no picture at all")
    phone.page.route("**/photos", lambda route: route.abort(), times=1)
    add(phone, good, bad)
    expect(sending(phone)).to_contain_text("1 of 2 sent", timeout=PATIENCE_MS)
    expect(sending(phone)).to_contain_text("1 photo was not added")
    expect(sending(phone)).to_contain_text("bad.jpg This kind of file cannot be read.")
    phone.check_accessibility()
    phone.page.reload()
    add(phone, good)
    expect(sending(phone)).to_contain_text("1 already uploaded", timeout=PATIENCE_MS)


def test_the_add_button_appears_by_itself_when_the_event_allows_it(phone: Phone, organiser: Organiser) -> None:
    event = organiser.event("No photos of guests")
    enter(phone, event)
    expect(phone.page.get_by_text("Add my photos")).to_have_count(0)
    organiser.expect(200, "PATCH", f"/api/events/{event['id']}", json={"guest_photos": "open"})
    phone.see("Add my photos")
    add(phone, ("mine.jpg", draw_photo(2, 800, 600)))
    expect(sending(phone)).to_contain_text("Your photos appear as soon as they are processed.", timeout=PATIENCE_MS)


def test_a_guest_at_the_daily_limit_is_informed(phone: Phone, event: Json) -> None:
    def refuse(route: Route) -> None:
        body = {"photos": [{"filename": "a.jpg", "status": "refused", "reason": "too_many_guest_photos"}]}
        route.fulfill(status=202, json=body)

    enter(phone, event)
    phone.page.route("**/photos", refuse)
    add(phone, ("a.jpg", draw_photo(3, 800, 600)))
    expect(sending(phone)).to_contain_text("Continue tomorrow.", timeout=PATIENCE_MS)
    expect(phone.button("Continue")).to_be_visible()


def test_the_page_shows_that_photos_are_being_prepared(phone: Phone, event: Json) -> None:
    enter(phone, event)
    with phone.page.expect_file_chooser():
        phone.page.locator(ADD).click()
    phone.see("Your phone is preparing the photos")
    phone.check_accessibility()
    cancel(phone.page)
    expect(phone.page.get_by_text("Your phone is preparing the photos")).to_have_count(0)


def cancel(page: Page) -> None:
    page.locator(ADD).dispatch_event("cancel")


def test_upload_code_is_loaded_only_on_the_first_tap(phone: Phone, event: Json) -> None:
    enter(phone, event)
    before = {request.url for request in phone.requests if "/assets/" in request.url}
    add(phone, ("a.jpg", draw_photo(4, 800, 600)))
    expect(sending(phone)).to_contain_text("1 of 1 sent", timeout=PATIENCE_MS)
    assert {request.url for request in phone.requests if request.url.endswith(".js")} - before


def test_the_organiser_configures_guest_photos_in_the_settings(laptop: Laptop, organiser: Organiser) -> None:
    event = organiser.event("Settings of guests' photos")
    laptop.open_event(event["id"], "/settings")
    choice = laptop.page.get_by_label("May guests add their own photos?")
    expect(choice).to_have_value("off")
    choice.select_option(label="Yes, after my approval")
    laptop.see("Saved.")
    laptop.check_accessibility()
    assert organiser.get(f"/api/events/{event['id']}")["guest_photos"] == "moderated"
