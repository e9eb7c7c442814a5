"""Held-back photos, download settings, the photographer's name, and the deletion date."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from deploy.sample.event import SampleEvent
from tests.e2e.party import Json, Organiser
from tests.pages.conftest import NewPhone
from tests.pages.laptop import Laptop
from tests.pages.phone import GRID, PATIENCE_MS, Phone

HELD = {"en": "The photos are not released yet", "fr": "ne sont pas encore publiées"}
CREDIT = {"name": "Pia Photo", "url": "https://pia.example/"}


def in_days(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def edit(organiser: Organiser, event: Json, **changes: Any) -> Json:
    return organiser.expect(200, "PATCH", f"/api/events/{event['id']}", json=changes)


def test_photos_appear_on_the_open_page_when_they_are_released(
    phone: Phone, organiser: Organiser, sample: SampleEvent, one_of: Any
) -> None:
    event = organiser.event("Release", release="held")
    organiser.add_photos(event, [one_of("Ada"), one_of("Ben")])
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.see(HELD["en"])
    phone.see("Your selfie has arrived. This page updates by itself.")
    phone.expect_photos(0)
    phone.check_accessibility()
    edit(organiser, event, releases_at=in_days(10).isoformat())
    phone.see(f"The photos arrive on {in_days(10):%B} {in_days(10).day}, {in_days(10).year}")
    edit(organiser, event, release="live")
    phone.expect_photos(1)
    edit(organiser, event, release="held")
    phone.see(HELD["en"])
    phone.expect_photos(0)


def test_photos_appear_at_the_scheduled_time(
    phone: Phone, organiser: Organiser, sample: SampleEvent, one_of: Any
) -> None:
    event = organiser.event("Release", release="held")
    organiser.add_photos(event, [one_of("Ada")])
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.see(HELD["en"])
    edit(organiser, event, releases_at=(datetime.now(UTC) + timedelta(seconds=3)).isoformat())
    phone.see("The photos arrive on")
    phone.expect_photos(1)


@pytest.mark.parametrize("language", HELD)
def test_the_screen_is_accessible_in_both_languages(new_phone: NewPhone, organiser: Organiser, language: str) -> None:
    event = organiser.event("Release", release="held")
    phone = new_phone(locale=language, viewport={"width": 320, "height": 568}, color_scheme="dark")
    phone.open(f"/e/{event['event_code']}")
    phone.page.locator("button.quiet").first.click()
    phone.see(HELD[language])
    phone.check_accessibility()


@pytest.mark.parametrize("download", ["original", "preview", "none"])
def test_download_choices_follow_the_offered_size(
    phone: Phone, organiser: Organiser, sample: SampleEvent, one_of: Any, download: str
) -> None:
    event = organiser.event("Downloads", download=download, credit=CREDIT)
    organiser.add_photos(event, [one_of("Ada")])
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(1)
    is_offered = download != "none"
    expect(phone.page.get_by_role("link", name="Save all")).to_have_count(int(is_offered))
    expect(phone.page.get_by_text("for viewing, not for download")).to_have_count(int(not is_offered))
    credit = phone.page.locator("footer").get_by_role("link", name="Photos: Pia Photo")
    expect(credit).to_have_attribute("href", CREDIT["url"])
    phone.check_accessibility()
    phone.page.locator(f"{GRID} a").first.click()
    box = phone.page.get_by_role("dialog")
    expect(box.get_by_role("link", name="Photos: Pia Photo")).to_be_visible()
    save = box.get_by_text("Save", exact=True)
    if is_offered:
        expect(save).to_have_attribute("href", f"/api/photos/{photo_id(phone)}/{download}?v={version(phone, download)}")
    else:
        expect(save).to_be_hidden()
        assert not [request for request in phone.requests if "/original" in request.url]
    phone.check_accessibility()


def my_photo(phone: Phone) -> Json:
    photo: Json = phone.page.evaluate("fetch('/api/my-photos').then((answer) => answer.json())")["photos"][0]
    return photo


def photo_id(phone: Phone) -> str:
    return str(my_photo(phone)["id"])


def version(phone: Phone, name: str) -> str:
    return str(my_photo(phone)[f"{name}_url"]).partition("v=")[2] + "&download=1"


def test_guests_see_the_deletion_date(phone: Phone, organiser: Organiser) -> None:
    event = organiser.event("Kept", expires_at=in_days(10).isoformat(), keep_days=60)
    phone.open(f"/e/{event['event_code']}")
    phone.button("Continue without a selfie").click()
    phone.button("You and your data").click()
    phone.see(f"will be deleted on {in_days(77):%B} {in_days(77).day}, {in_days(77).year}")
    phone.check_accessibility()


def test_an_organiser_holds_back_schedules_and_releases_photos(laptop: Laptop, organiser: Organiser) -> None:
    event = organiser.event("Settings")
    laptop.open_event(event["id"], "/settings")
    laptop.button("Hold the photos back").click()
    laptop.button("Yes, hold back").click()
    laptop.see("The photos are held back until you release them.")
    laptop.page.get_by_label("Release automatically on").fill(f"{in_days(30):%Y-%m-%d}")
    laptop.button("Save the day").click()
    laptop.see(f"The photos are held back until {in_days(30):%B} {in_days(30).day}, {in_days(30).year}")
    laptop.check_accessibility()
    laptop.button("Release now").click()
    laptop.button("Yes, release").click()
    laptop.see("Guests see each photo as soon as it is read.")
    shown = organiser.get(f"/api/events/{event['id']}")
    assert (shown["release"], shown["releases_at"]) == ("live", None)


def section(laptop: Laptop, heading: str) -> Locator:
    return laptop.page.locator(".settings section").filter(has=laptop.page.get_by_role("heading", name=heading))


def test_an_organiser_sets_the_photographer_the_downloads_and_the_deletion_date(
    laptop: Laptop, organiser: Organiser
) -> None:
    event = organiser.event("Settings", expires_at=in_days(10).isoformat())
    laptop.open_event(event["id"], "/settings")
    laptop.page.get_by_label("Name shown with the photos").fill("Pia Photo")
    laptop.page.get_by_label("Link of the name").fill("https://pia.example/")
    laptop.page.get_by_label("Guests may download").select_option(label="nothing")
    laptop.button("Save photographer and downloads").click()
    expect(section(laptop, "Photographer and downloads")).to_contain_text("Saved.", timeout=PATIENCE_MS)
    expect(laptop.page.get_by_text("Saved.")).to_have_count(1)
    laptop.page.get_by_label("Hide the event from guests this many days after the end").fill("60")
    laptop.button("Save the duration").click()
    laptop.see(f"Everything is deleted on {in_days(77):%B}")
    expect(section(laptop, "How long everything is kept")).to_contain_text("Saved.", timeout=PATIENCE_MS)
    laptop.check_accessibility()
    shown = organiser.get(f"/api/events/{event['id']}")
    assert (shown["credit"], shown["download"], shown["keep_days"]) == (CREDIT, "none", 60)
