"""Figures of a replayed event: true matches, false matches, and the causes of missed ones."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.bench.accuracy_event import Event, Guest, LabelledPhoto

RESAMPLES = 1000
SIZES_PX = ((0, 40), (40, 60), (60, 100), (100, 100_000))
POSES = (("frontal", 0, 20), ("three-quarter", 20, 40), ("side", 40, 91))


@dataclass(frozen=True)
class Pair:
    """A guest and a photo other than their selfie. `no`: the number of the face nearest to the guest, None if
    no face is near."""

    guest: Guest
    photo: LabelledPhoto
    distance: float
    no: int | None

    @property
    def is_shown(self) -> bool:
        return self.photo.name in self.guest.shown

    def is_within(self, tolerance: float) -> bool:
        return self.distance <= tolerance

    @property
    def is_true(self) -> bool:
        return self.guest.person in self.photo.people


def list_pairs(event: Event) -> Iterator[Pair]:
    for guest in event.guests:
        for photo in event.photos:
            if photo.name != guest.selfie:
                distance, no = guest.nearest.get(photo.name, (np.inf, None))
                yield Pair(guest, photo, distance, no)


IsFound = Callable[[Pair], bool]
IS_SHOWN: IsFound = operator.attrgetter("is_shown")


def by_kind(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    return {
        kind: [pair for pair in pairs if pair.photo.kind == kind]
        for kind in sorted({pair.photo.kind for pair in pairs})
    }


def summarise(pairs: Sequence[Pair], is_found: IsFound) -> dict[str, Any]:
    """Recall, rate of false pairs and wrong photos for each selfie, with 95 % intervals over people."""
    people = sorted({pair.guest.person for pair in pairs})
    place = {person: number for number, person in enumerate(people)}
    counts = np.zeros((len(people), 5))  # true pairs, found, false pairs, found wrongly, selfies
    for pair in pairs:
        found = is_found(pair)
        counts[place[pair.guest.person], 0 if pair.is_true else 2] += 1
        counts[place[pair.guest.person], 1 if pair.is_true else 3] += found
    for person, _ in {(pair.guest.person, pair.guest.selfie) for pair in pairs}:
        counts[place[person], 4] += 1
    drawn = np.random.default_rng(1).integers(len(people) or 1, size=(RESAMPLES, len(people)))
    drawn = np.stack([np.bincount(sample, minlength=len(people)) for sample in drawn])
    return {
        "pairs": int(counts[:, 0].sum()),
        "people": int((counts[:, 0] > 0).sum()),
        **_rate("recall", counts, drawn, 1, 0),
        "false": int(counts[:, 3].sum()),
        **_rate("false_rate", counts, drawn, 3, 2),
        **_rate("wrong_per_guest", counts, drawn, 3, 4),
    }


def curve(pairs: Sequence[Pair], tolerances: Sequence[float]) -> list[tuple[float, float, float]]:
    """(tolerance, recall, rate of false pairs)."""
    same = np.array([pair.distance for pair in pairs if pair.is_true])
    other = np.array([pair.distance for pair in pairs if not pair.is_true])
    return [(t, float((same <= t).mean()), float((other <= t).mean())) for t in tolerances]


def summarise_by(event: Event, pairs: Sequence[Pair], is_found: IsFound) -> dict[str, dict[str, dict[str, Any]]]:
    """`summarise` by size and pose of the face nearest to the guest; pairs without one are under `no face`."""
    names: dict[str, Callable[[Pair], str]] = {
        "size": lambda pair: _name_size(event, pair),
        "pose": lambda pair: _name_pose(event, pair),
    }
    result: dict[str, dict[str, dict[str, Any]]] = {}
    for by, name in names.items():
        groups: dict[str, list[Pair]] = {}
        for pair in pairs:
            groups.setdefault(name(pair), []).append(pair)
        result[by] = {group: summarise(chosen, is_found) for group, chosen in sorted(groups.items())}
    return result


def explain(event: Event, pairs: Sequence[Pair], is_found: IsFound) -> dict[str, int]:
    """Why true pairs are missed. A face is free where no other person labelled in the photo is found in it."""
    taken: dict[str, set[int]] = {}
    for pair in pairs:
        if pair.is_true and pair.no is not None and is_found(pair):
            taken.setdefault(pair.photo.name, set()).add(pair.no)
    reasons = Counter({"not found": 0, "too small": 0, "too far": 0})
    for pair in pairs:
        if pair.is_true and not is_found(pair):
            read = event.read[pair.photo.name]
            if len(read.faces) > len(taken.get(pair.photo.name, ())):
                reasons["too far"] += 1
            else:
                reasons["too small" if read.small_count else "not found"] += 1
    return dict(reasons)


def worst_people(pairs: Sequence[Pair], is_found: IsFound, count: int = 5) -> list[tuple[str, int]]:
    """The people who are shown the most photos of others."""
    wrong = Counter(pair.guest.person for pair in pairs if not pair.is_true and is_found(pair))
    return wrong.most_common(count)


def _rate(
    name: str, counts: npt.NDArray[np.float64], drawn: npt.NDArray[np.int64], above: int, below: int
) -> dict[str, Any]:
    if not counts[:, below].sum():
        return {name: None, f"{name}_interval": None}
    sums = drawn @ counts
    valid = sums[:, below] > 0
    low, high = np.percentile(sums[valid, above] / sums[valid, below], [2.5, 97.5])
    value = counts[:, above].sum() / counts[:, below].sum()
    return {name: float(f"{value:.4g}"), f"{name}_interval": [float(f"{low:.3g}"), float(f"{high:.3g}")]}


def _name_size(event: Event, pair: Pair) -> str:
    if pair.no is None:
        return "no face"
    size = event.read[pair.photo.name].faces[pair.no].quality.size_px
    return next(f"from {least} px" for least, most in SIZES_PX if least <= size < most)


def _name_pose(event: Event, pair: Pair) -> str:
    if pair.no is None:
        return "no face"
    yaw = abs(event.read[pair.photo.name].faces[pair.no].quality.yaw)
    return next(name for name, least, most in POSES if least <= yaw < most)
