"""Roles assigned and revoked by an organiser, and removed guests who are readmitted."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, expect

from deploy.local.system import LocalSystem
from tests.e2e.party import Json, Organiser, Person, register, until
from tests.pages.conftest import NewLaptop
from tests.pages.laptop import Laptop
from tests.pages.phone import PATIENCE_MS


def row_of(laptop: Laptop, name: str) -> Locator:
    return laptop.page.locator(".guests li").filter(has_text=name)


def role_of(laptop: Laptop, name: str) -> Locator:
    return row_of(laptop, name).get_by_role("combobox", name=f"What {name} may do")


@pytest.fixture
def event(organiser: Organiser) -> Json:
    return organiser.event("Wedding")


@pytest.fixture
def guest(system: LocalSystem, event: Json) -> Iterator[Person]:
    with register(system.base_url, event, f"gina{uuid4().hex[:6]}") as person:
        yield person


def until_role(person: Person, role: str) -> None:
    until(lambda: person.get("/api/me")["events"], lambda events: events[0]["role"] == role)


def test_a_role_is_assigned_and_revoked(laptop: Laptop, new_laptop: NewLaptop, event: Json, guest: Person) -> None:
    name, other = guest.username, new_laptop()
    other.expected_statuses |= {403, 404}
    laptop.open_event(event["id"], "/guests")
    role_of(laptop, name).select_option(label="Couple")
    until_role(guest, "couple")
    expect(role_of(laptop, name)).to_have_value("couple", timeout=PATIENCE_MS)
    laptop.check_accessibility()
    other.open("/organiser")
    other.fill_in(name)
    other.see("Couple")
    other.open_event(event["id"])
    role_of(laptop, name).select_option(label="Guest")
    until_role(guest, "guest")
    other.open(f"/organiser/events/{event['id']}")
    other.see("This account organises no events.")


def test_the_last_organiser_cannot_step_down(laptop: Laptop, organiser: Organiser, event: Json, guest: Person) -> None:
    laptop.expected_statuses |= {403, 409}
    laptop.open_event(event["id"], "/guests")
    role_of(laptop, organiser.username).select_option(label="Guest")
    laptop.see("You will no longer organise this event.")
    laptop.button("Yes, step back").click()
    laptop.see("The event needs an organiser. Make another member an organiser first.")
    expect(role_of(laptop, organiser.username)).to_have_value("organiser")
    role_of(laptop, guest.username).select_option(label="Organiser")
    until_role(guest, "organiser")
    role_of(laptop, organiser.username).select_option(label="Guest")
    laptop.button("Yes, step back").click()
    expect(laptop.page.get_by_role("heading", name="Your events")).to_be_visible(timeout=PATIENCE_MS)


def test_a_removed_guest_is_listed_and_readmitted(laptop: Laptop, event: Json, guest: Person) -> None:
    name = guest.username
    laptop.open_event(event["id"], "/guests")
    expect(role_of(laptop, name)).to_be_visible(timeout=PATIENCE_MS)
    expect(laptop.page.get_by_role("heading", name="Removed")).to_have_count(0)
    row_of(laptop, name).get_by_role("button", name="Remove").click()
    laptop.button("Yes, remove").click()
    expect(laptop.page.get_by_role("heading", name="Removed")).to_be_visible(timeout=PATIENCE_MS)
    expect(role_of(laptop, name)).to_have_count(0, timeout=PATIENCE_MS)
    assert guest.get("/api/me")["events"] == []
    laptop.check_accessibility()
    laptop.page.get_by_role("button", name=f"Let {name} in again").click()
    expect(role_of(laptop, name)).to_have_value("guest", timeout=PATIENCE_MS)
    expect(laptop.page.get_by_role("heading", name="Removed")).to_have_count(0, timeout=PATIENCE_MS)
    assert [joined["event_id"] for joined in guest.get("/api/me")["events"]] == [event["id"]]
