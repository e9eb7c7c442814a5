"""A guest's path in WebKit, if it is installed: the page in Safari's engine."""

from pathlib import Path

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, showing
from tests.pages.webkit import running_webkit


def test_a_guest_gets_from_the_poster_to_the_photos_with_a_chosen_picture(
    system: LocalSystem, gallery: tuple[Json, dict[str, SamplePhoto]], sample: SampleEvent, tmp_path: Path
) -> None:
    event, photos = gallery
    selfie = tmp_path / "selfie.jpg"
    selfie.write_bytes(sample.selfies["Ada"])
    with running_webkit(tmp_path) as window:
        window.open(f"{system.base_url}/e/{event['event_code']}")
        window.click("input[type=checkbox]")
        window.click("button.primary")
        window.wait_for("input[type=file]", count=2)
        window.choose_file("input[type=file]", selfie)
        window.wait_for(".grid li", count=len(showing(photos, "Ada")))
        assert window.evaluate("document.documentElement.scrollWidth <= innerWidth")
