"""Organiser uploads: nothing is lost or sent twice, and every failure has a reason."""

import threading
from pathlib import Path

import pytest
from playwright.sync_api import Request, Route, expect

from tests.e2e.party import Json, Organiser
from tests.pages.laptop import Laptop
from tests.pages.phone import PATIENCE_MS
from tests.pages.pictures import SMALL_SIDE, draw_photo, write_folder
from tests.selfie.world import wait_until

COUNT = 60
WHOLE_PARTY = 300
FIRST_REQUEST = 50
DROP = """
([selector, files]) => {
  const data = new DataTransfer();
  for (const { name, bytes } of files) data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/jpeg" }));
  const target = document.querySelector(selector);
  for (const type of ["dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}
"""

# The page opens no live stream, so it sees only the answers to its own requests.
DEAF = """
window.EventSource = class extends EventTarget {
  static CLOSED = 2;
  readyState = 0;
  close() {}
};
"""


@pytest.fixture
def event(organiser: Organiser) -> Json:
    return organiser.event("Upload")


def uploads(laptop: Laptop) -> list[Request]:
    return [
        request
        for request in laptop.requests
        if request.method == "POST" and request.url.endswith("/photos") and "/api/events/" in request.url
    ]


def stored_names(organiser: Organiser, event: Json) -> list[str]:
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        page = organiser.get(f"/api/events/{event['id']}/photos", limit=200, cursor=cursor)
        found += [photo["filename"] for photo in page["photos"]]
        cursor = page["next_cursor"]
    return sorted(found)


def test_a_folder_is_uploaded_completely_despite_a_network_failure(
    laptop: Laptop, organiser: Organiser, event: Json, tmp_path: Path
) -> None:
    """The failure comes midway: one request has arrived, others are in progress."""
    folder = write_folder(tmp_path / "party", WHOLE_PARTY, SMALL_SIDE)
    (folder / "IMG_0000.xmp").write_text("<x/>")
    laptop.open_event(event["id"])
    under_way: list[Route] = []
    arrived: list[Route] = []

    def stop_after_first(route: Route) -> None:
        if arrived:
            under_way.append(route)
        else:
            arrived.append(route)
            route.continue_()

    laptop.page.route("**/api/events/*/photos", stop_after_first)
    laptop.choose_folder(folder)
    laptop.see("1 file is not a picture and was skipped: ")
    upload = laptop.page.locator(".upload-state")
    expect(upload).to_contain_text(f"{FIRST_REQUEST} of {WHOLE_PARTY} sent", timeout=PATIENCE_MS)
    laptop.context.set_offline(True)
    for route in under_way:
        route.abort("internetdisconnected")
    laptop.see("No connection. The upload continues by itself.")
    assert len(stored_names(organiser, event)) == FIRST_REQUEST
    laptop.page.unroute("**/api/events/*/photos")
    laptop.context.set_offline(False)
    expect(upload).to_contain_text("All photos are on the server.", timeout=PATIENCE_MS)
    assert stored_names(organiser, event) == sorted(path.name for path in folder.glob("*.jpg"))


def test_after_a_reload_only_the_remaining_files_are_sent(
    laptop: Laptop, organiser: Organiser, event: Json, tmp_path: Path
) -> None:
    folder = write_folder(tmp_path / "party", COUNT)
    laptop.open_event(event["id"])
    # The second request never arrives, as when a laptop is closed.
    sent, is_open_again = [], threading.Event()

    def hold_second(route: Route) -> None:
        sent.append(route)
        if len(sent) == 1 or is_open_again.is_set():
            route.continue_()

    laptop.page.route("**/api/events/*/photos", hold_second)
    laptop.choose_folder(folder)
    expect(laptop.page.locator(".upload-state")).to_contain_text("50 of 60 sent", timeout=PATIENCE_MS)
    is_open_again.set()
    laptop.page.on("dialog", lambda dialog: dialog.accept())
    laptop.page.reload()
    laptop.page.locator(".drop").wait_for()
    laptop.requests.clear()
    laptop.choose_folder(folder)
    laptop.see("All photos are on the server.")
    laptop.see("50 already uploaded")
    assert len(uploads(laptop)) == 1
    assert stored_names(organiser, event) == sorted(path.name for path in folder.glob("*.jpg"))


def test_failed_files_are_listed_with_a_reason_and_can_be_retried(
    laptop: Laptop, organiser: Organiser, event: Json, tmp_path: Path
) -> None:
    folder = write_folder(tmp_path / "party", 3)
    (folder / "text.jpg").write_text("no picture at all")
    (folder / "empty.jpg").write_bytes(b"")
    laptop.expected_statuses |= {400, 415}
    laptop.open_event(event["id"])
    laptop.choose_folder(folder)
    laptop.see("All photos except 2 are on the server.")
    failures = laptop.page.locator(".failures li")
    expect(failures).to_have_count(2)
    expect(failures.filter(has_text="text.jpg")).to_contain_text("This is not a JPEG, PNG, WebP, HEIC or AVIF picture.")
    expect(failures.filter(has_text="empty.jpg")).to_contain_text("The file is empty.")
    assert len(stored_names(organiser, event)) == 3
    sent = len(uploads(laptop))
    failures.filter(has_text="text.jpg").get_by_role("button", name="Try again").click()
    expect(laptop.page.locator(".upload-state")).to_contain_text("All photos except 2", timeout=PATIENCE_MS)
    laptop.page.wait_for_timeout(500)
    assert len(uploads(laptop)) == sent + 1


def test_an_upload_can_be_paused_and_resumed(laptop: Laptop, event: Json, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "party", 5)
    laptop.open_event(event["id"])
    held: list[Route] = []
    laptop.page.route("**/photos/known", lambda route: held.append(route))
    laptop.choose_folder(folder)
    laptop.button("Pause").click()
    laptop.see("Paused.")
    held[0].continue_()
    laptop.page.unroute("**/photos/known")
    laptop.page.wait_for_timeout(500)
    assert uploads(laptop) == []
    laptop.button("Continue").click()
    laptop.see("All photos are on the server.")


def test_known_photos_are_not_sent_again(laptop: Laptop, organiser: Organiser, event: Json, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "party", 4)
    first = folder / "IMG_0000.jpg"
    answer = organiser.http.post(f"/api/events/{event['id']}/photos", files={"files": (first.name, first.read_bytes())})
    assert answer.status_code == 202
    laptop.open_event(event["id"])
    laptop.choose_folder(folder)
    laptop.see("1 already uploaded")
    laptop.see("All photos are on the server.")
    assert len([request for request in laptop.requests if request.url.endswith("/photos/known")]) == 1
    assert len(uploads(laptop)) == 1


def test_new_versions_replace_photos_of_the_same_name_in_place(
    laptop: Laptop, organiser: Organiser, event: Json, tmp_path: Path
) -> None:
    folder = write_folder(tmp_path / "party", 4)
    laptop.open_event(event["id"])
    laptop.choose_folder(folder)
    laptop.see("4 photos, all read")
    before = organiser.get(f"/api/events/{event['id']}/photos")["photos"]
    (folder / "again").mkdir()
    for name in ("IMG_0000.jpg", "again/IMG_0000.jpg", "IMG_0001.jpg", "IMG_0002.jpg"):
        (folder / name).write_bytes(draw_photo(len(name) + int(name[-5]) + 90, 300, 200))
    laptop.page.get_by_label("Replace photos of the same name").check()
    laptop.see("Each photo keeps its place")
    laptop.check_accessibility()
    laptop.choose_folder(folder)
    laptop.see("2 replaced · 2 added because several photos have that name")
    expect(laptop.page.get_by_label("Replace photos of the same name")).not_to_be_checked()
    laptop.see("6 photos, all read")

    def versions() -> dict[str, str]:
        photos = organiser.get(f"/api/events/{event['id']}/photos")["photos"]
        return {photo["id"]: photo["thumb_url"] for photo in photos if photo["new_version"] is None}

    wait_until(lambda: len(versions()) == 6)
    changed = [photo["filename"] for photo in before if versions()[photo["id"]] != photo["thumb_url"]]
    assert changed == ["IMG_0002.jpg", "IMG_0001.jpg"]


def test_an_unreadable_new_version_is_named(laptop: Laptop, organiser: Organiser, event: Json, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "party", 2)
    laptop.open_event(event["id"])
    laptop.choose_folder(folder)
    laptop.see("2 photos, all read")
    path = folder / "IMG_0001.jpg"
    path.write_bytes(path.read_bytes()[:-400])
    laptop.page.get_by_label("Replace photos of the same name").check()
    laptop.choose_folder(folder)
    laptop.see("1 new version cannot be read")
    expect(laptop.page.locator(".failures li")).to_contain_text("IMG_0001.jpg The file is damaged")
    laptop.check_accessibility()


def test_photos_can_be_added_by_drag_and_drop(laptop: Laptop, event: Json) -> None:
    laptop.open_event(event["id"])
    files = [{"name": f"{number}.jpg", "bytes": list(draw_photo(number, 200, 200))} for number in range(2)]
    laptop.page.evaluate(DROP, [".drop", files])
    laptop.see("All photos are on the server.")
    laptop.see("2 photos, all read")


def test_closing_the_event_stops_a_running_upload_with_a_message(
    laptop: Laptop, organiser: Organiser, event: Json, tmp_path: Path
) -> None:
    laptop.page.add_init_script(DEAF)
    laptop.open_event(event["id"])
    laptop.expected_statuses.add(409)
    organiser.expect(200, "PATCH", f"/api/events/{event['id']}", json={"closed": True})
    laptop.choose_folder(write_folder(tmp_path / "party", 2))
    laptop.see("This event is closed")
    laptop.see("Continue")
    organiser.expect(200, "PATCH", f"/api/events/{event['id']}", json={"closed": False})
