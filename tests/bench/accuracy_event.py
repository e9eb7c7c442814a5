"""Replays an event with labelled photos: the product's own code reads the photos and compares the guests."""

from __future__ import annotations

import csv
import random
import time
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from kit.faces.engine import Engine
from kit.faces.validation import examine
from matcher_service.faces import FacePage
from matcher_service.index import make_faces
from matcher_service.matching import find_penalty, to_encodings
from matcher_service.reading import FaceReading, read

# Larger than every useful tolerance: each photo's nearest face is kept up to this distance.
FARTHEST = 0.8


@dataclass(frozen=True)
class LabelledPhoto:
    """A photo's file name, its kind and the people known to be in it."""

    name: str
    kind: str
    people: frozenset[str]


@dataclass(frozen=True)
class ReadPhoto:
    """The faces in a photo, and the processor time to read it in seconds."""

    faces: tuple[FaceReading, ...]
    small_count: int
    cpu_s: float


@dataclass(frozen=True)
class Guest:
    """A person with one of their selfies, and the nearest face of each photo: (distance, face number).
    `shown`: the photos that the rules of matching show them (`accuracy_rules.settle`)."""

    person: str
    selfie: str
    encoding: bytes
    nearest: dict[str, tuple[float, int]]
    shown: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Event:
    """All measurements, before any tolerance is applied."""

    photos: tuple[LabelledPhoto, ...]
    read: dict[str, ReadPhoto]
    guests: tuple[Guest, ...]
    refused: int  # selfies that the strict check rejects


def read_labels(folder: Path) -> list[LabelledPhoto]:
    """Reads `labels.csv` (photo, kind, person): one row per person in a photo; an empty person labels no one."""
    kinds: dict[str, str] = {}
    people: dict[str, set[str]] = {}
    with (folder / "labels.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            kinds[row["photo"]] = row["kind"]
            people.setdefault(row["photo"], set()).update(filter(None, [row["person"]]))
    return [LabelledPhoto(name, kind, frozenset(people[name])) for name, kind in kinds.items()]


def has_kinds(folder: Path) -> bool:
    with (folder / "labels.csv").open(newline="") as lines:
        return "kind" in next(csv.reader(lines), [])


def replay(folder: Path, photos: Sequence[LabelledPhoto], selfies: int, seed: int, jobs: int, models: Path) -> Event:
    """The event of these photos; each person is enrolled with up to `selfies` selfies in turn."""
    paths = [folder / photo.name for photo in photos]
    with ProcessPoolExecutor(jobs, get_context("spawn"), _load, (models,)) as pool:
        read_photos = dict(zip([p.name for p in photos], pool.map(_read, paths, chunksize=4), strict=True))
        candidates = list(_choose_selfies(photos, selfies, seed))
        verdicts = list(pool.map(_examine, [[folder / name for name in names] for _, names in candidates]))
    page = _to_page(photos, read_photos)
    faces, names = make_faces(1, page), {id_of(photo.name): photo.name for photo in photos}
    guests = []
    for (person, tried), encodings in zip(candidates, verdicts, strict=True):
        accepted = [(name, code) for name, code in zip(tried, encodings, strict=True) if code is not None]
        for selfie, encoding in accepted[:selfies]:
            found = faces.find(encoding, FARTHEST)
            guests.append(Guest(person, selfie, encoding, {names[f.photo_id]: (f.distance, f.no) for f in found}))
    refused = sum(code is None for encodings in verdicts for code in encodings)
    return Event(tuple(photos), read_photos, tuple(guests), refused)


def id_of(name: str) -> uuid.UUID:
    """The id of the photo with this file name."""
    return uuid.uuid5(uuid.NAMESPACE_URL, name)


def find_penalty_of(face: FaceReading) -> float:
    return find_penalty(face.quality.size_px, face.is_sure)


def _choose_selfies(photos: Iterable[LabelledPhoto], count: int, seed: int) -> Iterable[tuple[str, list[str]]]:
    """Photos of each person alone, in random order: twice as many as are enrolled, since some are rejected."""
    alone: dict[str, list[str]] = {}
    for photo in photos:
        if len(photo.people) == 1:
            alone.setdefault(next(iter(photo.people)), []).append(photo.name)
    together = {person for photo in photos for person in photo.people if len(photo.people) > 1}
    for person, names in sorted(alone.items()):
        if len(names) > 1 or person in together:
            yield person, random.Random(f"{seed} {person}").sample(sorted(names), min(2 * count, len(names)))


def _to_page(photos: Sequence[LabelledPhoto], read_photos: dict[str, ReadPhoto]) -> FacePage:
    rows = [(photo.name, no, face) for photo in photos for no, face in enumerate(read_photos[photo.name].faces)]
    ids = b"".join(id_of(name).bytes for name, _, _ in rows)
    encodings = to_encodings([face.encoding for _, _, face in rows])
    penalties = np.array([find_penalty_of(face) for _, _, face in rows], np.float32)
    nos = np.array([no for _, no, _ in rows], np.int16)
    return FacePage(np.frombuffer(ids, "V16"), nos, encodings, penalties, None)


_engines: dict[str, Any] = {}


def _load(models: Path) -> None:
    """The engines of a pool process: one reads photos, one checks selfies."""
    _engines["photos"] = Engine(model_cache=models)
    _engines["selfies"] = Engine(for_photos=False, model_cache=models)


def _read(path: Path) -> ReadPhoto:
    data, started = path.read_bytes(), time.process_time()
    reading = read(_engines["photos"], data)
    return ReadPhoto(reading.faces, reading.small_count, time.process_time() - started)


def _examine(paths: Sequence[Path]) -> list[bytes | None]:
    return [examine(_engines["selfies"], path.read_bytes()).encoding for path in paths]
