"""Accuracy figures of a replayed event."""

from dataclasses import replace

import pytest

from kit.faces.types import Box, Quality
from matcher_service.reading import FaceReading
from matcher_service.rules import Limits
from tests.bench.accuracy_event import Event, Guest, LabelledPhoto, ReadPhoto
from tests.bench.accuracy_figures import IsFound, curve, explain, list_pairs, summarise, summarise_by, worst_people
from tests.bench.accuracy_rules import settle
from tests.unit.matching_rules import encode


def face(size_px: int = 80, yaw: float = 0.0, at: tuple[float, ...] = ()) -> FaceReading:
    return FaceReading(Box(0, 0, size_px, size_px), encode(at), Quality(size_px, 100.0, 100.0, yaw))


def within(tolerance: float) -> IsFound:
    return lambda pair: pair.is_within(tolerance)


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
A = Guest(
    "a", "selfie", b"", {"selfie": (0.0, 0), "found": (0.4, 1), "far": (0.6, 0), "other": (0.5, 0), "crowd": (0.7, 0)}
)
B = Guest("b", "other", b"", {"other": (0.0, 0), "found": (0.3, 0)})
EVENT = Event(tuple(PHOTOS.values()), READ, (A, B), 0)
PAIRS = list(list_pairs(EVENT))


def test_a_selfie_is_not_paired_with_itself_and_unlabelled_photos_belong_to_no_one() -> None:
    found = summarise(PAIRS, within(0.55))
    assert (found["pairs"], found["people"], found["recall"]) == (5, 2, 0.4)
    assert (found["false"], found["false_rate"], found["wrong_per_guest"]) == (1, pytest.approx(1 / 7, rel=1e-3), 0.5)
    assert found["recall_interval"] == [0.25, 1.0]
    assert summarise(PAIRS, within(0.65))["recall"] == 0.6
    assert worst_people(PAIRS, within(0.55)) == [("a", 1)]


def test_without_pairs_there_are_no_rates() -> None:
    assert summarise([], within(0.55))["recall"] is None


def test_misses_are_explained() -> None:
    assert explain(EVENT, PAIRS, within(0.55)) == {"not found": 1, "too small": 1, "too far": 1}


def test_a_face_assigned_to_another_person_is_not_counted_as_too_far() -> None:
    hidden = Event(EVENT.photos, READ | {"found": ReadPhoto((face(),), 0, 0.1)}, (Guest("a", "selfie", b"", {}), B), 0)
    assert explain(hidden, list(list_pairs(hidden)), within(0.55)) == {"not found": 2, "too small": 1, "too far": 1}


def test_recall_is_split_by_size_and_pose() -> None:
    groups = summarise_by(EVENT, PAIRS, within(0.55))
    found = {
        by: {name: (group["recall"], group["pairs"], group["false"]) for name, group in of.items()}
        for by, of in groups.items()
    }
    assert found == {
        "size": {"from 40 px": (0.0, 1, 0), "from 60 px": (1.0, 2, 1), "no face": (0.0, 2, 0)},
        "pose": {"frontal": (1.0, 2, 1), "no face": (0.0, 2, 0), "three-quarter": (0.0, 1, 0)},
    }


def test_the_curve_contains_both_rates_at_each_tolerance() -> None:
    assert curve(PAIRS, [0.35, 0.65]) == [(0.35, 0.2, 0.0), (0.65, 0.6, pytest.approx(1 / 7))]


def show(limits: Limits, *faces: tuple[float, ...]) -> frozenset[str]:
    """The photos shown to a guest at the origin whose selfie, photo 0, is in the event."""
    photos = tuple(LabelledPhoto(str(number), "natural", frozenset({"a"})) for number in range(len(faces) + 1))
    read = {str(number): ReadPhoto((face(at=at),), 0, 0.1) for number, at in enumerate([(0.0, 0.0), *faces])}
    (guest,) = settle(Event(photos, read, (Guest("a", "0", encode((0.0,)), {}),), 0), limits).guests
    return guest.shown


def test_guests_are_shown_what_growth_finds_and_their_selfie_is_no_template() -> None:
    near, far = (0.3, 0.0), (0.7, 0.0)
    assert show(Limits(), near, far) == {"1", "2"}
    assert show(Limits(template_distance=0.0), near, far) == {"1"}
    assert show(Limits(max_templates=1), near, far) == {"1", "2"}, "the selfie does not take the only place"
    assert show(Limits(max_templates=0), near, far) == {"1"}


def test_people_are_replayed_with_first_selfies_before_second_ones() -> None:
    shared = {"x": ReadPhoto((face(at=(0.3, 0.0)),), 0, 0.1)}
    guests = [
        Guest("a", "1", encode((0.0,)), {}),
        Guest("a", "2", encode((0.0,)), {}),
        Guest("b", "3", encode((0.6,)), {}),
    ]
    event = Event((LabelledPhoto("x", "natural", frozenset()),), shared, tuple(guests), 0)
    nearer = replace(event, guests=(*guests[:2], replace(guests[2], encoding=encode((0.4,)))))
    assert [(guest.person, guest.selfie, set(guest.shown)) for guest in settle(event, Limits()).guests] == [
        ("a", "1", {"x"}),
        ("b", "3", {"x"}),
        ("a", "2", {"x"}),
    ]
    assert [guest.shown for guest in settle(nearer, Limits(tolerance=0.35)).guests] == [set(), {"x"}, {"x"}]
