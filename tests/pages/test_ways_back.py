"""Double taps, the Back button and inexact addresses never lead to a dead end."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, Organiser, showing, until
from tests.pages.conftest import NewPhone
from tests.pages.phone import GRID, Phone

Gallery = tuple[Json, dict[str, SamplePhoto]]
# As fast as a person taps.
DOUBLE_TAP = """async (button) => {
  button.click();
  await new Promise((later) => setTimeout(later, 100));
  document.querySelector("dialog .danger").click();
}"""
LIGHTBOX = ".pswp"


def test_a_double_tap_does_not_confirm_itself(phone: Phone, gallery: Gallery, sample: SampleEvent) -> None:
    event, photos = gallery
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(len(showing(photos, "Ada")))
    phone.button("You and your data").click()
    phone.button("Delete my selfie").evaluate(DOUBLE_TAP)
    expect(phone.page.locator("dialog")).to_be_visible()
    phone.button("Yes, delete").click()
    expect(phone.page.locator("dialog")).to_have_count(0)


def test_back_closes_the_photo_and_a_double_tap_opens_only_one(
    phone: Phone, gallery: Gallery, sample: SampleEvent
) -> None:
    event, photos = gallery
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    count = len(showing(photos, "Ada"))
    phone.expect_photos(count)
    phone.page.evaluate("document.querySelectorAll('.grid a').forEach((tile) => tile.click())")
    phone.page.locator(".pswp__img").first.wait_for()
    expect(phone.page.locator(LIGHTBOX)).to_have_count(1)
    phone.page.go_back()
    expect(phone.page.locator(LIGHTBOX)).to_have_count(0)
    phone.expect_photos(count)
    assert phone.page.url == f"{phone.base_url}/my/{event['id']}"
    # Closed in another way, it leaves no history entry that Back would have to skip.
    length = phone.page.evaluate("history.length")
    phone.page.locator(f"{GRID} a").first.click()
    phone.page.locator(".pswp__img").first.wait_for()
    phone.page.keyboard.press("Escape")
    until(lambda: phone.page.evaluate("!history.state?.viewing"), bool)
    assert phone.page.evaluate("history.length") <= length


def test_inexact_addresses_work(phone: Phone, gallery: Gallery) -> None:
    code = gallery[0]["event_code"]
    phone.open("/")
    phone.page.get_by_label("Event code").fill(f"{phone.base_url}/e/{code}?fbclid=x")
    phone.button("Open").click()
    phone.see("Your photos of Gallery")
    assert phone.page.url.endswith(f"/e/{code}")
    for path in (f"/e/{code}/", f"/E/{code}", f"/e/https%3A%2F%2Fparty.example%2Fe%2F{code}"):
        phone.open(path)
        phone.see("Your photos of Gallery")
        expect(phone.page).to_have_title(re.compile("Gallery"))
    phone.open("/e/%")
    phone.see("No open event has this code")
    phone.expected_statuses.add(404)
    phone.open("/nothing")
    phone.see("There is nothing at this address")
    expect(phone.page.get_by_label("Event code")).to_be_visible()
    phone.check_accessibility()


def test_a_member_keeps_access_when_the_code_changes_and_the_event_closes(
    new_phone: NewPhone, organiser: Organiser, sample: SampleEvent, one_of: Any
) -> None:
    event = organiser.event("Renewed")
    organiser.add_photos(event, [one_of("Ada")])
    phone = new_phone()
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(1)
    organiser.expect(200, "PATCH", f"/api/events/{event['id']}", json={"new_code": True})
    phone.page.reload()
    phone.expect_photos(1)
    organiser.expect(200, "PATCH", f"/api/events/{event['id']}", json={"closed": True})
    phone.page.reload()
    phone.expect_photos(1)
    expect(phone.button("Take another selfie")).to_have_count(0)
    # The selected order is kept.
    phone.page.get_by_label("Order").select_option("taken")
    phone.page.reload()
    phone.expect_photos(1)
    expect(phone.page.get_by_label("Order")).to_have_value("taken")


def test_links_explain_a_missing_connection_or_session(phone: Phone, gallery: Gallery, sample: SampleEvent) -> None:
    event, photos = gallery
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(len(showing(photos, "Ada")))
    phone.context.set_offline(True)
    phone.page.get_by_role("link", name="Save all").click()
    phone.see("There is no connection")
    phone.context.set_offline(False)
    phone.faults.clear()
    phone.expected_statuses.add(401)
    phone.context.clear_cookies()
    phone.page.get_by_role("link", name="Save all").click()
    phone.see("You are signed out")
    expect(phone.page.get_by_role("link", name="To the start page")).to_be_visible()
    expect(phone.button("Try again")).to_have_count(0)
    phone.page.locator(f"{GRID} a").first.click()
    phone.page.get_by_role("link", name="Save", exact=True).click()
    expect(phone.page.locator(".pswp__trouble")).to_contain_text("You are signed out")


def test_a_failed_not_me_request_is_retried(phone: Phone, gallery: Gallery, sample: SampleEvent) -> None:
    event, photos = gallery
    phone.join_with(event["event_code"], sample.selfies["Ben"])
    count = len(showing(photos, "Ben"))
    phone.expect_photos(count)
    phone.expected_statuses.add(500)
    refusals = "**/not-me"
    phone.page.route(refusals, lambda route: route.fulfill(status=500, json={"reason": "internal"}))
    phone.page.locator(f"{GRID} a").first.click()
    phone.button("This is not me").click()
    phone.see("Something went wrong on our side")
    phone.page.unroute(refusals)
    phone.button("Try again").click()
    phone.expect_photos(count - 1)


def test_a_rejected_file_leads_back_to_the_choice(phone: Phone, gallery: Gallery, sample: SampleEvent) -> None:
    event, photos = gallery
    phone.expected_statuses.update({415, 422})
    phone.join_with(event["event_code"], b"")
    phone.see("The file is empty")
    expect(phone.button("Try again")).to_have_count(0)
    phone.button("Choose another picture").click()
    phone.choose_picture(sample.selfies["Ada"])
    phone.expect_photos(len(showing(photos, "Ada")))


def test_a_rejected_selfie_can_be_dismissed_if_an_earlier_one_is_in_use(
    phone: Phone, gallery: Gallery, sample: SampleEvent
) -> None:
    event, photos = gallery
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(len(showing(photos, "Ada")))
    phone.button("Take another selfie").click()
    phone.choose_picture(sample.selfies["Ben"])
    phone.see("Your earlier selfie is still used")
    phone.button("OK").click()
    expect(phone.page.locator(".trouble")).to_have_count(0)
    phone.page.reload()
    phone.expect_photos(len(showing(photos, "Ada")))
    expect(phone.page.locator(".trouble")).to_have_count(0)


def test_other_tabs_and_the_start_page_notice_that_the_guest_left(
    phone: Phone, gallery: Gallery, sample: SampleEvent
) -> None:
    event, photos = gallery
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(len(showing(photos, "Ada")))
    other = phone.context.new_page()
    other.goto(f"{phone.base_url}/nothing")
    other.get_by_role("button", name="You and your data").click()
    other.get_by_role("button", name="Delete everything about me").click()
    other.get_by_role("button", name="Yes, delete").click()
    expect(other.get_by_text("Everything about you is deleted")).to_be_visible()
    phone.see("You are signed out")
    phone.expect_photos(0)


def test_a_link_asks_before_it_replaces_the_signed_in_account(phone: Phone, gallery: Gallery) -> None:
    phone.open(f"/e/{gallery[0]['event_code']}")
    phone.button("Continue without a selfie").click()
    phone.see("Which photos are you in?")
    phone.open("/sign-in#nothing")
    phone.see("Someone is already signed in on this device")
    phone.check_accessibility()
    phone.page.get_by_role("link", name="Stay signed in").click()
    phone.see("Which photos are you in?")


def test_on_a_slow_network_the_thumbnail_stands_in_for_the_photo(
    phone: Phone, gallery: Gallery, sample: SampleEvent
) -> None:
    event, photos = gallery
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(len(showing(photos, "Ada")))
    phone.page.route("**/preview*", lambda route: None)  # the photo never arrives
    phone.page.locator(f"{GRID} a").first.click()
    expect(phone.page.locator(".pswp__img--placeholder").first).to_be_visible()
    expect(phone.page.locator(".pswp__preloader--active")).to_be_attached()
    phone.page.unroute_all(behavior="ignoreErrors")


@pytest.mark.parametrize("width", [320, 390])
def test_long_words_and_landscape_phones_fit(new_phone: NewPhone, organiser: Organiser, width: int) -> None:
    event = organiser.event("Donaudampfschifffahrtsgesellschaftskapitänsmützenfest" * 2)
    phone = new_phone(viewport={"width": width, "height": 844}, locale="fr")
    phone.open(f"/e/{event['event_code']}")
    phone.page.get_by_role("checkbox").wait_for()
    phone.check_accessibility()
    side = new_phone(viewport={"width": 844, "height": 390})
    side.open(f"/e/{event['event_code']}")
    side.agree_and_open_camera()
    box = side.page.locator(".shutter").bounding_box()
    assert box
    assert box["y"] + box["height"] <= 390


def test_without_javascript_the_page_explains_why_nothing_happens(new_phone: NewPhone) -> None:
    phone = new_phone(java_script_enabled=False)
    phone.open("/")
    expect(phone.page.locator("noscript main")).to_be_in_viewport()  # Playwright does not search its text
    expect(phone.page.get_by_text("One moment")).to_be_hidden()
