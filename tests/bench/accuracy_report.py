"""Reports the accuracy: tables, a plot, one line of JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from kit.faces.types import Box
from tests.bench.accuracy_pairs import TOLERANCES, Pairs


@dataclass
class Found:
    """Labelled faces, those of them that were found, and false detections."""

    labelled: int = 0
    found: int = 0
    extra: int = 0

    def add_counts(self, labelled: int, found: int, extra: int) -> None:
        self.labelled += labelled
        self.found += found
        self.extra += extra

    def add(self, labels: Sequence[Box], boxes: Sequence[Box], min_overlap: float) -> None:
        """Counts each label once, by the box that overlaps it most."""
        free = list(boxes)
        for label in labels:
            best = max(free, key=lambda box: _overlap(label, box), default=None)
            if best is not None and _overlap(label, best) >= min_overlap:
                free.remove(best)
        self.add_counts(len(labels), len(boxes) - len(free), len(free))


@dataclass(frozen=True)
class Report:
    """Everything measured. `near`: selfies against the original photos, `far`: against small copies,
    `strangers`: the faces of one photo against each other."""

    source: str
    tolerance: float
    near: Pairs
    far: Pairs
    strangers: Pairs
    ours: Found
    theirs: Found
    singles: int
    crowds: int
    crowds_accepted: int
    faceless: int
    refused: dict[str, str] = field(default_factory=dict)
    faceless_accepted: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Whether no selfie was wrongly rejected or wrongly accepted."""
        return not (self.refused or self.crowds_accepted or self.faceless_accepted)


def tabulate(report: Report, console: Console) -> None:
    near, far, strangers = report.near, report.far, report.strangers
    table = Table("tolerance", title=f"Matches within a tolerance ({report.source}; * the default)")
    for head, total in (
        ("true", len(near.same)),
        ("true, far faces", len(far.same)),
        ("false", len(near.different)),
        ("false, far faces", len(far.different)),
        ("false, within one group photo", len(strangers.different)),
    ):
        table.add_column(f"{head}\nof {total}", justify="right")
    for tolerance in TOLERANCES[::5]:
        counts = [pairs.count(tolerance) for pairs in (near, far, strangers)]
        (true, false), (true_far, false_far), (_, alike) = counts
        mark = " *" if tolerance == report.tolerance else ""
        table.add_row(f"{tolerance:.2f}{mark}", *map(str, (true, true_far, false, false_far, alike)))
    console.print(table)
    faces = Table("", "labelled", "found", "extra", title="Faces found")
    for name, found in (("photo search", report.ours), ("face_recognition's defaults", report.theirs)):
        faces.add_row(name, str(found.labelled), str(found.found), str(found.extra))
    console.print(faces)
    selfies = Table("", "examined", "wrong verdicts", title="Selfies")
    selfies.add_row("one person, rejected", str(report.singles), _describe(report.refused))
    selfies.add_row("two or more people, accepted", str(report.crowds), str(report.crowds_accepted))
    selfies.add_row("no face, accepted", str(report.faceless), _describe(report.faceless_accepted))
    console.print(selfies)


def draw(report: Report, path: Path) -> None:
    """True and false matches in percent over the tolerance, with the default marked."""
    figure = Figure(figsize=(8, 5.5), dpi=120)
    axes = figure.subplots()
    for label, distances, style in (
        ("same person", report.near.same, "C0-"),
        ("same person, far face", report.far.same, "C0--"),
        ("different persons", report.near.different, "C3-"),
        ("different persons, far face", report.far.different, "C3--"),
        ("different persons of one group photo", report.strangers.different, "C1-"),
    ):
        shares = [100 * sum(d <= t for d in distances) / max(len(distances), 1) for t in TOLERANCES]
        axes.plot(TOLERANCES, shares, style, label=f"{label} ({len(distances)} pairs)")
    axes.axvline(report.tolerance, color="0.5", linestyle=":", label=f"default {report.tolerance:g}")
    axes.set(xlabel="tolerance", ylabel="matched, %", xlim=(TOLERANCES[0], TOLERANCES[-1]), title=report.source)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def summarise(report: Report) -> dict[str, Any]:
    return {
        "source": report.source,
        "tolerance": report.tolerance,
        "near": _summarise_pairs(report.near, report.tolerance),
        "far": _summarise_pairs(report.far, report.tolerance),
        "within_group_photos": _summarise_pairs(report.strangers, report.tolerance),
        "faces": {"ours": vars(report.ours), "face_recognition": vars(report.theirs)},
        "selfies": {
            "one_person": report.singles,
            "one_person_refused": len(report.refused),
            "several_persons": report.crowds,
            "several_persons_accepted": report.crowds_accepted,
            "faceless": report.faceless,
            "faceless_accepted": len(report.faceless_accepted),
        },
    }


def _summarise_pairs(pairs: Pairs, tolerance: float) -> dict[str, float]:
    true, false = pairs.count(tolerance)
    numbers: dict[str, float] = {"false": false, "different": len(pairs.different)}
    if pairs.different:
        numbers["closest_different"] = round(pairs.closest_different, 3)
    if pairs.same:
        numbers |= {"true": true, "same": len(pairs.same), "farthest_same": round(pairs.farthest_same, 3)}
    return numbers


def _describe(names: dict[str, str] | list[str]) -> str:
    return f"{len(names)} ({', '.join(map(str, names))})" if names else "0"


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    shared = max(width, 0) * max(height, 0)
    return shared / (one.area + other.area - shared)
