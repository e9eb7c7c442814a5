"""Pictures as produced by cameras, editors and bad connections, through the whole system."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, Organiser, Person, showing, until
from tests.unit.test_colour import swapped

Gallery = tuple[Json, dict[str, SamplePhoto]]


def save(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def sideways(jpeg: bytes) -> bytes:
    with Image.open(io.BytesIO(jpeg)) as image:
        return save(image.convert("RGB").transpose(Image.Transpose.ROTATE_90), quality=92)


def upload(organiser: Organiser, event: Json, **files: bytes) -> dict[str, Json]:
    """Uploads and waits for all results; the photos of the event by name."""
    path = f"/api/events/{event['id']}/photos"
    organiser.expect(202, "POST", path, files=[("files", file) for file in files.items()])
    organiser.indexed(event)
    return {photo["filename"]: photo for photo in organiser.get(path, limit=200)["photos"]}


def test_each_unreadable_photo_has_a_reason(organiser: Organiser, one_of: Callable[..., SamplePhoto]) -> None:
    jpeg = one_of("Ada").jpeg
    photos = upload(
        organiser,
        organiser.event("Odd files"),
        without_end=jpeg[:-10],
        half=jpeg[: len(jpeg) * 6 // 10],
        many_pixels=save(Image.new("1", (16_000, 15_000)), "PNG"),
        narrow=save(Image.new("RGB", (500, 30))),
        broken_exif=save(Image.new("RGB", (400, 300)), "WEBP", exif=b"\xff" * 200),
        panorama=save(Image.new("RGB", (30_000, 2000), "green"), quality=50),
    )
    assert {name: (photo["status"], photo["reason"]) for name, photo in photos.items()} == {
        "without_end": ("indexed", None),
        "half": ("failed", "unreadable"),
        "many_pixels": ("failed", "too_many_pixels"),
        "narrow": ("failed", "invalid_dimensions"),
        "broken_exif": ("indexed", None),
        "panorama": ("indexed", None),
    }
    assert (photos["panorama"]["width"], photos["panorama"]["height"]) == (30_000, 2000)
    assert photos["without_end"]["faces"] >= 1


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_served_pictures_have_the_colours_defined_by_their_profile(organiser: Organiser, form: str) -> None:
    picture = save(Image.new("RGB", (800, 600), "red"), form, icc_profile=swapped())
    photo = upload(organiser, organiser.event("Colours"), picture=picture)["picture"]
    for variant in ("thumb", "medium", "preview"):
        answer = organiser.http.get(f"/api/photos/{photo['id']}/{variant}")
        shown = Image.open(io.BytesIO(answer.content))
        assert "icc_profile" not in shown.info
        red, green, _ = np.asarray(shown.convert("RGB"))[20, 20]
        assert (red < 20, green > 235) == (True, True)


def test_rotated_photos_and_selfies_match(
    organiser: Organiser, sample: SampleEvent, join: Callable[[Json], Person], one_of: Callable[..., SamplePhoto]
) -> None:
    event = organiser.event("Sideways")
    upright, turned = one_of("Ada"), one_of("Ada", skip=1)
    photos = upload(organiser, event, upright=upright.jpeg, turned=sideways(turned.jpeg))
    guest = join(event)
    assert guest.selfie_and_wait(sideways(sample.selfies["Ada"]))["status"] == "done"
    assert guest.photos() == {photo["id"] for photo in photos.values()}


def test_an_unusable_selfie_returns_advice(
    gallery: Gallery, sample: SampleEvent, join: Callable[[Json], Person]
) -> None:
    event, photos = gallery
    guest = join(event)
    for image, reason, words in (
        (save(Image.new("RGB", (600, 800), "grey")), "no_face", "Turn the picture upright"),
        (save(Image.new("RGB", (8000, 6500)), "WEBP", lossless=True), "too_many_pixels", "too many pixels"),
    ):
        status = guest.selfie_and_wait(image)
        assert (status["status"], status["reason"]) == ("validation_failed", reason)
        assert words in status["message"]
    assert guest.selfie_and_wait(sample.selfies["Ada"][:-10])["status"] == "done"
    assert until(guest.photos, bool) == showing(photos, "Ada")
