"""Each error on the guest's path says what to do next."""

import functools
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageFilter
from playwright.sync_api import Route, expect

from deploy.sample.event import SampleEvent, SamplePhoto
from gateway.selfies.schemas import REASONS
from tests.e2e.party import Json, Organiser, showing
from tests.pages.conftest import NewPhone
from tests.pages.phone import Phone, to_jpeg, to_picture

Gallery = tuple[Json, dict[str, SamplePhoto]]
DENIED = """
navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
"""
ABSENT = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });"


def spoil(sample: SampleEvent, how: str) -> bytes:
    """Makes selfies be rejected for this reason."""
    picture = to_picture(sample.selfies["Ada"])
    if how == "no_face":
        return next(photo.jpeg for photo in sample.photos if not photo.people)
    if how == "several_faces":
        return next(photo.jpeg for photo in sample.photos if len(photo.people) == 2)
    return to_jpeg(picture.filter(ImageFilter.GaussianBlur(picture.width / 60)))


@pytest.mark.parametrize(
    ("how", "advice"),
    [
        ("no_face", "No face was found"),
        ("several_faces", "Several faces are in the picture"),
        ("blurred", "The picture is blurred"),
    ],
)
def test_a_rejected_selfie_shows_a_reason_and_the_next_one_is_accepted(
    phone: Phone, gallery: Gallery, sample: SampleEvent, how: str, advice: str
) -> None:
    event, photos = gallery
    phone.join_with(event["event_code"], spoil(sample, how))
    phone.see(advice)
    phone.check_accessibility()
    phone.button("Try again").click()
    phone.page.locator(".shutter").wait_for()
    phone.choose_picture(sample.selfies["Ada"])
    phone.expect_photos(len(showing(photos, "Ada")))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_reject_reason_has_its_own_message(new_phone: NewPhone, gallery: Gallery, language: str) -> None:
    """In both languages, without duplicates."""
    phone = new_phone(locale=language)
    phone.open(f"/e/{gallery[0]['event_code']}")
    phone.page.locator("button.quiet").first.click()
    phone.page.locator(".nothing").wait_for()
    session = phone.page.request.get(f"{phone.base_url}/api/session").json()
    session["me"]["events"][0]["searched"] = True
    seen = set()
    for reason in REASONS:
        session["me"]["selfie"] = {"status": "validation_failed", "matched": 0, "reason": reason, "message": "?"}
        phone.page.route("**/api/session", functools.partial(fulfil, session))
        phone.page.reload()
        seen.add(phone.page.locator(".trouble p").inner_text())
        phone.page.unroute("**/api/session")
    assert len(seen) == len(REASONS)
    assert not [sentence for sentence in seen if "?" in sentence]


def fulfil(session: Json, route: Route) -> None:
    route.fulfill(json=session)


@pytest.mark.parametrize(
    ("script", "words"), [(DENIED, "The camera is blocked"), (ABSENT, "This browser offers no camera")]
)
def test_without_a_camera_a_photo_can_be_chosen(
    new_phone: NewPhone, gallery: Gallery, sample: SampleEvent, script: str, words: str
) -> None:
    event, photos = gallery
    phone = new_phone(script)
    phone.open(f"/e/{event['event_code']}")
    phone.page.get_by_role("checkbox").check()
    phone.button("Take a selfie").click()
    phone.see(words)
    phone.check_accessibility()
    assert phone.page.locator("input[type=file]").first.get_attribute("capture") == "user"
    assert phone.page.locator("input[type=file]").last.get_attribute("capture") is None
    phone.choose_picture(sample.selfies["Ada"])
    phone.expect_photos(len(showing(photos, "Ada")))


def test_a_wrong_code_is_reported_and_another_one_can_be_entered(phone: Phone, gallery: Gallery) -> None:
    phone.open("/e/0000-0000")
    phone.see("No open event has this code")
    phone.check_accessibility()
    phone.page.get_by_label("Event code").fill(gallery[0]["event_code"].lower())
    phone.button("Open").click()
    phone.see("Your photos of Gallery")


def test_a_closed_event_still_shows_guests_their_photos(
    new_phone: NewPhone, organiser: Organiser, sample: SampleEvent, one_of: Any
) -> None:
    event = organiser.event("Closing")
    organiser.add_photos(event, [one_of("Ada")])
    phone = new_phone()
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(1)
    organiser.expect(200, "PATCH", f"/api/events/{event['id']}", json={"closed": True})
    phone.page.reload()
    phone.expect_photos(1)
    late = new_phone()
    late.open(f"/e/{event['event_code']}")
    late.see("This event is closed and accepts no new guests")


def test_a_file_that_is_not_a_picture_is_explained(phone: Phone, gallery: Gallery) -> None:
    phone.expected_statuses.add(415)
    phone.join_with(gallery[0]["event_code"], b"this is no picture")
    phone.see("This kind of file cannot be read")
    phone.button("Back").click()
    phone.see("Which photos are you in?")


def test_a_network_outage_loses_nothing(phone: Phone, gallery: Gallery, sample: SampleEvent) -> None:
    event, photos = gallery
    phone.open(f"/e/{event['event_code']}")
    phone.agree_and_open_camera()
    phone.context.set_offline(True)
    phone.choose_picture(sample.selfies["Ada"])
    phone.see("There is no connection")
    phone.context.set_offline(False)
    phone.button("Try again").click()
    phone.expect_photos(len(showing(photos, "Ada")))
    phone.faults.clear()  # the browser's own network errors


def test_an_expired_session_asks_to_scan_the_code_again(phone: Phone, gallery: Gallery) -> None:
    event = gallery[0]
    phone.open(f"/e/{event['event_code']}")
    phone.button("Continue without a selfie").click()
    phone.see("Which photos are you in?")
    phone.context.clear_cookies()
    phone.open(f"/my/{event['id']}")
    phone.see("You are signed out. Scan the code of your event again.")


def test_an_old_browser_gets_the_plain_page(new_phone: NewPhone, gallery: Gallery, sample: SampleEvent) -> None:
    event, photos = gallery
    phone = new_phone("CSS.supports = () => false;")
    phone.open(f"/e/{event['event_code']}")
    phone.see("This browser is old")
    phone.see("A description of your face is computed")
    expect(phone.page.get_by_role("heading", name="Gallery")).to_be_visible()
    phone.button("Continue without a selfie").click()
    phone.see("No photo of you yet")
    phone.page.get_by_role("checkbox").check()
    phone.choose_picture(sample.selfies["Ada"])
    phone.button("Send").evaluate("button => { button.click(); button.click(); }")
    phone.see("Your photos:")
    expect(phone.page.locator("main a img")).to_have_count(len(showing(photos, "Ada")))
    phone.check_accessibility()
    phone.page.once("dialog", lambda dialog: dialog.accept())
    phone.button("Delete everything about me").click()
    phone.see("Everything about you is deleted")
    assert phone.page.request.get(f"{phone.base_url}/api/session").json()["me"] is None


def test_the_plain_page_uses_only_old_syntax() -> None:
    """ECMAScript 5; the build rejects whatever it cannot express in it."""
    built = Path("gateway/web/dist/assets")
    for name in ("old", "boot"):
        script = next(built.glob(f"{name}-*.js")).read_text()
        assert not [word for word in ("=>", "`", "const ", "let ", "async ", "class ") if word in script], name


def test_no_camera_stays_open_after_a_rejected_join(phone: Phone, gallery: Gallery) -> None:
    phone.expected_statuses.add(409)
    problem = {"reason": "event_closed", "status": 409}
    phone.page.route("**/api/guest-sessions", lambda route: route.fulfill(json=problem, status=409))
    phone.open(f"/e/{gallery[0]['event_code']}")
    phone.page.get_by_role("checkbox").check()
    phone.button("Take a selfie").click()
    phone.see("This event is closed and accepts no new guests")
    phone.page.unroute("**/api/guest-sessions")
    phone.button("Continue without a selfie").click()
    phone.see("Which photos are you in?")
    assert not phone.page.locator("video").count()


def test_the_photos_are_listed_once_when_the_page_opens(phone: Phone, gallery: Gallery, sample: SampleEvent) -> None:
    """Once at the start, and again when the live updates connect."""
    event, photos = gallery
    phone.join_with(event["event_code"], sample.selfies["Ada"])
    phone.expect_photos(len(showing(photos, "Ada")))

    def count_lists() -> int:
        phone.requests.clear()
        with phone.page.expect_response("**/api/rematch-status"):
            phone.page.reload()
        phone.expect_photos(len(showing(photos, "Ada")))
        return len([request for request in phone.requests if "/api/my-photos?" in request.url])

    # Another change in the event while the page opens may cause one more request.
    assert min(count_lists() for _ in range(3)) <= 2


@pytest.mark.parametrize(
    ("language", "seconds", "words"),
    [
        ("en", 40, "Try again in 40 seconds."),
        ("en", 90, "Try again in 2 minutes."),
        ("fr", 7000, "Réessayez dans 2 heures."),
    ],
)
def test_rate_limited_guests_are_told_how_long_to_wait(
    new_phone: NewPhone, language: str, seconds: int, words: str
) -> None:
    phone = new_phone(locale=language)
    phone.expected_statuses.add(429)
    phone.open("/")
    phone.page.route(
        "**/api/check-event-code",
        lambda route: route.fulfill(
            status=429, headers={"Retry-After": str(seconds)}, json={"reason": "too_many_requests"}
        ),
    )
    phone.page.locator("#code").fill("AAAA-AAAA")
    phone.page.locator("form button").first.click()
    phone.see(words)
