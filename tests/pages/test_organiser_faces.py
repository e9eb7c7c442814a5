"""The explanation next to a photo of why a guest is or is not matched to it."""

import pytest
from playwright.sync_api import expect

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent
from tests.e2e.party import Json, Organiser, register
from tests.pages.conftest import NewLaptop
from tests.pages.laptop import Laptop
from tests.pages.phone import PATIENCE_MS

Party = tuple[Json, str]

# The button that opens the search, its file field, the fault of a photo of several faces, the button that removes, and
# the result.
SEARCH = {
    "en": (
        "Remove a person who is no guest…",
        "Upload a photo of the person",
        "This photo shows several faces.",
        "Remove from 2 photos",
        "The faces in 2 photos are forgotten.",
    ),
    "fr": (
        "Retirer une personne qui n",
        "Envoyer une photo de la personne",
        "Cette photo montre plusieurs visages.",
        "Retirer de 2 photos",
        "Les visages de 2 photos sont oubliés.",
    ),
}


@pytest.fixture
def party(system: LocalSystem, organiser: Organiser, sample: SampleEvent) -> Party:
    """A photo of Ada and Ben, with Ada as a guest, and her name."""
    event = organiser.event("Faces")
    both = next(photo for photo in sample.photos if photo.people == {"Ada", "Ben"} and photo.faces == 2)
    organiser.add_photos(event, [both])
    with register(system.base_url, event) as ada:
        assert ada.selfie_and_wait(sample.selfies["Ada"])["matched"] == 1
        return event, ada.username


def open_faces(laptop: Laptop, event: Json) -> None:
    laptop.open_event(event["id"])
    laptop.page.locator(".grid.organiser li a").first.click()
    laptop.page.locator(".pswp__actions button").click()
    expect(laptop.page.locator("dialog.faces li")).to_have_count(2, timeout=PATIENCE_MS)


def test_an_organiser_sees_the_faces_and_why_a_guest_matches_one(
    laptop: Laptop, organiser: Organiser, party: Party
) -> None:
    event, ada = party
    open_faces(laptop, event)
    dialog = laptop.page.locator("dialog.faces")
    pictures = dialog.locator("li img")
    for place in range(2):
        expect(pictures.nth(place)).to_have_js_property("complete", True)
        assert pictures.nth(place).evaluate("image => image.naturalWidth") > 40
    expect(dialog.locator("li").get_by_text(ada, exact=True)).to_have_count(1)
    expect(dialog.get_by_text("Matches no guest")).to_have_count(1)
    dialog.get_by_label("Why is this guest not in it?").select_option(label=ada)
    expect(dialog.get_by_role("status")).to_contain_text(f"{ada} is shown this photo.")
    expect(dialog.get_by_text("It is this guest.")).to_have_count(1)
    expect(dialog.get_by_text("Not this guest.")).to_have_count(1)
    laptop.check_accessibility()
    laptop.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(laptop.page.locator(".pswp__name")).to_be_visible()
    [photo] = organiser.get(f"/api/events/{event['id']}/photos")["photos"]
    hide = {"photo_ids": [photo["id"]], "visibility": "hidden"}
    organiser.expect(204, "POST", f"/api/events/{event['id']}/photos/visibility", json=hide)
    open_faces(laptop, event)
    dialog.get_by_label("Why is this guest not in it?").select_option(label=ada)
    expect(dialog.get_by_role("status")).to_contain_text(f"{ada} is not shown this photo. The photo is hidden.")


def test_the_faces_are_accessible_on_a_phone_in_dark_mode_in_french(
    new_laptop: NewLaptop, organiser: Organiser, party: Party
) -> None:
    narrow = new_laptop(locale="fr", viewport={"width": 390, "height": 844}, color_scheme="dark")
    narrow.sign_in(organiser.username)
    open_faces(narrow, party[0])
    narrow.page.get_by_label("Pourquoi cet invité").select_option(label=party[1])
    expect(narrow.page.get_by_text("est cet invité.")).to_have_count(1)
    narrow.check_accessibility()


@pytest.mark.parametrize("locale", ["en", "fr"])
def test_an_organiser_removes_a_person_who_is_not_a_guest(
    system: LocalSystem, new_laptop: NewLaptop, organiser: Organiser, sample: SampleEvent, locale: str
) -> None:
    """Uses only the keyboard; the person is in two photos."""
    remove, confirm, done, back = {
        "en": (
            "Remove this person",
            "Remove from 2 photos",
            "The faces in 2 photos are forgotten.",
            "Back to the photo",
        ),
        "fr": ("Retirer cette personne", "Retirer de 2 photos", "Les visages de 2 photos sont oubliés.", "Revenir"),
    }[locale]
    event = organiser.event("Removal")
    both = next(photo for photo in sample.photos if photo.people == {"Ada", "Ben"} and photo.faces == 2)
    alone = next(photo for photo in sample.photos if photo.people == {"Ben"} and photo.faces == 1)
    for photo in (alone, both):
        organiser.add_photos(event, [photo])
    with register(system.base_url, event) as ada:
        ada.selfie_and_wait(sample.selfies["Ada"])
        laptop = new_laptop(locale=locale, viewport={"width": 390, "height": 844})
        laptop.sign_in(organiser.username)
        open_faces(laptop, event)
        dialog = laptop.page.locator("dialog.faces")
        stranger = dialog.locator("li").filter(has_not_text=ada.username)
        stranger.get_by_role("button", name=remove).press("Enter")
        expect(dialog.get_by_role("checkbox", checked=True)).to_have_count(2, timeout=PATIENCE_MS)
        laptop.check_accessibility()
        dialog.get_by_role("button", name=confirm).press("Enter")
        expect(dialog.get_by_role("status")).to_have_text(done, timeout=PATIENCE_MS)
        dialog.get_by_role("button", name=back).press("Enter")
        expect(dialog.locator("li")).to_have_count(1, timeout=PATIENCE_MS)
        expect(dialog.locator("li")).to_contain_text(ada.username)
    photos = organiser.get(f"/api/events/{event['id']}/photos")["photos"]
    assert sorted(photo["faces"] for photo in photos) == [0, 1]


@pytest.mark.parametrize("locale", ["en", "fr"])
def test_an_organiser_removes_a_person_of_whom_they_have_a_photo(
    new_laptop: NewLaptop, organiser: Organiser, sample: SampleEvent, locale: str
) -> None:
    """First with a photo of two people; the person is in two photos."""
    opening, upload, several, confirm, done = SEARCH[locale]
    event = organiser.event("Search")
    both = next(photo for photo in sample.photos if photo.people == {"Ada", "Ben"} and photo.faces == 2)
    alone = next(photo for photo in sample.photos if photo.people == {"Ben"} and photo.faces == 1)
    for photo in (alone, both):
        organiser.add_photos(event, [photo])
    laptop = new_laptop(locale=locale, viewport={"width": 390, "height": 844})
    laptop.sign_in(organiser.username)
    laptop.open_event(event["id"])
    laptop.page.get_by_role("button", name=opening).press("Enter")
    dialog = laptop.page.locator("dialog.faces")
    field = dialog.get_by_label(upload)
    laptop.expected_statuses.add(422)
    for jpeg in (both.jpeg, sample.selfies["Ben"]):
        field.set_input_files({"name": "ben.jpg", "mimeType": "image/jpeg", "buffer": jpeg})
        if jpeg is both.jpeg:
            expect(dialog.get_by_role("alert")).to_contain_text(several, timeout=PATIENCE_MS)
    expect(dialog.get_by_role("checkbox", checked=True)).to_have_count(2, timeout=PATIENCE_MS)
    expect(dialog.get_by_role("alert")).to_have_count(0)
    laptop.check_accessibility()
    dialog.get_by_role("button", name=confirm).press("Enter")
    expect(dialog.get_by_role("status")).to_have_text(done, timeout=PATIENCE_MS)
    laptop.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    photos = organiser.get(f"/api/events/{event['id']}/photos")["photos"]
    assert sorted(photo["faces"] for photo in photos) == [0, 1]
    actions = [act["action"] for act in organiser.get(f"/api/events/{event['id']}/audit")["acts"]]
    # Each cut-out that is shown counts as a look.
    assert [action for action in actions if action != "faces_viewed"] == ["faces_forgotten", "face_searched_by_photo"]
