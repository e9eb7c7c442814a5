"""The most important user stories, over HTTP and on real photos."""

import io
import json
from collections.abc import Callable

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, Organiser, Person, showing, until

Gallery = tuple[Json, dict[str, SamplePhoto]]


def jpeg(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=90)
    return out.getvalue()


def tiny(image: bytes) -> bytes:
    """A full picture whose face is about twenty pixels wide."""
    small = Image.open(io.BytesIO(image)).convert("RGB")
    small.thumbnail((90, 90))
    canvas = Image.new("RGB", (200, 200), (120, 120, 120))
    canvas.paste(small, (50, 50))
    return jpeg(np.asarray(canvas))


def side_by_side(left: bytes, right: bytes) -> bytes:
    """Places two pictures side by side."""
    pictures = [Image.open(io.BytesIO(data)).convert("RGB").resize((800, 800)) for data in (left, right)]
    return jpeg(np.concatenate([np.asarray(picture) for picture in pictures], axis=1))


@pytest.mark.parametrize("name", ["Ada", "Ben", "Cleo"])
def test_one_selfie_finds_every_photo_of_the_guest(
    gallery: Gallery, sample: SampleEvent, join: Callable[[Json], Person], name: str
) -> None:
    event, photos = gallery
    guest = join(event)
    assert guest.status() == {"status": "idle", "matched": 0}
    guest.send_selfie(sample.selfies[name])
    status = guest.settled()
    expected = showing(photos, name)
    assert (status["status"], status["matched"]) == ("done", len(expected))
    assert status["started_at"] <= status["finished_at"]
    assert guest.photos() == expected
    assert guest.photos(limit=3) == expected
    shown = guest.get("/api/my-photos", limit=1)["photos"][0]
    edges = {"thumb": 480, "medium": 960, "preview": 1600, "original": max(shown["width"], shown["height"])}
    for variant, long_edge in edges.items():
        answer = guest.http.get(shown[f"{variant}_url"])
        assert answer.headers["content-type"] == "image/jpeg"
        picture = Image.open(io.BytesIO(answer.content))
        assert max(picture.size) == min(long_edge, max(shown["width"], shown["height"]))
        assert not picture.getexif()
        again = guest.http.get(shown[f"{variant}_url"], headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304


def test_a_rejected_selfie_has_a_reason_and_the_previous_one_keeps_its_matches(
    gallery: Gallery, sample: SampleEvent, join: Callable[[Json], Person]
) -> None:
    event, photos = gallery
    good = sample.selfies["Cleo"]
    guest = join(event)
    guest.selfie_and_wait(good)
    expected = showing(photos, "Cleo")
    noise = np.random.default_rng(1).integers(0, 256, (600, 600, 3), dtype=np.uint8)
    for image, reason in (
        (jpeg(noise), "no_face"),
        (side_by_side(good, sample.selfies["Ben"]), "several_faces"),
        (tiny(good), "face_too_small"),
        (good[: len(good) * 6 // 10], "unreadable"),
        (jpeg(noise[:1, :1]), "invalid_dimensions"),
    ):
        status = guest.selfie_and_wait(image)
        assert (status["status"], status["reason"]) == ("validation_failed", reason)
        assert status["message"]
        assert guest.photos() == expected
    assert guest.http.get("/api/my-selfie").content == good
    refused = guest.http.post("/api/upload-selfie", files={"file": ("selfie.jpg", b"this is no image at all")})
    assert (refused.status_code, refused.json()["reason"]) == (415, "unsupported_type")
    assert guest.selfie_and_wait(good)["status"] == "done"


def test_a_second_selfie_supersedes_one_in_progress(
    gallery: Gallery, sample: SampleEvent, join: Callable[[Json], Person]
) -> None:
    event, photos = gallery
    guest = join(event)
    newest = [sample.selfies["Cleo"] + bytes(count) for count in range(3)]
    for image in newest:
        guest.send_selfie(image)
    assert guest.settled()["status"] == "done"
    assert guest.photos() == showing(photos, "Cleo")
    assert guest.http.get("/api/my-selfie").content == newest[-1]


def test_repeating_an_upload_creates_one_selfie(
    gallery: Gallery, sample: SampleEvent, join: Callable[[Json], Person]
) -> None:
    guest = join(gallery[0])
    key = {"Idempotency-Key": "a key of the phone's"}
    first = guest.send_selfie(sample.selfies["Ada"], **key)
    assert guest.send_selfie(sample.selfies["Ada"], **key) == first
    files = {"file": ("selfie.jpg", sample.selfies["Ben"])}
    fault = guest.expect(422, "POST", "/api/upload-selfie", files=files, headers=key)
    assert fault["reason"] == "idempotency_key_reused"


def test_a_selfie_in_apples_format_is_matched(
    gallery: Gallery, sample: SampleEvent, join: Callable[[Json], Person]
) -> None:
    event, photos = gallery
    pillow_heif.register_heif_opener()
    out = io.BytesIO()
    Image.open(io.BytesIO(sample.selfies["Cleo"])).save(out, "HEIF", quality=90)
    guest = join(event)
    assert guest.selfie_and_wait(out.getvalue())["status"] == "done"
    assert guest.photos() == showing(photos, "Cleo")
    assert guest.http.get("/api/my-selfie").headers["content-type"] == "image/heic"


def test_a_photo_uploaded_after_the_selfie_is_matched_automatically(
    organiser: Organiser,
    sample: SampleEvent,
    join: Callable[[Json], Person],
    one_of: Callable[..., SamplePhoto],
) -> None:
    event = organiser.event()
    guest = join(event)
    assert guest.selfie_and_wait(sample.selfies["Cleo"]) | {"started_at": 0, "finished_at": 0} == {
        "status": "done",
        "matched": 0,
        "started_at": 0,
        "finished_at": 0,
    }
    photos = organiser.add_photos(event, [one_of("Cleo"), one_of("Ada")])
    assert guest.photos() == showing(photos, "Cleo")


def test_an_event_joined_while_the_selfie_is_pending_is_matched_too(
    organiser: Organiser,
    sample: SampleEvent,
    join: Callable[[Json], Person],
    one_of: Callable[..., SamplePhoto],
) -> None:
    first, second, third = (organiser.event(name) for name in ("First", "Second", "Third"))
    photos = {}
    for number, event in enumerate((first, second, third)):
        photos |= organiser.add_photos(event, [one_of("Cleo", skip=number % 2), one_of("Ben")])
    guest = join(first)
    guest.send_selfie(sample.selfies["Cleo"])
    answer = guest.expect(200, "POST", "/api/join-event", json={"event_code": second["event_code"].lower()})
    assert answer == {"event_id": second["id"], "event_name": "Second", "waiting": False}
    until(guest.photos, lambda found: len(found) == 2)
    guest.expect(200, "POST", "/api/join-event", json={"event_code": third["event_code"].replace("-", " ")})
    until(guest.photos, lambda found: found == showing(photos, "Cleo"))
    assert guest.settled()["matched"] == 3
    assert len(guest.photos(event_id=second["id"])) == 1
    assert {event["name"] for event in guest.get("/api/me")["events"]} == {"First", "Second", "Third"}


def test_leaving_removes_the_photos_and_rejoining_restores_them(
    organiser: Organiser,
    sample: SampleEvent,
    join: Callable[[Json], Person],
    one_of: Callable[..., SamplePhoto],
) -> None:
    event = organiser.event()
    photos = organiser.add_photos(event, [one_of("Cleo")])
    guest = join(event)
    guest.selfie_and_wait(sample.selfies["Cleo"])
    assert guest.photos() == set(photos)
    guest.expect(204, "DELETE", f"/api/events/{event['id']}/guests/me")
    until(guest.photos, lambda found: not found)
    guest.expect(404, "GET", f"/api/photos/{next(iter(photos))}/thumb")
    guest.expect(200, "POST", "/api/join-event", json={"event_code": event["event_code"]})
    until(guest.photos, lambda found: found == set(photos))
    listed = organiser.get(f"/api/events/{event['id']}/guests")["guests"]
    assert {person["username"] for person in listed} == {"olga", guest.username}
    organiser.expect(204, "DELETE", f"/api/events/{event['id']}/guests/{guest.id}")
    until(guest.photos, lambda found: not found)


def test_a_deleted_selfie_is_forgotten_and_a_rematch_requires_one(
    gallery: Gallery, sample: SampleEvent, join: Callable[[Json], Person]
) -> None:
    event, photos = gallery
    guest = join(event)
    assert guest.expect(409, "POST", "/api/rematch")["reason"] == "no_active_selfie"
    guest.selfie_and_wait(sample.selfies["Cleo"])
    guest.expect(202, "POST", "/api/rematch")
    assert guest.settled()["matched"] == len(showing(photos, "Cleo"))
    guest.expect(204, "DELETE", "/api/my-selfie")
    assert guest.status()["status"] == "idle"
    until(guest.photos, lambda found: not found)
    assert guest.expect(404, "GET", "/api/my-selfie")["reason"] == "no_active_selfie"
    guest.expect(204, "DELETE", "/api/my-selfie")


def test_a_deleted_photo_disappears_for_every_member(
    organiser: Organiser,
    sample: SampleEvent,
    join: Callable[[Json], Person],
    one_of: Callable[..., SamplePhoto],
) -> None:
    event = organiser.event()
    photos = organiser.add_photos(event, [one_of("Cleo"), one_of("Cleo", skip=1)])
    guest = join(event)
    guest.selfie_and_wait(sample.selfies["Cleo"])
    doomed, kept = photos
    organiser.expect(204, "DELETE", f"/api/photos/{doomed}")
    assert guest.photos() == {kept}
    for person in (guest, organiser):
        assert person.expect(404, "GET", f"/api/photos/{doomed}/thumb")["reason"] == "photo_not_found"
    organiser.expect(404, "DELETE", f"/api/photos/{doomed}")


def test_deleting_an_account_deletes_all_its_data(
    organiser: Organiser,
    sample: SampleEvent,
    join: Callable[[Json], Person],
    one_of: Callable[..., SamplePhoto],
) -> None:
    event = organiser.event()
    organiser.add_photos(event, [one_of("Cleo")])
    guest = join(event)
    guest.selfie_and_wait(sample.selfies["Cleo"])
    guest.send_selfie(sample.selfies["Cleo"])
    guest.expect(204, "DELETE", "/api/me")
    # Its access tokens are revoked within a second or two; until then they show no data of the account.
    assert guest.http.get("/api/me").status_code in (401, 404)
    for path in ("/api/me", "/api/my-selfie", "/api/my-photos"):
        until(lambda path=path: guest.http.get(path).status_code, lambda status: status == 401)
    login = {"username": guest.username, "password": "correct horse battery"}
    assert guest.expect(401, "POST", "/api/login", json=login)["reason"] == "invalid_credentials"
    assert organiser.get(f"/api/events/{event['id']}")["guests"] == 1


def test_deleting_an_event_deletes_its_photos_and_closing_one_keeps_them(
    organiser: Organiser,
    sample: SampleEvent,
    join: Callable[[Json], Person],
    one_of: Callable[..., SamplePhoto],
) -> None:
    event = organiser.event()
    photos = organiser.add_photos(event, [one_of("Cleo")])
    guest = join(event)
    guest.selfie_and_wait(sample.selfies["Cleo"])
    path, code = f"/api/events/{event['id']}", {"event_code": event["event_code"]}
    assert organiser.expect(200, "PATCH", path, json={"closed": True})["closed"] is True
    assert guest.expect(200, "POST", "/api/check-event-code", json=code)["valid"] is False
    late = join(organiser.event())
    assert late.expect(409, "POST", "/api/join-event", json=code)["reason"] == "event_closed"
    refused = {"files": ("more.jpg", one_of("Ada").jpeg)}
    until(lambda: organiser.http.post(f"{path}/photos", files=refused).status_code, lambda status: status == 409)
    until(
        lambda: guest.http.post("/api/upload-selfie", files={"file": sample.selfies["Cleo"]}).status_code,
        lambda status: status == 409,
    )
    guest.settled()
    assert guest.photos() == set(photos)
    organiser.expect(204, "DELETE", path)
    organiser.expect(404, "GET", path)
    until(guest.photos, lambda found: not found)
    guest.expect(404, "GET", f"/api/photos/{next(iter(photos))}/original")


def test_status_changes_are_streamed(gallery: Gallery, sample: SampleEvent, join: Callable[[Json], Person]) -> None:
    guest = join(gallery[0])
    guest.send_selfie(sample.selfies["Ben"])
    with guest.http.stream("GET", "/api/rematch-events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        states = [json.loads(line[5:]) for line in answer.iter_lines() if line.startswith("data:")]
    assert states[0]["status"] == "running"
    assert states[-1] == guest.status()
    assert states[-1]["status"] == "done"
