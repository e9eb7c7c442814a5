"""Guest screens have no layout shifts, even on a slow machine and when list requests overlap."""

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from deploy.sample.event import SamplePhoto
from tests.e2e.party import Json, showing
from tests.pages.conftest import LAPTOP, PHONE, NewPhone
from tests.pages.phone import PATIENCE_MS

Gallery = tuple[Json, dict[str, SamplePhoto]]
THROTTLE = 8  # slowdown factor of the CPU


@pytest.mark.parametrize("device", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_there_are_no_layout_shifts_on_a_slow_machine(
    new_phone: NewPhone, gallery: Gallery, device: dict[str, Any]
) -> None:
    event, photos = gallery
    phone = new_phone(**device)
    wire = phone.context.new_cdp_session(phone.page)
    wire.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
    phone.open(f"/e/{event['event_code']}")
    phone.see("Your photos of Gallery")
    phone.agree_and_open_camera()
    phone.page.locator(".shutter").click()
    phone.expect_photos(len(showing(photos, "Ada")))
    assert phone.shifts() == 0


def test_a_pending_list_is_awaited_before_the_page_says_that_there_are_no_photos(
    new_phone: NewPhone, gallery: Gallery
) -> None:
    """ "No photo of you yet" would be wrong and replaced a moment later."""
    event, photos = gallery
    phone = new_phone()
    held: list[Route] = []
    is_holding = False

    def pass_on(route: Route) -> None:
        if is_holding:
            held.append(route)
        else:
            route.continue_()

    phone.page.route("**/api/my-photos?*", pass_on)
    phone.open(f"/e/{event['event_code']}")
    phone.agree_and_open_camera()
    is_holding = True
    with phone.page.expect_response(lambda answer: "rematch-status" in answer.url and '"done"' in answer.text()):
        phone.page.locator(".shutter").click()
    expect(phone.page.get_by_role("status")).to_have_text("Looking for you in the photos …", timeout=PATIENCE_MS)
    expect(phone.page.locator(".nothing")).to_have_count(0)
    is_holding = False
    for route in held:
        route.continue_()
    phone.expect_photos(len(showing(photos, "Ada")))
    assert phone.shifts() == 0
