"""The effect of mistaken "not me" decisions in the sample event, with the engine's encodings."""

import itertools
import uuid
from pathlib import Path

import numpy as np
import pytest

from deploy.sample.event import sample_event
from kit.faces.engine import Engine
from kit.faces.validation import examine
from matcher_service.matching import find_penalty, to_encodings
from matcher_service.reading import read
from matcher_service.rules import EventFaces, EventPeople, Limits, match

CLEO = uuid.UUID(int=1)


class Gallery:
    """The photos of Cleo, whose selfie is at 0.31 to 0.38 from her faces: two portraits, four times each."""

    def __init__(self, cache: Path) -> None:
        event = sample_event(cache)
        engine = Engine()
        shown = [photo for photo in event.photos if "cleo" in photo.name]
        rows = [
            (place, no, face) for place, one in enumerate(shown) for no, face in enumerate(read(engine, one.jpeg).faces)
        ]
        selfie = examine(engine, event.selfies["Cleo"]).encoding
        assert selfie is not None
        self.people = EventPeople((CLEO,), to_encodings([selfie]))
        self.faces = EventFaces(
            np.array([uuid.UUID(int=place).bytes for place, _, _ in rows], "V16"),
            np.array([no for _, no, _ in rows], np.int16),
            to_encodings([face.encoding for _, _, face in rows]),
            np.array([find_penalty(face.quality.size_px, face.is_sure) for _, _, face in rows], np.float32),
            np.array([face.quality.size_px for _, _, face in rows], np.int32),
            np.array([face.is_sure for _, _, face in rows], np.bool_),
            np.ones(len(rows), np.bool_),
        )

    def find(self, rejected: dict[uuid.UUID, int | None], limits: Limits) -> dict[uuid.UUID, int]:
        """Her photos, and the number of her face in each."""
        found = match(self.faces, self.people, {CLEO: rejected}, limits)
        return {photo: settled.no for (_, photo), settled in found.items()}


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    return Gallery(tmp_path_factory.mktemp("sample"))


def find_least(gallery: Gallery, limits: Limits) -> int:
    """The smallest number of remaining photos after any two rejections."""
    photos = gallery.find({}, limits)
    assert len(photos) == 8
    return min(len(gallery.find(dict(two), limits)) for two in itertools.combinations(photos.items(), 2))


def test_two_mistaken_rejections_remove_only_two_photos(gallery: Gallery) -> None:
    assert find_least(gallery, Limits()) == 6


def test_control_without_protection_of_clear_matches_they_remove_all(gallery: Gallery) -> None:
    assert find_least(gallery, Limits(own_distance=-1)) == 0
