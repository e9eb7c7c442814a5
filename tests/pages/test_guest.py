"""A guest's path from the poster to the photos, and what may happen on it."""

from typing import Any

import pytest
from playwright.sync_api import expect

from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, Organiser, showing
from tests.pages.conftest import LAPTOP, PHONE, NewPhone
from tests.pages.phone import GRID, Phone

Gallery = tuple[Json, dict[str, SamplePhoto]]


@pytest.mark.parametrize("device", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_a_guest_gets_from_the_poster_to_the_photos_with_the_camera(
    new_phone: NewPhone, gallery: Gallery, device: Any
) -> None:
    event, photos = gallery
    phone = new_phone(**device)
    phone.open(f"/e/{event['event_code']}")
    phone.see("Your photos of Gallery")
    phone.agree_and_open_camera()
    phone.page.locator(".shutter").click()
    phone.expect_photos(len(showing(photos, "Ada")))
    phone.see(f"{len(showing(photos, 'Ada'))} photos of you")
    shown = phone.page.locator(f"{GRID} img")
    for index in range(shown.count()):
        shown.nth(index).scroll_into_view_if_needed()
        expect(shown.nth(index)).to_have_js_property("complete", True)
        assert shown.nth(index).evaluate("image => image.naturalWidth") > 0
    assert phone.shifts() == 0


def test_the_camera_opens_only_after_consent(phone: Phone, gallery: Gallery) -> None:
    phone.open(f"/e/{gallery[0]['event_code']}")
    assert not phone.page.get_by_role("checkbox").is_checked()
    phone.button("Take a selfie").click()
    phone.see("Please agree first")
    assert not phone.page.locator("video").count()
    assert not [request for request in phone.requests if "guest-sessions" in request.url]


def test_a_reload_and_a_second_scan_keep_the_same_guest(phone: Phone, gallery: Gallery, sample: SampleEvent) -> None:
    event, photos = gallery
    phone.join_with(event["event_code"], sample.selfies["Ben"])
    count = len(showing(photos, "Ben"))
    phone.expect_photos(count)
    phone.page.reload()
    phone.expect_photos(count)
    phone.open(f"/e/{event['event_code'].lower().replace('-', ' ')}")
    phone.expect_photos(count)
    # The access token has expired.
    phone.context.clear_cookies(name="minois_token")
    phone.page.reload()
    phone.expect_photos(count)


def test_no_consent_is_requested_without_a_selfie(phone: Phone, gallery: Gallery) -> None:
    event, photos = gallery
    phone.open(f"/e/{event['event_code']}")
    phone.button("Continue without a selfie").click()
    phone.see("Which photos are you in?")
    # When they later take a selfie, consent is requested.
    phone.button("Take a selfie").click()
    phone.button("Take a selfie").click()
    phone.see("Please agree first")
    phone.agree_and_open_camera()
    phone.page.locator(".shutter").click()
    phone.expect_photos(len(showing(photos, "Ada")))


def test_a_selfie_is_not_searched_in_another_event_without_consent(
    phone: Phone, organiser: Organiser, gallery: Gallery, sample: SampleEvent
) -> None:
    event, photos = gallery
    phone.join_with(organiser.event("First")["event_code"], sample.selfies["Ada"])
    phone.see("No photo of you yet")
    phone.open(f"/e/{event['event_code']}")
    phone.button("Continue without a selfie").click()
    phone.see("Which photos are you in?")
    phone.page.reload()
    phone.see("Which photos are you in?")
    phone.expect_photos(0)
    phone.check_accessibility()
    phone.button("Take a selfie").click()
    phone.agree_and_open_camera()
    phone.page.get_by_role("button", name="Back").click()
    phone.expect_photos(len(showing(photos, "Ada")))


def test_this_is_not_me_can_be_undone(phone: Phone, gallery: Gallery, sample: SampleEvent) -> None:
    event, photos = gallery
    phone.join_with(event["event_code"], sample.selfies["Cleo"])
    count = len(showing(photos, "Cleo"))
    phone.expect_photos(count)
    refused = phone.page.locator(f"{GRID} a").nth(1)
    address = refused.get_attribute("href")
    refused.click()
    phone.button("This is not me").click()
    # Photos with a face similar to the rejected one disappear a few seconds later.
    expect(phone.page.locator(f'{GRID} a[href="{address}"]')).to_have_count(0)
    assert phone.page.locator(GRID).count() < count
    phone.button("Undo").click()
    phone.expect_photos(count)
    phone.page.reload()
    phone.expect_photos(count)


def test_a_photo_that_arrives_while_the_page_is_open_appears(
    phone: Phone, organiser: Organiser, sample: SampleEvent, one_of: Any
) -> None:
    event = organiser.event("Live")
    organiser.add_photos(event, [one_of("Ada")])
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(1)
    organiser.add_photos(event, [one_of("Ada", "Ben"), one_of("Ben")])
    phone.expect_photos(2)


def test_a_link_signs_in_another_device_once(new_phone: NewPhone, gallery: Gallery, sample: SampleEvent) -> None:
    event, photos = gallery
    phone = new_phone()
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    count = len(showing(photos, "Ada"))
    phone.expect_photos(count)
    phone.button("You and your data").click()
    with phone.page.expect_response("**/api/me/sign-in-links") as answer:
        phone.button("Show a code").click()
    expect(phone.page.locator("img.qr")).to_be_visible()
    path = answer.value.json()["path"]
    laptop = new_phone(**LAPTOP)
    laptop.open(path)
    laptop.expect_photos(count)


def test_an_expired_link_says_what_to_do(phone: Phone) -> None:
    phone.expected_statuses.add(401)
    phone.open("/sign-in#nothing")
    phone.see("This link has expired or was used before")


def test_signing_out_and_deleting_everything(phone: Phone, gallery: Gallery, sample: SampleEvent) -> None:
    event, photos = gallery
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(len(showing(photos, "Ada")))
    phone.button("You and your data").click()
    phone.button("Sign out").click()
    phone.button("Yes, sign out").click()
    phone.see("Find your photos")
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(len(showing(photos, "Ada")))
    phone.button("You and your data").click()
    phone.button("Delete everything about me").click()
    phone.button("Cancel").click()
    phone.button("Delete everything about me").click()
    phone.button("Yes, delete").click()
    phone.see("Find your photos")
    assert phone.page.request.get(f"{phone.base_url}/api/session").json()["me"] is None


def test_deleting_the_selfie_empties_the_gallery(phone: Phone, gallery: Gallery, sample: SampleEvent) -> None:
    event, photos = gallery
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(len(showing(photos, "Ada")))
    phone.button("You and your data").click()
    phone.button("Delete my selfie").click()
    phone.button("Yes, delete").click()
    expect(phone.page.locator("img.selfie")).to_have_count(0)
    phone.page.go_back()
    phone.see("Which photos are you in?")


def test_back_leads_from_the_camera_to_the_photos(phone: Phone, gallery: Gallery) -> None:
    phone.open(f"/e/{gallery[0]['event_code']}")
    phone.agree_and_open_camera()
    phone.page.go_back()
    phone.see("Which photos are you in?")


def test_the_page_works_with_the_keyboard_alone(new_phone: NewPhone, gallery: Gallery) -> None:
    event, photos = gallery
    laptop = new_phone(**LAPTOP)
    keyboard = laptop.page.keyboard

    def press_on(name: str) -> None:
        for _ in range(40):
            keyboard.press("Tab")
            if name in laptop.page.evaluate(
                "document.activeElement.ariaLabel || document.activeElement.textContent || document.activeElement.type"
            ):
                return
        raise AssertionError(f"{name} is not reachable with the Tab key")

    laptop.open(f"/e/{event['event_code']}")
    laptop.see("Take a selfie")
    press_on("checkbox")
    keyboard.press("Space")
    press_on("Take a selfie")
    keyboard.press("Enter")
    expect(laptop.page.locator(".shutter")).to_be_visible(timeout=30_000)
    press_on("Take the picture")
    keyboard.press("Enter")
    laptop.expect_photos(len(showing(photos, "Ada")))
    laptop.page.locator(f"{GRID} a").first.focus()
    keyboard.press("Enter")
    laptop.page.locator(".pswp__img").first.wait_for()
    keyboard.press("ArrowRight")
    keyboard.press("Escape")
    expect(laptop.page.locator(".pswp")).to_have_count(0)
    assert laptop.page.evaluate("document.activeElement.tagName") == "A"


def test_a_photo_a_guest_asks_to_hide_is_gone_until_the_request_is_undone(
    phone: Phone, organiser: Organiser, sample: SampleEvent, one_of: Any
) -> None:
    event = organiser.event("Discreet")
    organiser.add_photos(event, [one_of("Ada"), one_of("Ada", "Ben")])
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(2)
    phone.page.locator(f"{GRID} a").first.click()
    phone.button("Ask to hide this photo").click()
    phone.see("the organisers are asked to hide it")
    phone.expect_photos(1)
    phone.page.reload()
    phone.expect_photos(1)
    phone.page.locator(f"{GRID} a").first.click()
    phone.button("Ask to hide this photo").click()
    phone.expect_photos(0)
    phone.button("Undo").click()
    phone.expect_photos(1)
    asked = organiser.get(f"/api/events/{event['id']}/photos", hide_requested=True)
    assert [photo["hide_requests"] for photo in asked["photos"]] == [1]


def test_a_guest_without_a_selfie_sees_the_photos_visible_to_everyone(
    phone: Phone, organiser: Organiser, one_of: Any
) -> None:
    event = organiser.event("Highlights")
    organiser.add_photos(event, [one_of("Ada"), one_of("Ben")])
    photos = organiser.get(f"/api/events/{event['id']}/photos")["photos"]
    phone.open(f"/e/{event['event_code']}")
    phone.button("Continue without a selfie").click()
    phone.see("Which photos are you in?")
    choice = {"photo_ids": [photos[0]["id"]], "visibility": "everyone"}
    organiser.expect(204, "POST", f"/api/events/{event['id']}/photos/visibility", json=choice)
    phone.expect_photos(1)
    red, green, blue = bytes.fromhex(photos[0]["colour"].removeprefix("#"))
    expect(phone.page.locator(GRID).first).to_have_css("background-color", f"rgb({red}, {green}, {blue})")
    phone.page.locator(f"{GRID} a").first.click()
    expect(phone.button("Ask to hide this photo")).to_be_visible()
    expect(phone.button("This is not me")).to_be_hidden()
