"""Measures which photos the guests of an event see, on a folder of labelled photos.

python -m tests.bench.accuracy_replay FOLDER [--kinds natural,portrait] [--selfies 3] [--template-distance 0.48]
    [--save curve.json] [--plot curve.svg --against earlier.json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from matcher_service.rules import Limits
from matcher_service.settings import MatchSettings
from tests.bench.accuracy_event import Event, read_labels, replay
from tests.bench.accuracy_figures import (
    IS_SHOWN,
    Pair,
    by_kind,
    curve,
    explain,
    list_pairs,
    summarise,
)
from tests.bench.accuracy_rules import settle
from tests.bench.accuracy_tables import draw, tabulate, tabulate_groups

TOLERANCE = float(MatchSettings.model_fields["face_tolerance"].default)
TOLERANCES = tuple(round(0.30 + 0.01 * step, 2) for step in range(41))
MODELS = Path("var/models")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    photos = read_labels(options.folder)
    if options.kinds:
        photos = [photo for photo in photos if photo.kind in options.kinds.split(",")]
    event = replay(options.folder, photos, options.selfies, options.seed, options.jobs, MODELS)
    limits = Limits(tolerance=options.tolerance, template_distance=options.template_distance)
    event = settle(event, limits)
    pairs = list(list_pairs(event))
    found = measure(event, pairs, options.tolerance)
    earlier = json.loads(options.against.read_text()) if options.against else {}
    console = Console(width=140, highlight=False)
    tabulate(pairs, found, console)
    tabulate_groups(event, pairs, earlier.get("shown"), console)
    saved = {
        "figures": found,
        "curves": {kind: curve(chosen, TOLERANCES) for kind, chosen in by_kind(pairs).items()},
        "settled": settled_curves(event, limits) if options.save or options.plot else {},
        "shown": {guest.selfie: sorted(guest.shown) for guest in event.guests},
    }
    if options.save:
        options.save.write_text(json.dumps(saved))
    if options.plot:
        draw(saved, earlier, options.plot)
    print(json.dumps(found))
    return 0


def measure(event: Event, pairs: Sequence[Pair], tolerance: float) -> dict[str, Any]:
    """The figures of the last line: all kinds together, then each kind; `direct` holds the matches of selfies without
    the other rules of matching."""
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


def settled_curves(event: Event, limits: Limits) -> dict[str, list[tuple[float, float, float]]]:
    """Like `curve`, by kind, with all rules of matching."""
    curves: dict[str, list[tuple[float, float, float]]] = {}
    for tolerance in TOLERANCES:
        settled = settle(event, replace(limits, tolerance=tolerance))
        for kind, chosen in by_kind(list(list_pairs(settled))).items():
            found = summarise(chosen, IS_SHOWN)
            curves.setdefault(kind, []).append((tolerance, found["recall"] or 0.0, found["false_rate"] or 0.0))
    return curves


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.bench.accuracy_replay", description=__doc__)
    parser.add_argument("folder", type=Path, help="photos with labels.csv (photo, kind, person)")
    parser.add_argument("--kinds", default="", help="kinds of photos, separated by commas; default: all")
    parser.add_argument("--selfies", type=int, default=3, help="selfies of each person")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--tolerance", type=float, default=TOLERANCE)
    parser.add_argument("--template-distance", type=float, default=Limits.template_distance, help="docs/matching.md")
    parser.add_argument("--save", type=Path, help="output file for figures and curves, as JSON")
    parser.add_argument("--plot", type=Path, help="output file for the curves, as SVG or PNG")
    parser.add_argument("--against", type=Path, help="saved figures of an earlier engine, for the plot")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
