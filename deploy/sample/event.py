"""The sample: a small event with known people for the demo, and any number of photos for the load test."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from deploy.sample.pictures import UPRIGHT, WIDE, Variation, backdrop, compose, frame, line_up, to_jpeg
from deploy.sample.portraits import Portrait, packaged_picture, portraits

# Numbers of faces in a load-test photo, weighted by how often each is listed.
FACES_PER_PHOTO = (0, 1, 1, 2, 2, 2, 3, 3, 4)
SELFIE_ZOOMS = (2.0, 2.3, 2.6, 2.9)

Scene = tuple[Sequence[Portrait], Image.Image]


@dataclass(frozen=True)
class SamplePhoto:
    """One photo, the people in it, and its number of faces: a load photo may show a person twice."""

    name: str
    jpeg: bytes
    people: frozenset[str]
    faces: int


@dataclass(frozen=True)
class SampleEvent:
    """The photos of one event and a selfie of each of its people."""

    photos: tuple[SamplePhoto, ...]
    selfies: Mapping[str, bytes]


def sample_event(cache_dir: Path) -> SampleEvent:
    """Make the event of the demo: 16 photos of three people, the same bytes each time."""
    source = portraits(cache_dir)
    ada, ben, cleo_office, cleo_hall = source.event
    scenes = [
        *_singles(ada, ben, cleo_office, cleo_hall),
        *_groups(ada, ben, cleo_office, cleo_hall),
        *_empty(),
    ]
    variation = Variation(mirrored=True, brightness=0.9)
    return SampleEvent(
        photos=tuple(_photo(f"{number:02d}", scene) for number, scene in enumerate(scenes, start=1)),
        selfies={portrait.person: to_jpeg(frame(portrait, 2.4, variation)) for portrait in source.selfies},
    )


def load_photos(cache_dir: Path, count: int) -> Iterator[SamplePhoto]:
    """Make `count` different photos; the photo of an index is always the same."""
    source = portraits(cache_dir).event
    return (load_photo(source, index) for index in range(count))


def load_photo(source: Sequence[Portrait], index: int) -> SamplePhoto:
    """Arrange at most four of the portraits on a backdrop unique to this index."""
    rng = random.Random(f"load {index}")
    wanted = rng.choice(FACES_PER_PHOTO)
    return _photo(f"load-{index:06d}", _group(rng.sample(source, min(wanted, len(source))), rng))


def load_selfies(cache_dir: Path) -> list[tuple[str, bytes]]:
    """Make the pool of selfies for the load test: every source photo at several distances."""
    return [
        (portrait.person, to_jpeg(frame(portrait, zoom, Variation(step % 2 == 1, 0.85 + 0.1 * step))))
        for portrait in portraits(cache_dir).everything
        for step, zoom in enumerate(SELFIE_ZOOMS)
    ]


def _singles(ada: Portrait, ben: Portrait, cleo_office: Portrait, cleo_hall: Portrait) -> Iterator[Scene]:
    shots = (
        (ada, 3.2, Variation(brightness=1.05), UPRIGHT),
        (ben, 3.1, Variation(), UPRIGHT),
        (cleo_office, 3.4, Variation(), UPRIGHT),
        (cleo_hall, 4.2, Variation(brightness=1.15), WIDE),
        (ada, 4.0, Variation(mirrored=True, brightness=0.85), WIDE),
        (ben, 2.6, Variation(mirrored=True, brightness=1.15), UPRIGHT),
        (cleo_office, 2.5, Variation(mirrored=True, brightness=0.8), UPRIGHT),
    )
    for portrait, zoom, variation, size in shots:
        yield [portrait], frame(portrait, zoom, variation, size)


def _groups(ada: Portrait, ben: Portrait, cleo_office: Portrait, cleo_hall: Portrait) -> Iterator[Scene]:
    casts = (
        (ada, ben),
        (ben, cleo_office),
        (cleo_hall, ada),
        (ben, ada),
        (ada, ben, cleo_office),
        (cleo_hall, ada, ben),
        (ben, cleo_office, ada),
    )
    for number, cast in enumerate(casts):
        yield _group(cast, random.Random(f"group {number}"))


def _empty() -> Iterator[Scene]:
    """Two photos without people: a cup of coffee, and a wall."""
    yield [], packaged_picture("coffee").resize((1320, 880), Image.Resampling.LANCZOS)
    yield _group([], random.Random("wall"))


def _group(cast: Sequence[Portrait], rng: random.Random) -> Scene:
    return cast, compose(backdrop(rng), line_up(cast, rng))


def _photo(name: str, scene: Scene) -> SamplePhoto:
    cast, picture = scene
    people = [portrait.person for portrait in cast]
    label = "-".join(sorted({person.lower() for person in people})) or "nobody"
    return SamplePhoto(f"{name}-{label}.jpg", to_jpeg(picture), frozenset(people), len(people))
