"""Account pages: active sessions, password and e-mail address; and the activity log of an event."""

import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from playwright.sync_api import expect

from deploy.sample.event import SampleEvent
from tests.e2e.conftest import join as join
from tests.e2e.party import PASSWORD, Json, Organiser, Person, until
from tests.pages.conftest import PHONE, NewLaptop
from tests.pages.laptop import Laptop
from tests.pages.phone import PATIENCE_MS, Phone

Join = Callable[[Json], Person]
DEVICES = ".devices li"


def log_in(laptop: Phone, name: str, password: str = PASSWORD) -> httpx2.Response:
    form = {"username": name, "password": password}
    headers = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1"}
    return httpx2.post(f"{laptop.base_url}/api/login", json=form, headers=headers, timeout=30)


def is_signed_in(laptop: Phone, login: Json) -> bool:
    headers = {"Authorization": f"Bearer {login['access_token']}"}
    return httpx2.get(f"{laptop.base_url}/api/me", headers=headers, timeout=30).status_code == 200


@pytest.fixture
def co_organiser(organiser: Organiser, join: Join) -> Person:
    """An organiser whose password tests may change."""
    event = organiser.event("With a co-organiser")
    other = join(event)
    path = f"/api/events/{event['id']}/guests/{other.id}"
    organiser.expect(204, "PATCH", path, json={"role": "organiser"})
    return other


def open_account(laptop: Laptop, name: str) -> None:
    laptop.open("/organiser")
    laptop.fill_in(name)
    laptop.page.locator(".bar .who").click(timeout=PATIENCE_MS)
    expect(laptop.page.get_by_role("heading", name="Your account")).to_be_visible()


def test_an_organiser_ends_one_session_and_then_all_other_sessions(new_laptop: NewLaptop, co_organiser: Person) -> None:
    laptop = new_laptop()
    phones = [log_in(laptop, co_organiser.username).json() for _ in range(3)]
    open_account(laptop, co_organiser.username)
    laptop.check_accessibility()
    devices = laptop.page.locator(DEVICES)
    expect(devices).to_have_count(5)  # plus the session of the registration
    expect(devices.filter(has_text="this device")).to_have_count(1)
    assert all(is_signed_in(laptop, login) for login in phones)
    laptop.page.get_by_role("button", name=re.compile("Sign out Safari")).first.click()
    expect(devices).to_have_count(4)
    until(lambda: [is_signed_in(laptop, login) for login in phones].count(True), lambda left: left == 2)
    laptop.button("Sign out all other devices").click()
    laptop.button("Yes, sign out").click()
    expect(devices).to_have_count(1)
    laptop.see("Signed out.")
    until(lambda: any(is_signed_in(laptop, login) for login in phones), lambda left: not left)
    expect(laptop.page.get_by_role("heading", name="Your account")).to_be_visible()


def test_an_organiser_changes_the_password_and_the_address(
    new_laptop: NewLaptop, co_organiser: Person, organiser: Organiser
) -> None:
    laptop, new = new_laptop(), "seven green umbrellas"
    open_account(laptop, co_organiser.username)
    laptop.expected_statuses |= {401, 422}
    page = laptop.page
    page.get_by_text("Change the password").click()

    def save(old: str, chosen: str) -> None:
        page.get_by_label("Current password").first.fill(old)
        page.get_by_label("New password", exact=True).fill(chosen)
        laptop.button("Save the password").click()

    save("not it", new)
    laptop.see("The user name or the password is wrong.")
    save(PASSWORD, "short")
    laptop.see("Use at least 8 characters.")
    laptop.check_accessibility()
    save(PASSWORD, new)
    laptop.see("Your password was changed.")
    assert log_in(laptop, co_organiser.username).status_code == 401
    assert log_in(laptop, co_organiser.username, new).status_code == 200
    page.get_by_text("Change the e-mail address").click()
    page.get_by_label("Current password").last.fill(new)
    page.get_by_label("New e-mail address").fill(organiser.get("/api/me")["email"])
    laptop.button("Save the address").click()
    laptop.see("There is an account with this address.")
    address = f"{co_organiser.username}@new.example"
    page.get_by_label("New e-mail address").fill(address)
    laptop.button("Save the address").click()
    laptop.see("Your account has this address now.")
    assert log_in(laptop, address, new).status_code == 200


def test_a_guest_sees_their_active_sessions(phone: Phone, organiser: Organiser, sample: SampleEvent) -> None:
    event = organiser.event("Devices")
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.page.get_by_role("button", name="You and your data").click(timeout=PATIENCE_MS)
    expect(phone.page.locator(DEVICES)).to_have_count(1)
    expect(phone.page.locator(DEVICES)).to_contain_text("this device")
    expect(phone.page.get_by_text("Change the password")).to_have_count(0)
    phone.check_accessibility()


def test_an_organiser_reads_the_activity_log(laptop: Laptop, organiser: Organiser, join: Join) -> None:
    event = organiser.event("Audit")
    guest, stranger = join(event), join(event)
    path = f"/api/events/{event['id']}"
    organiser.expect(204, "PATCH", f"{path}/guests/{guest.id}", json={"role": "photographer"})
    organiser.expect(204, "DELETE", f"{path}/guests/{stranger.id}")
    organiser.expect(201, "POST", f"{path}/invitations", json={"role": "couple"})
    laptop.open_event(event["id"])
    laptop.go_to("Activity")
    acts = laptop.page.locator(".log li")
    expect(acts.filter(has_text=f"made {guest.username} a photographer")).to_have_count(1)
    expect(acts.filter(has_text="removed someone")).to_have_count(1)
    expect(acts.first).to_contain_text("made an invitation for the couple")
    expect(acts.first).to_contain_text("from the network 127.0.0.0/24")
    assert all(organiser.username in act for act in acts.all_inner_texts() if "made" in act)
    laptop.check_accessibility()


@pytest.mark.parametrize(
    "device", [{**PHONE, "locale": "fr", "color_scheme": "dark"}, {"locale": "fr"}], ids=["phone, dark", "laptop"]
)
def test_both_pages_are_translated_to_french(
    new_laptop: NewLaptop, organiser: Organiser, device: dict[str, Any]
) -> None:
    event = organiser.event("Journal")
    organiser.expect(201, "POST", f"/api/events/{event['id']}/invitations", json={"role": "photographer"})
    laptop = new_laptop(**device)
    laptop.sign_in(organiser.username)
    laptop.open_event(event["id"], "/log")
    laptop.see("a créé une invitation (photographe)")
    laptop.check_accessibility()
    laptop.open("/organiser/account")
    laptop.see("cet appareil")
    for summary in laptop.page.locator("summary").all():
        summary.click()
    laptop.check_accessibility()
