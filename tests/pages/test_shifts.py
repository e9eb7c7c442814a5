"""Nothing on a screen of a guest moves by itself, also on a slow machine and while lists overtake each other."""

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from deploy.sample.event import SamplePhoto
from tests.e2e.party import Json, showing
from tests.pages.conftest import LAPTOP, PHONE, NewPhone
from tests.pages.phone import PATIENCE_MS

Gallery = tuple[Json, dict[str, SamplePhoto]]
THROTTLE = 8  # times slower than this machine


@pytest.mark.parametrize("device", [PHONE, LAPTOP], ids=["phone", "laptop"])
def test_nothing_moves_on_a_slow_machine(new_phone: NewPhone, gallery: Gallery, device: dict[str, Any]) -> None:
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


def test_a_list_that_is_on_its_way_is_waited_for(new_phone: NewPhone, gallery: Gallery) -> None:
    """Not "No photo of you yet", which would be wrong and pushed away a moment later."""
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
