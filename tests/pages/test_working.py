"""Navigation between the guest and organiser pages, anomalies shown to organisers, and logos."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from deploy.sample.event import SampleEvent
from tests.e2e.conftest import join as join
from tests.e2e.party import Json, Organiser, Person, until
from tests.pages.conftest import NewLaptop, NewPhone
from tests.pages.laptop import Laptop
from tests.pages.phone import PATIENCE_MS, Phone

Join = Callable[[Json], Person]
FOOT = "main > footer .logo"


@pytest.fixture
def invite(organiser: Organiser) -> Callable[[Json, str], str]:
    """Creates an invitation to an event; its path."""

    def make(event: Json, role: str) -> str:
        path = f"/api/events/{event['id']}/invitations"
        return str(organiser.expect(201, "POST", path, json={"role": role})["path"])

    return make


@pytest.mark.parametrize(
    ("role", "words"), [("photographer", "Add photos"), ("couple", "All photos of this event")], ids=str
)
def test_one_sign_in_opens_the_organiser_and_the_guest_page(
    new_phone: NewPhone, organiser: Organiser, one_of: Any, invite: Callable[[Json, str], str], role: str, words: str
) -> None:
    event, phone = organiser.event("Both"), new_phone()
    organiser.add_photos(event, [one_of("Ben")])
    phone.open(f"/e/{event['event_code']}")
    phone.button("Continue without a selfie").click()
    phone.see("Which photos are you in?")
    way = phone.page.get_by_role("link", name=words)
    expect(way).to_have_count(0)
    phone.open(invite(event, role))
    phone.button("Accept").click()
    phone.page.get_by_role("link", name="My photos").click()
    way.wait_for()
    phone.check_accessibility()
    way.click()
    phone.page.wait_for_url(f"**/organiser/events/{event['id']}")
    expect(phone.page.locator(".tabs")).to_be_visible(timeout=PATIENCE_MS)
    phone.check_accessibility()
    with phone.page.expect_popup() as opening:
        phone.page.get_by_role("link", name="Guest page").click()
    opening.value.wait_for_url(f"**/my/{event['id']}")
    assert not [request for request in phone.requests if request.url.endswith(("/api/login", "/api/sign-in"))]


def test_the_start_page_leads_an_organiser_to_their_events(laptop: Laptop, organiser: Organiser) -> None:
    for name in ("One", "Another"):
        organiser.event(name)
    laptop.open("/")
    laptop.page.get_by_role("link", name="Organise events").click()
    laptop.see("New event")
    laptop.page.get_by_role("link", name="My photos").click()
    laptop.see("Type the code from the poster.")


def test_an_organiser_sees_accounts_that_share_a_face_or_a_device(
    laptop: Laptop, new_phone: NewPhone, organiser: Organiser, sample: SampleEvent, join: Join
) -> None:
    event = organiser.event("Look")
    guests = [join(event) for _ in range(3)]
    for guest in guests:
        guest.send_selfie(sample.selfies["Ada"])
    others = [join(event) for _ in range(2)]
    for other in others:
        other.send_selfie(sample.selfies["Ben"])
    assert all(guest.settled()["status"] == "done" for guest in [*guests, *others])
    phone = new_phone()
    phone.open("/")
    enter = (
        "(form) => fetch('/api/guest-sessions', { method: 'POST', headers: { 'Content-Type': 'application/json' },"
        " body: JSON.stringify(form) }).then((answer) => answer.status)"
    )
    names = ["Grandpa", "Mia", "Tom", "Zoë", "Åsa"]
    for name in names:
        assert phone.page.evaluate(enter, {"event_code": event["event_code"], "display_name": name}) == 201
    laptop.open_event(event["id"], "/guests")
    laptop.button("2 things to look at").click()
    expect(laptop.page.get_by_role("heading", name="Things to look at")).to_be_focused()
    found = laptop.page.locator(".anomalies li")
    expect(found).to_have_count(2)
    assert found.nth(0).inner_text().startswith("3 accounts show one face: ")
    assert all(guest.username in found.nth(0).inner_text() for guest in guests)
    assert found.nth(1).inner_text() == f"5 guests joined with one phone: {', '.join(names)}."
    laptop.check_accessibility()
    empty = organiser.event("Nothing")
    laptop.open_event(empty["id"], "/guests")
    laptop.see("No guest has joined yet.")
    expect(laptop.page.get_by_text("to look at")).to_have_count(0)


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("en", ["The selfie of Eve looks like two people in each of 4 photos.", "The selfie of Bob looks like"]),
        ("fr", ["Le selfie de Eve ressemble à deux personnes dans chacune de 4 photos.", "Le selfie de Bob ressemble"]),
    ],
)
def test_an_organiser_sees_guests_whose_selfie_is_near_two_people(
    new_laptop: NewLaptop, organiser: Organiser, language: str, sentences: list[str]
) -> None:
    """The service's detection is tested in test_matcher_two_faces; this tests the page."""
    event = organiser.event("Two")

    def account(name: str) -> Json:
        return {"user_id": name, "username": "", "display_name": name, "joined_at": 1}

    two = [{"account": account("Eve"), "photos": 4}, {"account": account("Bob"), "photos": 1}]
    answer = {"same_face": [], "two_faces": two, "same_phone": []}
    laptop = new_laptop(locale=language)
    laptop.open("/organiser")
    laptop.fill_in(organiser.username)
    expect(laptop.page.locator("form")).to_have_count(0, timeout=PATIENCE_MS)
    laptop.page.route("**/anomalies", lambda route: route.fulfill(json=answer))
    laptop.open_event(event["id"], "/guests")
    found = laptop.page.locator(".anomalies li")
    expect(found).to_have_count(2)
    assert [item.startswith(said) for item, said in zip(found.all_inner_texts(), sentences, strict=True)] == [True] * 2
    laptop.check_accessibility()


def test_guests_and_couples_see_no_anomalies(
    organiser: Organiser, join: Join, invite: Callable[[Json, str], str]
) -> None:
    event = organiser.event("Secret")
    guest, couple = join(event), join(event)
    token = invite(event, "couple").partition("#")[2]
    couple.expect(200, "POST", "/api/invitations/accept", json={"token": token})
    for person in (guest, couple):
        refusal = person.expect(403, "GET", f"/api/events/{event['id']}/anomalies")
        assert refusal["reason"] == "organiser_only"


def draw(size: tuple[int, int], kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind)
    return out.getvalue()


def test_a_logo_is_shown_to_guests_and_on_the_poster_until_it_is_removed(
    laptop: Laptop, phone: Phone, organiser: Organiser, sample: SampleEvent, one_of: Any, tmp_path: Path
) -> None:
    event = organiser.event("Logo", credit={"name": "Pia Photo", "url": "https://pia.example/"})
    organiser.add_photos(event, [one_of("Ada")])
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(1)
    expect(phone.page.locator(FOOT)).to_have_count(0)
    laptop.open_event(event["id"], "/settings")
    laptop.expected_statuses |= {415, 422}
    damaged, drawing, logo = (tmp_path / name for name in ("damaged.png", "drawing.svg", "logo.webp"))
    damaged.write_bytes(draw((900, 300))[:80])
    drawing.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    logo.write_bytes(draw((900, 300), "WEBP"))
    choose = laptop.page.locator("#logo")
    choose.set_input_files(damaged)
    laptop.see("This picture cannot be used as a logo.")
    laptop.check_accessibility()
    choose.set_input_files(drawing)
    laptop.see("This kind of file cannot be read.")
    choose.set_input_files(logo)
    shown = laptop.page.locator(".settings .logo")
    expect(shown).to_be_visible(timeout=PATIENCE_MS)
    until(lambda: shown.evaluate("(image) => image.naturalWidth"), lambda width: width == 480)
    laptop.check_accessibility()
    expect(phone.page.locator(FOOT)).to_be_visible(timeout=PATIENCE_MS)
    phone.page.locator(FOOT).scroll_into_view_if_needed()
    until(lambda: phone.page.locator(FOOT).evaluate("(image) => image.naturalWidth"), lambda width: width == 480)
    phone.check_accessibility()
    poster = f"/api/events/{event['id']}/poster.svg"
    assert b"data:image/png" in organiser.http.get(poster).content
    laptop.button("Remove the logo").click()
    expect(shown).to_have_count(0, timeout=PATIENCE_MS)
    expect(phone.page.locator(FOOT)).to_have_count(0, timeout=PATIENCE_MS)
    assert b"data:image/png" not in organiser.http.get(poster).content


def test_a_laptop_signs_in_only_once(new_laptop: NewLaptop, organiser: Organiser) -> None:
    organiser.event("Once")
    laptop = new_laptop()
    laptop.sign_in(organiser.username)
    for address in ("/", "/organiser", "/"):
        laptop.open(address)
        expect(laptop.page.locator("#password")).to_have_count(0)
        laptop.page.get_by_role("link", name="Organise events" if address == "/" else "My photos").wait_for()
