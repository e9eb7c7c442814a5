"""Figures of a replayed event."""

import pytest

from kit.faces.types import Box, Quality
from matcher_service.reading import FaceReading
from tests.bench.accuracy_event import Event, Guest, LabelledPhoto, ReadPhoto
from tests.bench.accuracy_figures import curve, explain, list_pairs, recall_by, summarise, worst_people


def face(size_px: int = 80, yaw: float = 0.0) -> FaceReading:
    return FaceReading(Box(0, 0, size_px, size_px), b"", Quality(size_px, 100.0, 100.0, yaw))


PHOTOS = {
    "selfie": LabelledPhoto("selfie", "portrait", frozenset({"a"})),
    "found": LabelledPhoto("found", "natural", frozenset({"a", "b"})),
    "far": LabelledPhoto("far", "natural", frozenset({"a"})),
    "small": LabelledPhoto("small", "natural", frozenset({"a"})),
    "empty": LabelledPhoto("empty", "natural", frozenset({"a"})),
    "other": LabelledPhoto("other", "natural", frozenset({"b"})),
    "crowd": LabelledPhoto("crowd", "natural", frozenset()),
}
READ = {
    "selfie": ReadPhoto((face(),), 0, 0.1),
    "found": ReadPhoto((face(), face()), 0, 0.1),
    "far": ReadPhoto((face(50, 30.0),), 0, 0.1),
    "small": ReadPhoto((), 1, 0.1),
    "empty": ReadPhoto((), 0, 0.1),
    "other": ReadPhoto((face(),), 0, 0.1),
    "crowd": ReadPhoto((face(),), 0, 0.1),
}
A = Guest("a", "selfie", {"selfie": (0.0, 0), "found": (0.4, 1), "far": (0.6, 0), "other": (0.5, 0), "crowd": (0.7, 0)})
B = Guest("b", "other", {"other": (0.0, 0), "found": (0.3, 0)})
EVENT = Event(tuple(PHOTOS.values()), READ, (A, B), 0)
PAIRS = list(list_pairs(EVENT))


def test_a_selfie_is_no_pair_with_itself_and_unlabelled_photos_are_nobody_s() -> None:
    found = summarise(PAIRS, 0.55)
    assert (found["pairs"], found["people"], found["recall"]) == (5, 2, 0.4)
    assert (found["false"], found["false_rate"], found["wrong_per_guest"]) == (1, pytest.approx(1 / 7, rel=1e-3), 0.5)
    assert found["recall_interval"] == [0.25, 1.0]
    assert summarise(PAIRS, 0.65)["recall"] == 0.6
    assert worst_people(PAIRS, 0.55) == [("a", 1)]


def test_without_pairs_there_are_no_rates() -> None:
    assert summarise([], 0.55)["recall"] is None


def test_what_is_missed_is_explained() -> None:
    assert explain(EVENT, PAIRS, 0.55) == {"not found": 1, "too small": 1, "too far": 1}


def test_a_face_that_another_person_has_is_not_too_far() -> None:
    hidden = Event(EVENT.photos, READ | {"found": ReadPhoto((face(),), 0, 0.1)}, (Guest("a", "selfie", {}), B), 0)
    assert explain(hidden, list(list_pairs(hidden)), 0.55) == {"not found": 2, "too small": 1, "too far": 1}


def test_recall_is_split_by_size_and_pose() -> None:
    assert recall_by(EVENT, PAIRS, 0.55) == {
        "size": {"from 40 px": (0, 1), "from 60 px": (2, 2), "no face": (0, 2)},
        "pose": {"frontal": (2, 2), "no face": (0, 2), "three-quarter": (0, 1)},
    }


def test_the_curve_has_both_rates_at_each_tolerance() -> None:
    assert curve(PAIRS, [0.35, 0.65]) == [(0.35, 0.2, 0.0), (0.65, 0.6, pytest.approx(1 / 7))]
