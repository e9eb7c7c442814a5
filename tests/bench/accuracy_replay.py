"""What guests of an event get to see, measured on a folder of labelled photos.

python -m tests.bench.accuracy_replay FOLDER [--kinds natural,portrait] [--selfies 3] [--save curve.json]
    [--plot curve.svg --against earlier.json]
"""

from __future__ import annotations

import argparse
import json
import operator
import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from matcher_service.__main__ import MatchSettings
from matcher_service.rules import Limits
from tests.bench.accuracy_event import Event, read_labels, replay
from tests.bench.accuracy_figures import (
    IsFound,
    Pair,
    curve,
    explain,
    list_pairs,
    recall_by,
    summarise,
    worst_people,
)
from tests.bench.accuracy_rules import settle

TOLERANCE = float(MatchSettings.model_fields["face_tolerance"].default)
TOLERANCES = tuple(round(0.30 + 0.01 * step, 2) for step in range(41))
MODELS = Path("var/models")
IS_SHOWN: IsFound = operator.attrgetter("is_shown")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    photos = read_labels(options.folder)
    if options.kinds:
        photos = [photo for photo in photos if photo.kind in options.kinds.split(",")]
    event = replay(options.folder, photos, options.selfies, options.seed, options.jobs, MODELS)
    event = settle(event, Limits(tolerance=options.tolerance))
    pairs = list(list_pairs(event))
    found = measure(event, pairs, options.tolerance)
    tabulate(event, pairs, found, Console(width=140, highlight=False))
    points = {kind: curve(chosen, TOLERANCES) for kind, chosen in by_kind(pairs).items()}
    if options.save:
        options.save.write_text(json.dumps({"figures": found, "curves": points}))
    if options.plot:
        earlier = json.loads(options.against.read_text())["curves"] if options.against else {}
        draw(points, earlier, options.plot)
    print(json.dumps(found))
    return 0


def measure(event: Event, pairs: Sequence[Pair], tolerance: float) -> dict[str, Any]:
    """What the last line reports: all kinds together, then each; and `direct`, what selfies find without the other
    rules of matching."""
    return {
        **summarise(pairs, IS_SHOWN),
        **{kind: summarise(chosen, IS_SHOWN) for kind, chosen in by_kind(pairs).items()},
        "direct": {
            kind: summarise(chosen, lambda pair: pair.is_within(tolerance)) for kind, chosen in by_kind(pairs).items()
        },
        "tolerance": tolerance,
        "photos": len(event.photos),
        "guests": len(event.guests),
        "refused_selfies": event.refused,
        "cpu_ms_per_photo": round(1000 * statistics.median(photo.cpu_s for photo in event.read.values()), 1),
        "missed": explain(event, pairs, IS_SHOWN),
    }


def by_kind(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    return {
        kind: [pair for pair in pairs if pair.photo.kind == kind]
        for kind in sorted({pair.photo.kind for pair in pairs})
    }


def tabulate(event: Event, pairs: Sequence[Pair], found: dict[str, Any], console: Console) -> None:
    table = Table("photos", title=f"tolerance {found['tolerance']}, 95 % intervals over people", title_justify="left")
    for column in ("true pairs", "recall", "", "false", "rate", "", "wrong photos for each selfie"):
        table.add_column(column, justify="right")
    direct = {f"{kind}, selfies alone": figures for kind, figures in found["direct"].items()}
    for kind, chosen in {"all": found, **{kind: found[kind] for kind in by_kind(pairs)}, **direct}.items():
        cells = [_text(chosen[name]) for name in ("pairs", "recall", "recall_interval", "false", "false_rate")]
        table.add_row(kind, *cells, _text(chosen["false_rate_interval"]), _text(chosen["wrong_per_guest"]))
    console.print(table)
    for by, groups in recall_by(event, pairs, IS_SHOWN).items():
        parts = [f"{name} {hits / count:.3f} of {count}" for name, (hits, count) in groups.items()]
        console.print(f"Recall by {by} of the nearest face: {'; '.join(parts)}.")
    console.print(f"Missed: {', '.join(f'{reason} {count}' for reason, count in found['missed'].items())}.")
    worst = ", ".join(f"{person} {count}" for person, count in worst_people(pairs, IS_SHOWN))
    console.print(f"Most false matches: {worst or 'none'}.")
    console.print(f"{found['cpu_ms_per_photo']} ms of the processor for a photo (median).")


def draw(points: dict[str, Any], earlier: dict[str, Any], path: Path) -> None:
    """Recall against the rate of false pairs, of each kind, before and now; the suffix of the path says the format."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for number, kind in enumerate(points):
        for name, curves, style in (("before", earlier, "--"), ("now", points, "-")):
            if shown := [(rate, recall) for _, recall, rate in curves.get(kind, []) if rate > 0]:
                axes.semilogx(*zip(*shown, strict=True), style, color=f"C{number}", label=f"{kind}, {name}")
    axes.set(xlabel="rate of false (selfie, photo) pairs", ylabel="recall", xlim=(1e-5, 1e-2), ylim=(0.3, 1))
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.savefig(path)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.bench.accuracy_replay", description=__doc__)
    parser.add_argument("folder", type=Path, help="photos with labels.csv (photo, kind, person)")
    parser.add_argument("--kinds", default="", help="kinds of photos, separated by commas; all without it")
    parser.add_argument("--selfies", type=int, default=3, help="of each person")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--tolerance", type=float, default=TOLERANCE)
    parser.add_argument("--save", type=Path, help="where to write figures and curves, as JSON")
    parser.add_argument("--plot", type=Path, help="where to draw the curves, as SVG or PNG")
    parser.add_argument("--against", type=Path, help="what an earlier engine saved, for the plot")
    return parser.parse_args(arguments)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "-".join(f"{one:.3g}" for one in value)
    return "" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    raise SystemExit(main())
