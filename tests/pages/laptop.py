"""An organiser's browser on a laptop."""

from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.e2e.party import PASSWORD
from tests.pages.phone import PATIENCE_MS, Phone

TILES = ".grid.organiser li"


class Laptop(Phone):
    """One browser context of an organiser."""

    def sign_in(self, username: str) -> None:
        """Signs in, in any language, and waits for the list of events."""
        self.open("/organiser")
        self.fill_in(username)
        expect(self.page.locator("#password")).to_have_count(0, timeout=PATIENCE_MS)
        expect(self.page.get_by_role("heading", level=1)).to_be_visible(timeout=PATIENCE_MS)

    def fill_in(self, username: str) -> None:
        """Fills in the sign-in form, in any language."""
        self.page.locator("#name").fill(username)
        self.page.locator("#password").fill(PASSWORD)
        self.page.locator("form button[type=submit]").click()

    def open_event(self, event_id: str, tab: str = "") -> None:
        self.open(f"/organiser/events/{event_id}{tab}")
        expect(self.page.locator(".tabs")).to_be_visible(timeout=PATIENCE_MS)

    def go_to(self, tab: str) -> None:
        self.page.locator(".tabs").get_by_role("link", name=tab, exact=True).click()

    def choose_folder(self, folder: Path) -> None:
        self.page.locator(".upload input[type=file]").last.set_input_files(folder)

    def tiles(self) -> Locator:
        return self.page.locator(TILES)

    def expect_tiles(self, count: int) -> None:
        expect(self.tiles()).to_have_count(count, timeout=PATIENCE_MS)

    def choose(self, filter_name: str) -> None:
        self.page.get_by_label("Show", exact=True).select_option(label=filter_name)
