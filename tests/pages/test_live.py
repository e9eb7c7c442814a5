"""Live updates of an organiser's open event page."""

from playwright.sync_api import Request, Response, expect

from deploy.sample.event import SampleEvent
from tests.e2e.party import Json, Organiser
from tests.pages.conftest import NewPhone
from tests.pages.laptop import Laptop
from tests.pages.phone import PATIENCE_MS, Phone

# Makes streams fail, as some proxies do.
NO_STREAMS = """
window.EventSource = class extends EventTarget { readyState = 2; close() {} };
"""


def asked_for(laptop: Laptop, path: str) -> list[Request]:
    return [request for request in laptop.requests if request.url.endswith(path)]


def await_stream(laptop: Laptop, event: Json) -> None:
    """Waits for the stream's first state, after which the event is read once more."""
    answers: list[Response] = []

    def is_second(answer: Response) -> bool:
        answers.extend([answer] if answer.url.endswith(f"/api/events/{event['id']}") else [])
        return len(answers) == 2

    with laptop.page.expect_response(is_second):
        laptop.open_event(event["id"], "/guests")


def test_guests_and_photos_appear_live_without_polling(
    laptop: Laptop, phone: Phone, organiser: Organiser, sample: SampleEvent
) -> None:
    event = organiser.event("Live")
    await_stream(laptop, event)
    laptop.see("No guest has joined yet")
    read = len(asked_for(laptop, f"/api/events/{event['id']}"))
    phone.open(f"/e/{event['event_code']}")
    phone.page.get_by_label("Your name (optional)").fill("Ada")
    phone.agree_and_open_camera()
    phone.choose_picture(sample.selfies["Ada"])
    row = laptop.page.locator(".guests li").filter(has_text="Ada")
    expect(row).to_contain_text("selfie accepted · no photo yet", timeout=PATIENCE_MS)
    laptop.see("1 guest with a selfie is in no photo yet")
    laptop.page.get_by_label("Show", exact=True).select_option(label="Without a photo")
    laptop.see("Ask the photographer to take one of them.")
    expect(row).to_have_count(1)
    laptop.check_accessibility()
    photo = next(photo for photo in sample.photos if photo.people == frozenset(["Ada"]))
    organiser.add_photos(event, [photo])
    laptop.see("1 photo, read")
    laptop.see("Every guest is in a photo.")
    laptop.page.get_by_label("Show", exact=True).select_option(label="All guests")
    expect(row).to_contain_text("in 1 photo", timeout=PATIENCE_MS)
    laptop.go_to("Photos")
    laptop.expect_tiles(1)
    organiser.add_photos(event, sample.photos[:2])
    laptop.expect_tiles(len({photo.name for photo in [photo, *sample.photos[:2]]}))
    assert len(asked_for(laptop, f"/api/events/{event['id']}")) == read, "the event was requested"


def test_a_waiting_guest_is_listed_first_and_admitted(
    laptop: Laptop, new_phone: NewPhone, organiser: Organiser
) -> None:
    event = organiser.event("Live", admission=True)
    await_stream(laptop, event)
    phone = new_phone()
    phone.open(f"/e/{event['event_code']}")
    phone.button("Continue without a selfie").click()
    laptop.see("1 guest is waiting to join")
    first = laptop.page.locator(".guests li").first
    expect(first).to_contain_text("waiting to join", timeout=PATIENCE_MS)
    first.get_by_role("button", name="Let in").click()
    row = laptop.page.locator(".guests li").filter(has_text="no selfie yet · no photo yet")
    expect(row).to_have_count(1, timeout=PATIENCE_MS)
    expect(laptop.page.locator(".state")).to_contain_text("2 people")


def test_without_a_stream_the_page_polls(
    new_phone: NewPhone, laptop: Laptop, organiser: Organiser, sample: SampleEvent
) -> None:
    event = organiser.event("Polled")
    laptop.page.add_init_script(NO_STREAMS)
    laptop.open_event(event["id"])
    laptop.see("No photos yet")
    organiser.add_photos(event, sample.photos[:1])
    laptop.see("1 photo, read")
    laptop.expect_tiles(1)
