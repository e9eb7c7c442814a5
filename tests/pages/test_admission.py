"""Guests waiting for admission, and removed guests."""

from functools import partial
from typing import Any

import pytest
from playwright.sync_api import expect

from deploy.sample.event import SampleEvent
from tests.e2e.party import Json, Organiser, until
from tests.pages.conftest import NewPhone
from tests.pages.phone import PATIENCE_MS, Phone

WAITING = {"en": "Waiting for the organiser", "fr": "En attente de"}


def waiting_guests(organiser: Organiser, event: Json) -> list[str]:
    guests = organiser.get(f"/api/events/{event['id']}/guests")["guests"]
    return [guest["user_id"] for guest in guests if guest["waiting"]]


def admit(organiser: Organiser, event: Json) -> str:
    """Admits the only waiting guest."""
    (guest,) = until(partial(waiting_guests, organiser, event), bool)
    organiser.expect(204, "POST", f"/api/events/{event['id']}/guests/{guest}/admit")
    return guest


def test_a_waiting_guest_takes_a_selfie_and_the_page_updates_on_admission(
    phone: Phone, organiser: Organiser, sample: SampleEvent, one_of: Any
) -> None:
    event = organiser.event("Admission", admission=True)
    organiser.add_photos(event, [one_of("Ada"), one_of("Ben")])
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.see(WAITING["en"])
    phone.see("Your selfie has arrived")
    phone.check_accessibility()
    assert not [request for request in phone.requests if "/api/my-photos" in request.url]
    admit(organiser, event)
    phone.expect_photos(1)
    phone.check_accessibility()


def test_without_a_selfie_the_camera_is_offered_after_admission(phone: Phone, organiser: Organiser) -> None:
    event = organiser.event("Admission", admission=True)
    phone.open(f"/e/{event['event_code']}")
    phone.button("Continue without a selfie").click()
    phone.see(WAITING["en"])
    expect(phone.button("Take a selfie")).to_be_visible()
    phone.page.reload()
    phone.see(WAITING["en"])
    admit(organiser, event)
    phone.see("Which photos are you in?")


@pytest.mark.parametrize("language", WAITING)
def test_the_screen_is_accessible_in_both_languages(new_phone: NewPhone, organiser: Organiser, language: str) -> None:
    event = organiser.event("Admission", admission=True)
    phone = new_phone(locale=language, viewport={"width": 320, "height": 568}, color_scheme="dark")
    phone.open(f"/e/{event['event_code']}")
    phone.page.locator("button.quiet").first.click()
    phone.see(WAITING[language])
    phone.check_accessibility()


def test_a_rejected_guest_is_informed_at_once(phone: Phone, organiser: Organiser) -> None:
    event = organiser.event("Admission", admission=True)
    phone.open(f"/e/{event['event_code']}")
    phone.button("Continue without a selfie").click()
    phone.see(WAITING["en"])
    (guest,) = waiting_guests(organiser, event)
    phone.expected_statuses.update({401, 403})
    organiser.expect(204, "DELETE", f"/api/events/{event['id']}/guests/{guest}")
    expect(phone.page.get_by_text(WAITING["en"])).to_have_count(0, timeout=PATIENCE_MS)  # the session ends as well
    phone.open(f"/e/{event['event_code']}")
    phone.button("Continue without a selfie").click()
    phone.see("The organiser has removed you from this event. Only they can let you in again.")
    phone.check_accessibility()
    phone.page.context.clear_cookies()
    phone.open(f"/e/{event['event_code']}")
    phone.button("Continue without a selfie").click()
    phone.see(WAITING["en"])  # as a new guest, who needs admission again


def test_an_open_page_updates_when_its_event_is_renamed_or_closed(phone: Phone, organiser: Organiser) -> None:
    event = organiser.event("Before")
    phone.open(f"/e/{event['event_code']}")
    phone.button("Continue without a selfie").click()
    phone.see("Which photos are you in?")
    change = {"name": "After", "closed": True}
    organiser.expect(200, "PATCH", f"/api/events/{event['id']}", json=change)
    phone.see("After")
    phone.see("This event is closed")
    organiser.expect(200, "PATCH", f"/api/events/{event['id']}", json={"closed": False})
    phone.see("Take a selfie, and the photos that show you appear here.")


def test_the_page_for_old_browsers_shows_that_admission_is_pending(
    new_phone: NewPhone, organiser: Organiser, sample: SampleEvent
) -> None:
    event = organiser.event("Admission", admission=True)
    phone = new_phone("CSS.supports = () => false;")
    phone.open(f"/e/{event['event_code']}")
    phone.page.get_by_role("checkbox").check()
    phone.choose_picture(sample.selfies["Ada"])
    phone.button("Send").click()
    phone.see("Waiting for the organiser")
