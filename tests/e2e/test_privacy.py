"""What people must not see: the photos, events and guests of others, and what a camera wrote beside the pixels."""

import io
from collections.abc import Callable

from PIL import Image

from deploy.sample import SampleEvent, SamplePhoto
from tests.e2e.party import Json, Organiser, Person, showing

Gallery = tuple[Json, dict[str, SamplePhoto]]


def test_the_ids_of_others_answer_404_everywhere(
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
        for variant in ("thumb", "preview", "original"):
            person.expect(404, "GET", f"/api/photos/{photo}/{variant}")
        person.expect(404, "DELETE", f"/api/photos/{photo}")
    for method, place, request in (
        ("GET", "", {}),
        ("PATCH", "", {"json": {"closed": True}}),
        ("DELETE", "", {}),
        ("GET", "/guests", {}),
        ("DELETE", f"/guests/{organiser.id}", {}),
        ("DELETE", "/guests/me", {}),
        ("GET", "/photos", {}),
        ("POST", "/photos", {"files": {"files": ("a.jpg", b"\xff\xd8\xff\xe0")}}),
    ):
        assert stranger.expect(404, method, path + place, **request)["reason"] == "event_not_found"
        if place != "/guests/me":
            assert insider.expect(403, method, path + place, **request)["reason"] == "organiser_only"
    assert (
        stranger.expect(404, "GET", "/api/my-photos", params={"event_id": event["id"]})["reason"] == "event_not_found"
    )
    assert stranger.photos() == set()
    assert stranger.expect(404, "GET", "/api/my-selfie")["reason"] == "no_active_selfie"
    assert stranger.expect(403, "POST", "/api/events", json={"name": "Mine"})["reason"] == "organiser_only"


def test_a_photo_with_its_position_in_it_is_served_without(
    organiser: Organiser, one_of: Callable[..., SamplePhoto]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    out = io.BytesIO()
    picture = Image.open(io.BytesIO(one_of("Cleo").jpeg))
    picture.transpose(Image.Transpose.ROTATE_90).save(out, "JPEG", exif=exif)
    event = organiser.event()
    sent = SamplePhoto("gps.jpg", out.getvalue() + b"<script>alert(1)</script>", frozenset(["Cleo"]), 1)
    [photo] = organiser.add_photos(event, [sent])
    for variant in ("thumb", "preview", "original"):
        answer = organiser.http.get(f"/api/photos/{photo}/{variant}")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert b"Exif" not in answer.content
        assert b"<script>" not in answer.content
        upright = Image.open(io.BytesIO(answer.content))
        assert (upright.width > upright.height) == (picture.width > picture.height)
