"""Invitations, the views of each role, and the first organiser of an installation."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from deploy.local.processes import PROCESSES
from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import PASSWORD, Json, Organiser, until
from tests.pages.conftest import LAPTOP, NewLaptop, NewPhone
from tests.pages.laptop import Laptop
from tests.pages.phone import PATIENCE_MS, Phone

Gallery = tuple[Json, dict[str, SamplePhoto]]


@pytest.fixture
def party(organiser: Organiser, sample: SampleEvent) -> Gallery:
    """An event with three photos that tests may modify."""
    event = organiser.event("Wedding")
    return event, organiser.add_photos(event, sample.photos[:3])


@pytest.fixture(scope="module")
def empty_system() -> Iterator[LocalSystem]:
    """An installation without an organiser, and without workers, which no test of it needs."""
    folder = Path(tempfile.mkdtemp(prefix="mn-first-", dir="/tmp"))
    running = LocalSystem(folder / "data", kinds=[kind for kind in PROCESSES if not kind.arguments])
    try:
        with running:
            yield running
    finally:
        running.remove_data()
        shutil.rmtree(folder, ignore_errors=True)


def fill_account(page: Phone, username: str, password: str = PASSWORD) -> None:
    page.page.get_by_label("User name").fill(username)
    page.page.get_by_label("E-mail address").fill(f"{username}@example.org")
    page.page.get_by_label("Password").fill(password)


def invite(laptop: Laptop, event: Json, role: str) -> str:
    """Creates an invitation; its link."""
    laptop.open_event(event["id"], "/guests")
    laptop.page.get_by_label("What they may do").select_option(label=role)
    laptop.button("Make a link").click()
    address = laptop.page.locator(".invitations .address")
    expect(address).to_contain_text("/organiser/invitation#", timeout=PATIENCE_MS)
    return address.inner_text()


def tabs_of(laptop: Laptop) -> list[str]:
    return laptop.page.locator(".tabs a").all_inner_texts()


def accept_as_a_photographer(invited: Laptop, address: str, name: str) -> None:
    """Creates an account, after a form with two faults, and accepts the invitation."""
    invited.page.goto(address)
    invited.see("olga invites you to “Wedding”.")
    invited.see("Adds photos and sees only their own.")
    invited.check_accessibility()
    invited.expected_statuses.add(422)
    fill_account(invited, "olga", "short")
    invited.button("Create an account and accept").click()
    invited.see("This user name is already in use.")
    invited.see("Use at least 8 characters.")
    invited.check_accessibility()
    fill_account(invited, name)
    invited.button("Create an account and accept").click()
    invited.see("No photos yet")


def test_an_invited_photographer_sees_only_their_own_photos(
    laptop: Laptop, new_laptop: NewLaptop, organiser: Organiser, party: Gallery, sample: SampleEvent, tmp_path: Path
) -> None:
    event, _ = party
    address = invite(laptop, event, "Photographer")
    laptop.check_accessibility()
    assert laptop.page.locator(".invitations .qr").get_attribute("src")
    invited, name = new_laptop(), f"phil{uuid4().hex[:6]}"
    accept_as_a_photographer(invited, address, name)
    assert "#" not in invited.page.url
    assert tabs_of(invited) == ["Photos", "Guest page"]
    folder = tmp_path / "camera"
    folder.mkdir()
    (folder / "mine.jpg").write_bytes(sample.photos[4].jpeg)
    (folder / "known.jpg").write_bytes(sample.photos[0].jpeg)
    invited.choose_folder(folder)
    invited.see("All photos are on the server.")
    invited.see("1 already uploaded")
    invited.expect_tiles(1)
    expect(invited.page.locator(".grid input[type=checkbox]")).to_have_count(0)
    expect(invited.page.locator(".state .event-code")).to_have_count(0)
    invited.page.locator(".grid img").wait_for(timeout=PATIENCE_MS)
    invited.check_accessibility()
    assert organiser.indexed(event)["total"] == 4
    laptop.open_event(event["id"], "/guests")
    laptop.see(name)
    row = laptop.page.locator(".guests li").filter(has_text=name)
    expect(row).to_contain_text("Photographer")
    invited.expected_statuses |= {401, 403, 404}
    row.get_by_role("button", name="Remove").click()
    laptop.button("Yes, remove").click()
    laptop.button(f"Let {name} in again").wait_for()
    expect(row.get_by_role("button", name="Remove", exact=True)).to_have_count(0, timeout=PATIENCE_MS)


def test_a_couple_hides_a_photo_and_downloads_all_photos(
    laptop: Laptop, new_laptop: NewLaptop, organiser: Organiser, party: Gallery
) -> None:
    event, photos = party
    guest = new_laptop()
    guest.open(f"/e/{event['event_code']}")
    guest.button("Continue without a selfie").click()
    guest.see("Which photos are you in?")
    guest.page.goto(invite(laptop, event, "Couple"))
    guest.see("Sees and downloads all photos")
    guest.button("Accept").click()
    guest.expect_tiles(3)
    assert tabs_of(guest) == ["Photos", "Guest page"]
    expect(guest.page.locator(".upload")).to_have_count(0)
    guest.check_accessibility()
    guest.page.locator(".grid a[tabindex='0']").focus()
    guest.page.keyboard.press("Delete")
    guest.page.keyboard.press("e")
    guest.page.keyboard.press("h")
    assert not [request for request in guest.requests if request.url.endswith("/guests") or "/guests?" in request.url]
    expect(guest.page.locator("[data-visibility=hidden]")).to_have_count(1, timeout=PATIENCE_MS)
    expect(guest.page.locator("dialog")).to_have_count(0)
    hidden = organiser.get(f"/api/events/{event['id']}/photos", visibility="hidden")
    assert hidden["total"] == 1
    guest.choose("Hidden")
    guest.expect_tiles(1)
    guest.button("Select all shown").click()
    assert guest.page.locator(".actions button").all_inner_texts() == ["Show again", "Clear the selection"]
    guest.button("Show again").click()
    guest.see("No photo matches this choice.")
    with guest.page.expect_download() as saving:
        guest.page.get_by_role("link", name="Download all").click()
    assert saving.value.suggested_filename == "Wedding.zip"
    guest.open(f"/organiser/events/{event['id']}/settings")
    guest.expect_tiles(len(photos))
    guest.open("/organiser")
    guest.see("Couple")
    expect(guest.page.get_by_role("link", name="New event")).to_have_count(0)


def test_an_invited_organiser_sets_a_password_and_the_invitation_works_once(
    laptop: Laptop, new_laptop: NewLaptop, party: Gallery
) -> None:
    event, _ = party
    address = invite(laptop, event, "Organiser")
    guest, late = new_laptop(), new_laptop()
    guest.open(f"/e/{event['event_code']}")
    guest.button("Continue without a selfie").click()
    guest.see("Which photos are you in?")
    guest.page.goto(address)
    guest.see("your account needs a user name and a password")
    guest.check_accessibility()
    fill_account(guest, f"otto{uuid4().hex[:6]}")
    guest.button("Accept").click()
    guest.expect_tiles(3)
    assert tabs_of(guest) == ["Photos", "Guests", "Poster", "Activity", "Settings", "Guest page"]
    late.expected_statuses.add(404)
    late.page.goto(address)
    late.see("This invitation has expired, was withdrawn or was used before.")
    expect(late.button("Try again")).to_have_count(0)
    late.check_accessibility()
    late.page.get_by_role("link", name="Sign in").click()
    late.see("Sign in as an organiser")


def test_an_account_holder_accepts_by_signing_in_and_an_invitation_can_be_withdrawn(
    laptop: Laptop, new_laptop: NewLaptop, organiser: Organiser, party: Gallery
) -> None:
    event, _ = party
    address = invite(laptop, event, "Couple")
    other = new_laptop()
    other.page.goto(address)
    other.button("I have an account").click()
    other.page.get_by_label("User name or e-mail address").fill(organiser.username)
    other.page.get_by_label("Password").fill(PASSWORD)
    other.button("Sign in and accept").click()
    other.see("3 photos, all read")
    assert len(organiser.get(f"/api/events/{event['id']}/invitations")["invitations"]) == 1, "not used up"
    laptop.button("Withdraw").click()
    until(
        lambda: organiser.get(f"/api/events/{event['id']}/invitations")["invitations"],
        lambda invitations: not invitations,
    )
    expect(laptop.page.locator(".invitations .address")).to_have_count(0, timeout=PATIENCE_MS)


def find_code(system: LocalSystem) -> str:
    """The newest setup code in the log."""
    codes = re.findall(r"with the code ((?:[0-9A-Z]{4}-){3}[0-9A-Z]{4})", system.log_path.read_text())
    return str(codes[-1]) if codes else ""


def test_the_first_organiser_is_created_with_the_code_from_the_log(
    empty_system: LocalSystem, new_phone: NewPhone
) -> None:
    page = new_phone(base_url=empty_system.base_url, **{**LAPTOP, "is_mobile": False})
    page.open("/organiser")
    page.see("Welcome to Minois")
    page.check_accessibility()
    page.expected_statuses.add(403)
    page.page.get_by_label("Code").fill("0000-0000-0000-0000")
    fill_account(page, "olga")
    page.button("Create the account").click()
    page.see("This is not the code.")
    code = until(lambda: find_code(empty_system), bool)
    page.page.get_by_label("Code").fill(code.lower())
    page.button("Create the account").click()
    page.see("Your events")
    page.page.get_by_role("link", name="New event").click()
    page.page.get_by_label("Name", exact=True).fill("First party")
    page.button("Create the event").click()
    page.see("No photos yet")
    page.button("Sign out").click()
    page.see("Sign in as an organiser")
