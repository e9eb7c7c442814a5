"""The page under a host name other than `localhost`, as phones open it on the same network: cameras require HTTPS."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.lan import LOCAL_NAMES
from deploy.local.system import LocalSystem
from deploy.rest import Person, add_organiser
from deploy.sample.event import SampleEvent
from tests.e2e.party import PASSWORD, Json
from tests.pages.conftest import FOREIGN_HOST, NewPhone

COUNT = 3


@pytest.fixture(scope="module")
def secure_system() -> Iterator[LocalSystem]:
    folder = Path(tempfile.mkdtemp(prefix="mn-https-", dir="/tmp"))
    running = LocalSystem(folder / "data", https_names=(*LOCAL_NAMES, FOREIGN_HOST))
    try:
        with running:
            yield running
    finally:
        running.remove_data()
        shutil.rmtree(folder, ignore_errors=True)


def make_event(system: LocalSystem, sample: SampleEvent) -> Json:
    """Makes an event with photos of Ada, which may not be read yet on return."""
    add_organiser(system.data, system.env, "olaf", PASSWORD)
    with Person(system.base_url, system.trusted) as organiser:
        organiser.login("olaf", PASSWORD)
        event = organiser.create_event("By name")
        organiser.upload_photos(event["id"], [photo for photo in sample.photos if "Ada" in photo.people][:COUNT])
    return event


def test_over_https_the_camera_works_from_the_poster_to_the_photos(
    new_phone: NewPhone, secure_system: LocalSystem, sample: SampleEvent
) -> None:
    event = make_event(secure_system, sample)
    address = f"https://{FOREIGN_HOST}:{secure_system.ports['gateway']}"
    phone = new_phone(base_url=address, ignore_https_errors=True)
    phone.open(f"/e/{event['event_code']}")
    assert phone.page.evaluate("isSecureContext")
    phone.agree_and_open_camera()
    phone.page.locator(".shutter").click()
    phone.expect_photos(COUNT)
    phone.page.reload()
    phone.expect_photos(COUNT)
    cookies = {cookie["name"]: cookie["secure"] for cookie in phone.context.cookies()}
    names = ("__Host-minois_token", "__Host-minois_phone", "__Secure-minois_refresh", "__Secure-minois_renewable")
    assert cookies == dict.fromkeys(names, True)


def test_control_over_plain_http_a_photo_upload_replaces_the_camera(
    new_phone: NewPhone, system: LocalSystem, sample: SampleEvent
) -> None:
    event = make_event(system, sample)
    phone = new_phone(base_url=f"http://{FOREIGN_HOST}:{system.ports['gateway']}")
    phone.open(f"/e/{event['event_code']}")
    assert not phone.page.evaluate("isSecureContext")
    phone.page.get_by_role("checkbox").check()
    phone.button("Take a selfie").click()
    phone.see("This browser offers no camera here")
    phone.choose_picture(sample.selfies["Ada"])
    phone.expect_photos(COUNT)
    assert "minois_token" in {cookie["name"] for cookie in phone.context.cookies()}
    assert all("Cross-Origin-Opener-Policy header has been ignored" in fault for fault in phone.faults)
    phone.faults.clear()
