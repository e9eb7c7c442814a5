"""Privacy: other people's photos, events and guests, and camera metadata, stay hidden."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageOps

from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, Organiser, Person, showing
from tests.unit.jpegs import SECRET, full_exif, read_properties

Gallery = tuple[Json, dict[str, SamplePhoto]]


def organiser_requests(organiser: Organiser, photos: dict[str, SamplePhoto]) -> list[tuple[str, str, Json]]:
    """Requests below an event's path; all except `/guests/me` are for its organisers only."""
    return [
        ("GET", "", {}),
        ("PATCH", "", {"json": {"closed": True}}),
        ("DELETE", "", {}),
        ("GET", "/guests", {}),
        ("GET", "/updates", {}),
        ("GET", "/poster.pdf", {}),
        ("GET", "/poster.svg", {}),
        ("POST", f"/guests/{organiser.id}/admit", {}),
        ("POST", "/invitations", {"json": {"role": "organiser"}}),
        ("GET", "/invitations", {}),
        ("DELETE", f"/invitations/{organiser.id}", {}),
        ("DELETE", f"/guests/{organiser.id}", {}),
        ("DELETE", "/guests/me", {}),
        ("GET", "/photos", {}),
        ("GET", "/photos.zip", {}),
        ("POST", "/photos/known", {"json": {"sha256": []}}),
        ("POST", "/photos/visibility", {"json": {"photo_ids": [*photos], "visibility": "everyone"}}),
        ("POST", "/photos/dismiss-requests", {"json": {"photo_ids": [*photos]}}),
        ("POST", "/photos/delete", {"json": {"photo_ids": [*photos]}}),
        ("POST", "/photos/retry", {}),
        ("POST", "/photos", {"files": {"files": ("a.jpg", b"\xff\xd8\xff\xe0")}}),
    ]


def test_ids_of_other_people_answer_404_everywhere(
    gallery: Gallery,
    organiser: Organiser,
    sample: SampleEvent,
    join: Callable[[Json], Person],
) -> None:
    event, photos = gallery
    insider, stranger = join(event), join(organiser.event("Another"))
    insider.selfie_and_wait(sample.selfies["Cleo"])
    seen, unseen = showing(photos, "Cleo"), set(photos) - showing(photos, "Cleo")
    path = f"/api/events/{event['id']}"
    for person, photo in ((stranger, next(iter(seen))), (insider, next(iter(unseen)))):
        for variant in ("thumb", "medium", "preview", "original"):
            person.expect(404, "GET", f"/api/photos/{photo}/{variant}")
        person.expect(404, "DELETE", f"/api/photos/{photo}")
        for method in ("POST", "DELETE"):
            person.expect(404, method, f"/api/photos/{photo}/not-me")
            person.expect(404, method, f"/api/photos/{photo}/hide-request")
    for method, place, request in organiser_requests(organiser, photos):
        assert stranger.expect(404, method, path + place, **request)["reason"] == "event_not_found"
        if place != "/guests/me":
            assert insider.expect(403, method, path + place, **request)["reason"] == "organiser_only"
    assert (
        stranger.expect(404, "GET", "/api/my-photos", params={"event_id": event["id"]})["reason"] == "event_not_found"
    )
    assert (
        stranger.expect(404, "GET", "/api/my-uploads", params={"event_id": event["id"]})["reason"] == "event_not_found"
    )
    assert insider.get("/api/my-uploads", event_id=event["id"])["photos"] == []
    assert stranger.photos() == set()
    assert stranger.expect(404, "GET", "/api/my-selfie")["reason"] == "no_active_selfie"
    assert stranger.expect(403, "POST", "/api/events", json={"name": "Mine"})["reason"] == "organiser_only"


def test_a_photo_is_served_with_time_and_rights_but_without_position(
    organiser: Organiser, one_of: Callable[..., SamplePhoto]
) -> None:
    out = io.BytesIO()
    picture = Image.open(io.BytesIO(one_of("Cleo").jpeg))
    picture.transpose(Image.Transpose.ROTATE_90).save(out, "JPEG", exif=full_exif(6), quality=90)
    event = organiser.event()
    sent = SamplePhoto("gps.jpg", out.getvalue() + b"<script>alert(1)</script>" + SECRET, frozenset(["Cleo"]), 1)
    [photo] = organiser.add_photos(event, [sent])
    assert SECRET in sent.jpeg, "the control"
    for variant in ("thumb", "medium", "preview", "original"):
        answer = organiser.http.get(f"/api/photos/{photo}/{variant}")
        assert (answer.headers["content-type"], answer.headers["x-content-type-options"]) == ("image/jpeg", "nosniff")
        assert b"SeCrEt" not in answer.content
        assert b"<script>" not in answer.content
        shown = Image.open(io.BytesIO(answer.content))
        upright = ImageOps.exif_transpose(shown)
        assert (upright.width > upright.height) == (picture.width > picture.height)
        exif = shown.getexif()
        assert not exif.get_ifd(0x8825)
        if variant != "thumb":
            assert exif.get_ifd(0x8769)[0x9003] == "2026:06:20 19:00:00"
            assert exif.get_ifd(0x8769)[0x9011] == "+02:00"
            assert read_properties(answer.content)["creator"] == "Ana Pérez"
    assert (np.asarray(shown) == np.asarray(Image.open(io.BytesIO(out.getvalue())))).all(), (
        "the coded pixels as received"
    )
    part = organiser.http.get(f"/api/photos/{photo}/original?download=1", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, answer.content[100:200])
    assert part.headers["content-disposition"].startswith('attachment; filename="')
    head = organiser.http.head(f"/api/photos/{photo}/original")
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(answer.content)))
