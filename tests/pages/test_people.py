"""A guest also searches for another person and adds selfies."""

from typing import Any

import pytest
from playwright.sync_api import expect

from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, showing
from tests.pages.conftest import LAPTOP, PHONE, NewPhone
from tests.pages.phone import GRID, Phone

Gallery = tuple[Json, dict[str, SamplePhoto]]
ADD = "Look for someone else, too"


def add_ben(phone: Phone, jpeg: bytes) -> None:
    """Adds Ben, from the guest's gallery to Ben's."""
    phone.button(ADD).click()
    phone.see("A child, or someone without a phone")
    phone.page.locator("#person").fill("Ben")
    phone.page.get_by_role("checkbox").check()
    phone.button("Take a picture of them").click()
    phone.page.locator(".shutter").wait_for()
    phone.choose_picture(jpeg)


@pytest.mark.parametrize("device", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_each_person_has_their_own_gallery(
    new_phone: NewPhone, gallery: Gallery, sample: SampleEvent, device: Any
) -> None:
    event, photos = gallery
    phone = new_phone(**device)
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(len(showing(photos, "Ada")))
    assert not phone.page.locator(".people").count(), "with one person there is no choice"
    add_ben(phone, sample.selfies["Ben"])
    phone.see(f"{len(showing(photos, 'Ben'))} photos of Ben")
    phone.expect_photos(len(showing(photos, "Ben")))
    phone.check_accessibility()
    phone.button("Me").click()
    phone.see(f"{len(showing(photos, 'Ada'))} photos of you")
    phone.expect_photos(len(showing(photos, "Ada")))
    phone.page.reload()
    phone.button("Ben").click()
    phone.expect_photos(len(showing(photos, "Ben")))
    phone.page.locator(f"{GRID} a").first.click()
    phone.button("This is not Ben").click()
    phone.expect_photos(len(showing(photos, "Ben")) - 1)
    phone.button("Undo").click()
    phone.expect_photos(len(showing(photos, "Ben")))


def test_a_person_is_added_only_with_consent(phone: Phone, gallery: Gallery, sample: SampleEvent) -> None:
    phone.join_with(gallery[0]["event_code"], sample.selfies["Ada"])
    phone.button(ADD).click()
    phone.page.locator("#person").fill("Ben")
    assert not phone.page.get_by_role("checkbox").is_checked()
    phone.check_accessibility()
    phone.button("Take a picture of them").click()
    phone.see("Please agree first")
    assert not [request for request in phone.requests if request.method == "POST" and "/api/people" in request.url]


def test_a_person_is_renamed_and_deleted(phone: Phone, gallery: Gallery, sample: SampleEvent) -> None:
    event, photos = gallery
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(len(showing(photos, "Ada")))
    add_ben(phone, sample.selfies["Ben"])
    phone.expect_photos(len(showing(photos, "Ben")))
    phone.button("Picture and data of Ben").click()
    expect(phone.page.locator("img.selfie")).to_have_js_property("complete", True)
    phone.check_accessibility()
    phone.page.locator("#person").fill("Grandpa")
    phone.button("Change the name").click()
    phone.button("Delete Grandpa").click()
    phone.expected_statuses.add(404)  # a live update may have selected Ben while he was being deleted
    phone.button("Yes, delete").click()
    phone.see(f"{len(showing(photos, 'Ada'))} photos of you")
    phone.expected_statuses.discard(404)
    phone.page.reload()
    phone.expect_photos(len(showing(photos, "Ada")))
    assert not phone.page.locator(".people").count()


def test_with_few_photos_another_selfie_is_offered(phone: Phone, organiser: Any, sample: SampleEvent) -> None:
    phone.join_with(organiser.event("Few")["event_code"], sample.selfies["Ada"])
    phone.see("No photo of you yet")
    phone.button("Add a selfie").click()
    phone.page.locator(".shutter").wait_for()
    with phone.page.expect_request(lambda request: "upload-selfie" in request.url) as sent:
        phone.choose_picture(sample.selfies["Ada"])
    assert "add=true" in sent.value.url
    phone.see("No photo of you yet")
    people = phone.page.evaluate("fetch('/api/people').then((answer) => answer.json())")
    expect(phone.button("Add a selfie")).to_be_visible()
    assert people["people"][0]["selfies"] <= 2
