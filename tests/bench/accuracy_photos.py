"""Labelled photos for measurements: from a folder, or from the demo."""

from __future__ import annotations

import csv
import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from deploy.sample.event import load_selfies
from deploy.sample.pictures import Placement, backdrop, compose, line_up, to_jpeg
from deploy.sample.portraits import Portrait, packaged_picture, portraits
from kit.faces.types import Box

# Pictures from scikit-image without a face.
FACELESS = ("coffee", "chelsea", "coins", "horse", "page", "text", "moon", "clock_motion", "color", "brick", "grass")
DEMO_GROUPS = 8


@dataclass(frozen=True)
class Single:
    """A photo of one person."""

    name: str
    person: str
    image: bytes


@dataclass(frozen=True)
class Group:
    """A photo of several people, each of them once, with the boxes of their faces."""

    name: str
    image: bytes
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Photos:
    """The photos to measure; `crowds` are selfies of several people."""

    source: str
    singles: tuple[Single, ...]
    groups: tuple[Group, ...]
    crowds: tuple[bytes, ...] = ()


def read_folder(folder: Path) -> Photos:
    """`labels.csv` (file, person), `groups/boxes.csv` (file, left, top, width, height), `several_*.jpg`."""
    singles = [
        Single(row["file"], row["person"], (folder / row["file"]).read_bytes()) for row in _rows(folder / "labels.csv")
    ]
    boxes: dict[str, list[Box]] = {}
    for row in _rows(folder / "groups" / "boxes.csv"):
        box = Box(*(int(row[side]) for side in ("left", "top", "width", "height")))
        boxes.setdefault(row["file"], []).append(box)
    groups = [Group(name, (folder / "groups" / name).read_bytes(), tuple(found)) for name, found in boxes.items()]
    crowds = [path.read_bytes() for path in sorted(folder.glob("several_*.jpg"))]
    return Photos("labelled photos", tuple(singles), tuple(groups), tuple(crowds))


def read_demo(cache_dir: Path) -> Photos:
    """The demo's people: a few shots of three, which are less conclusive than a folder."""
    selfies = load_selfies(cache_dir)
    singles = [Single(f"{person} {number}", person, jpeg) for number, (person, jpeg) in enumerate(selfies)]
    people = {portrait.person: portrait for portrait in portraits(cache_dir).everything}
    groups = [_compose_group(list(people.values()), number) for number in range(DEMO_GROUPS)]
    return Photos("the demo's photos", tuple(singles), tuple(groups))


def compose_pairs(shots: Iterable[Portrait]) -> Iterator[bytes]:
    """Each two people side by side, once for each shot of the one with more shots."""
    people: dict[str, list[Portrait]] = {}
    for shot in shots:
        people.setdefault(shot.person, []).append(shot)
    for (one, ones), (other, others) in itertools.combinations(people.items(), 2):
        for number in range(max(len(ones), len(others))):
            rng = random.Random(f"{one} {other} {number}")
            cast = [ones[number % len(ones)], others[number % len(others)]]
            yield to_jpeg(compose(backdrop(rng), line_up(cast, rng)))


def faceless_pictures() -> dict[str, bytes]:
    """Things, an animal, text, noise, bare walls and one colour."""
    pictures = {name: packaged_picture(name) for name in FACELESS}
    noise = np.random.default_rng(1).integers(0, 256, (600, 600, 3), np.uint8)
    pictures["noise"] = Image.fromarray(noise)
    pictures["one colour"] = Image.new("RGB", (400, 400), "grey")
    pictures.update({f"wall {number}": backdrop(random.Random(f"wall {number}")) for number in range(4)})
    return {name: to_jpeg(picture) for name, picture in pictures.items()}


def _compose_group(people: list[Portrait], number: int) -> Group:
    rng = random.Random(f"accuracy {number}")
    placements = line_up(people, rng)
    picture = compose(backdrop(rng), placements)
    return Group(f"group {number}", to_jpeg(picture), tuple(_box(placement) for placement in placements))


def _box(placement: Placement) -> Box:
    (x, y), side = placement.centre, placement.face_px
    return Box(x - side // 2, y - side // 2, side, side)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))
