"""Measures on labelled photos of real people which faces the engine finds, distinguishes and rejects.

python -m tests.bench.accuracy [--faces DIR]

A folder whose labels.csv names kinds of photos is replayed as an event: `tests.bench.accuracy_replay`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import face_recognition
import numpy as np
from PIL import Image
from rich.console import Console

from deploy.sample.portraits import Portrait
from kit.faces.engine import Engine
from kit.faces.images.decode import Pixels, decode
from kit.faces.images.resize import shrink
from kit.faces.types import Box
from kit.faces.validation import examine
from matcher_service.reading import LIMITS, find_faces
from matcher_service.settings import MatchSettings
from tests.bench import accuracy_event, accuracy_replay
from tests.bench.accuracy_pairs import Encoding, pair_selfies, pair_strangers
from tests.bench.accuracy_photos import Group, Photos, Single, compose_pairs, faceless_pictures, read_demo, read_folder
from tests.bench.accuracy_report import Found, Report, draw, summarise, tabulate

TOLERANCE = float(MatchSettings.model_fields["face_tolerance"].default)
SHARED = Path("../shared/faces")
VAR = Path("var")
# A face of this width is distant, and close to the detection limit.
FAR_PX = 48
MIN_OVERLAP = 0.3


@dataclass
class Looks:
    """The encodings of the singles by name: as selfies, and as near and distant faces in photos."""

    persons: dict[str, str] = field(default_factory=dict)
    selfies: dict[str, Encoding] = field(default_factory=dict)
    near: dict[str, Encoding] = field(default_factory=dict)
    far: dict[str, Encoding] = field(default_factory=dict)
    shots: list[Portrait] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def measure(engine: Engine, strict: Engine, photos: Photos) -> Report:
    """`engine` reads photos, `strict` checks selfies."""
    looks, ours, theirs = Looks(), Found(), Found()
    for single in photos.singles:
        measure_single(engine, strict, single, looks, ours, theirs)
    groups = [measure_group(engine, group, ours, theirs) for group in photos.groups]
    crowds = [*compose_pairs(looks.shots), *photos.crowds]
    faceless = faceless_pictures()
    return Report(
        source=photos.source,
        tolerance=TOLERANCE,
        near=pair_selfies(looks.persons, looks.selfies, looks.near),
        far=pair_selfies(looks.persons, looks.selfies, looks.far),
        strangers=pair_strangers(groups),
        ours=ours,
        theirs=theirs,
        singles=len(photos.singles),
        refused=looks.refused,
        crowds=len(crowds),
        crowds_accepted=sum(examine(strict, image).reason is None for image in crowds),
        faceless=len(faceless),
        faceless_accepted=[name for name, image in faceless.items() if examine(strict, image).reason is None],
    )


def measure_single(engine: Engine, strict: Engine, single: Single, looks: Looks, ours: Found, theirs: Found) -> None:
    """Encodes the largest face, which is the person's, at its own size and scaled down to a distant one."""
    looks.persons[single.name] = single.person
    verdict = examine(strict, single.image)
    if verdict.encoding is None:
        looks.refused[single.name] = str(verdict.reason)
    else:
        looks.selfies[single.name] = np.frombuffer(verdict.encoding, "<f4")
    pixels = decode(single.image, LIMITS).pixels
    boxes = [found.box for found in find_faces(engine, pixels)]
    for found, count in ((ours, len(boxes)), (theirs, len(locate(pixels)))):
        found.add_counts(1, min(count, 1), max(count - 1, 0))
    faces = engine.encode(pixels, boxes)
    if not faces:
        return
    looks.near[single.name] = faces[0].encoding
    box = faces[0].box
    looks.shots.append(Portrait(single.person, Image.fromarray(pixels), (box.left, box.top, box.width)))
    small = shrink(pixels, round(max(pixels.shape) * FAR_PX / box.width))
    if far := engine.encode(small, [found.box for found in find_faces(engine, small)]):
        looks.far[single.name] = far[0].encoding


def measure_group(engine: Engine, group: Group, ours: Found, theirs: Found) -> list[Encoding]:
    pixels = decode(group.image, LIMITS).pixels
    boxes = [found.box for found in find_faces(engine, pixels)]
    ours.add(group.boxes, boxes, MIN_OVERLAP)
    theirs.add(group.boxes, locate(pixels), MIN_OVERLAP)
    return [face.encoding for face in engine.encode(pixels, boxes)]


def locate(pixels: Pixels) -> list[Box]:
    """Uses the defaults of face_recognition."""
    places = face_recognition.face_locations(pixels)
    return [Box(left, top, right - left, bottom - top) for top, right, bottom, left in places]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m tests.bench.accuracy", description=__doc__)
    parser.add_argument("--faces", type=Path, default=SHARED if SHARED.exists() else None, help="labelled photos")
    options, others = parser.parse_known_args(arguments)
    folder = options.faces
    if folder and accuracy_event.has_kinds(folder):
        return accuracy_replay.main([str(folder), *others])
    photos = read_folder(folder) if folder else read_demo(VAR / "sample")
    models = VAR / "models"
    report = measure(Engine(model_cache=models), Engine(for_photos=False, model_cache=models), photos)
    console = Console()
    tabulate(report, console)
    plot = VAR / "bench" / "accuracy.png"
    draw(report, plot)
    console.print(f"\nThe plot is in {plot}.")
    print(json.dumps(summarise(report)))
    return 0 if report.is_right else 1


if __name__ == "__main__":
    sys.exit(main())
