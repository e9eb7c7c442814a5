"""python -m tests.pages.screenshots FOLDER: screenshots of the guest's and the organiser's pages, in both sizes, themes
and languages.

The photos are drawings of out-of-focus lights, without people.
"""

import argparse
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from playwright.sync_api import Browser, Page, Route, sync_playwright

from deploy.local.system import LocalSystem
from deploy.rest import Person, add_organiser
from deploy.sample.event import SamplePhoto
from tests.pages.browser import launch
from tests.pages.conftest import LAPTOP, PHONE
from tests.pages.phone import film_of
from tests.pages.pictures import SIZES, draw_photo

ORGANISER, PASSWORD = "Olga", "correct horse battery"
COUNT = 24


def list_photos(event_id: str) -> dict[str, Any]:
    photos = []
    for number in range(COUNT):
        width, height = SIZES[number % len(SIZES)]
        photo_id = str(UUID(int=number))
        urls = {f"{name}_url": f"/drawn/{number}" for name in ("thumb", "medium", "preview", "original")}
        photos.append(
            {
                "id": photo_id,
                "event_id": event_id,
                "width": width,
                "height": height,
                "taken_at": None,
                "shows_me": True,
                "colour": None,
                **urls,
            }
        )
    return {"photos": photos, "total": COUNT, "next_cursor": None}


def show_drawn_photos(page: Page) -> None:
    """Shows drawn photos instead of the guest's own."""

    def fulfil_list(route: Route) -> None:
        route.fulfill(json=list_photos(str(UUID(int=0))))

    def fulfil_session(route: Route) -> None:
        session = route.fetch().json()
        if session["me"]:
            session["me"]["selfie"] = {"status": "done", "matched": COUNT}
        route.fulfill(json=session)

    def fulfil_photo(route: Route) -> None:
        number = int(route.request.url.rpartition("/")[2])
        route.fulfill(body=draw_photo(number, *SIZES[number % len(SIZES)]), content_type="image/jpeg")

    page.route("**/api/my-photos?*", fulfil_list)
    page.route("**/api/session", fulfil_session)
    page.route("**/api/rematch-status", lambda route: route.fulfill(json={"status": "done", "matched": COUNT}))
    page.route("**/drawn/*", fulfil_photo)


def walk_as_guest(browser: Browser, base_url: str, code: str, options: dict[str, Any], folder: Path, name: str) -> None:
    context = browser.new_context(**options)
    page = context.new_page()
    show_drawn_photos(page)

    def take(screen: str) -> None:
        page.wait_for_timeout(400)
        page.screenshot(path=folder / f"{screen}-{name}.png")

    page.goto(f"{base_url}/e/{code}")
    page.get_by_role("checkbox").check()
    take("welcome")
    page.locator("button.primary").click()
    page.locator(".shutter").wait_for()
    take("camera")
    page.go_back()
    page.locator(".grid img").first.wait_for()
    page.wait_for_load_state("networkidle")
    take("gallery")
    page.locator(".grid a").first.click()
    page.locator(".pswp__img").first.wait_for()
    take("lightbox")
    page.keyboard.press("Escape")
    page.locator("main > footer button").last.click()
    page.locator("main h2").first.wait_for()
    take("you")
    context.close()


def walk_as_organiser(
    browser: Browser, base_url: str, event_id: str, options: dict[str, Any], folder: Path, name: str
) -> None:
    context = browser.new_context(**options)
    page = context.new_page()

    def take(screen: str, selector: str) -> None:
        page.locator(selector).first.wait_for()
        page.wait_for_timeout(800)
        page.screenshot(path=folder / f"{screen}-{name}.png")

    page.goto(f"{base_url}/organiser")
    take("sign-in", "#name")
    page.locator("#name").fill(ORGANISER)
    page.locator("#password").fill(PASSWORD)
    page.locator("form button[type=submit]").click()
    take("events", "ul.events a")
    page.goto(f"{base_url}/organiser/new")
    take("new-event", "#event-name")
    page.goto(f"{base_url}/organiser/events/{event_id}")
    page.locator(".grid.organiser input").nth(1).check()
    take("photos", ".toast.actions")
    for tab in ("guests", "poster", "log", "settings"):
        page.goto(f"{base_url}/organiser/events/{event_id}/{tab}")
        take(tab, f".{tab} h2")
    page.goto(f"{base_url}/organiser/account")
    take("account", ".devices li")
    context.close()


def fill_event(organiser: Person, base_url: str) -> dict[str, Any]:
    """Fills an event with drawn photos, waits until they are read, and adds a few guests."""
    event = organiser.create_event("Summer party")
    sizes = (SIZES[number % len(SIZES)] for number in range(COUNT))
    photos = [SamplePhoto(f"IMG_{n:04}.jpg", draw_photo(n, *size), frozenset(), 0) for n, size in enumerate(sizes)]
    organiser.upload_photos(event["id"], photos)
    organiser.invite(event["id"], "photographer")
    for name in ("Grandpa", "Mia", ""):
        form = {"event_code": event["event_code"], "display_name": name, "consent_version": "1"}
        httpx2.post(f"{base_url}/api/guest-sessions", json=form).raise_for_status()
    while organiser.event(event["id"])["photos"]["pending"]:
        time.sleep(0.2)
    return event


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mn-shots-", dir="/tmp") as data:
        film = film_of(draw_photo(7, 640, 480), Path(data) / "camera.mjpeg")
        system = LocalSystem(Path(data) / "data")
        with system, sync_playwright() as playwright, Person(system.base_url) as organiser:
            add_organiser(system.data, system.env, ORGANISER, PASSWORD)
            organiser.login(ORGANISER, PASSWORD)
            event = fill_event(organiser, system.base_url)
            browser = launch(playwright, film)
            devices = {"phone": PHONE, "laptop": LAPTOP}
            for (device, options), theme, language in product(devices.items(), ("light", "dark"), ("en", "fr")):
                chosen = {**options, "color_scheme": theme, "locale": language}
                name = f"{device}-{theme}-{language}"
                walk_as_guest(browser, system.base_url, event["event_code"], chosen, folder, name)
                walk_as_organiser(browser, system.base_url, event["id"], chosen, folder, name)
            browser.close()
    print(f"{len([*folder.glob('*.png')])} pictures are in {folder}.")


if __name__ == "__main__":
    main()
