"""Key presses stay fast with many photos on the page."""

from pathlib import Path

from playwright.sync_api import CDPSession

from tests.e2e.party import Organiser
from tests.pages.laptop import Laptop
from tests.pages.pictures import write_folder

COUNT = 100
KEYS = 30
ROUNDS = 3
FEW = 10
AWAIT_PICTURE = "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))"
# The control: with `content-visibility: auto`, each tile is laid out separately whenever the focus moves.
LAY_OUT_EACH_TILE = """
document.styleSheets[0].insertRule(".grid.organiser li { content-visibility: auto }")
"""


def layouts(session: CDPSession) -> int:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return int(next(metric["value"] for metric in metrics if metric["name"] == "LayoutCount"))


def layouts_of_keys(laptop: Laptop, session: CDPSession) -> list[int]:
    """The number of layouts of each key press while the focus moves once around the page."""
    laptop.page.evaluate(AWAIT_PICTURE)
    laptop.page.locator("h1").focus()
    found = []
    for _ in range(KEYS):
        before = layouts(session)
        laptop.page.keyboard.press("Tab")
        found.append(layouts(session) - before)
    return found


def most_layouts_of_a_key(laptop: Laptop, session: CDPSession) -> int:
    """The highest number of layouts of a key press, each key taken from its best round: pictures that finish loading
    cause layouts, too."""
    rounds = [layouts_of_keys(laptop, session) for _ in range(ROUNDS)]
    return max(map(min, zip(*rounds, strict=True)))


def test_a_key_press_lays_out_the_page_once_and_not_each_tile(
    laptop: Laptop, organiser: Organiser, tmp_path: Path
) -> None:
    event = organiser.event("Keys")
    names = [("files", path.read_bytes()) for path in write_folder(tmp_path / "party", COUNT).iterdir()]
    organiser.expect(202, "POST", f"/api/events/{event['id']}/photos", files=names)
    organiser.indexed(event)
    laptop.open_event(event["id"])
    laptop.expect_tiles(COUNT)
    session = laptop.context.new_cdp_session(laptop.page)
    session.send("Performance.enable")
    assert most_layouts_of_a_key(laptop, session) < FEW
    laptop.page.evaluate(LAY_OUT_EACH_TILE)
    assert most_layouts_of_a_key(laptop, session) > FEW
