"""Selfies that average two people: how many of them match both, and how many are reported to organisers.

python -m tests.bench.averaged_selfies FOLDER [--pairs 300] [--jobs 2]

Photos are read and selfies are checked by the product. An average is made of two selfies, whose faces are turned
upright first, once of their pixels and once of their encodings, as an attacker who can shape a picture to an encoding
would. It is compared with photos of one face of each, neither of which it was made of. Honest selfies are compared with
all photos of the folder, and with photos of their own face alongside strangers.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import dlib
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from kit.faces import models, validation
from kit.faces.engine import Engine
from matcher_service.matching import to_encodings
from matcher_service.rules import EventFaces, EventPeople, Limits, examine
from matcher_service.rules.pairs import Comparison
from matcher_service.settings import MatchSettings
from tests.bench.accuracy_event import Event, Guest, read_labels, replay
from tests.bench.accuracy_rules import to_faces

MODELS = Path("var/models")
CHIP_PX = 400
PADDING = 0.6  # of the face, to include hair and neck
SHARED = (1, 5, 20)  # photos that show both people
STRANGERS = 40  # alongside each face of a person
LIMITS = Limits()
LEAST = int(MatchSettings.model_fields["photos_of_two_faces"].default)


@dataclass(frozen=True)
class Subject:
    """A person with an accepted selfie, and the rows of their faces in photos of them alone, except the selfie."""

    guest: Guest
    chip: npt.NDArray[np.uint8]
    rows: tuple[int, ...]


class Aligner:
    """Rotates and scales the face of a picture so that the eyes are at fixed positions."""

    def __init__(self) -> None:
        self._engine = Engine(for_photos=False, model_cache=MODELS)
        self._pose = dlib.shape_predictor(str(models.find_model(models.LANDMARKS)))

    def align(self, path: Path) -> npt.NDArray[np.uint8] | None:
        picture = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        picture.thumbnail((1200, 1200))
        pixels = np.asarray(picture)
        found = self._engine.detect(pixels, border=0.25) or self._engine.detect(pixels, 2.0)
        if not found:
            return None
        box = max(found, key=lambda face: face.box.area).box
        rectangle = dlib.rectangle(box.left, box.top, box.left + box.width, box.top + box.height)
        chip = dlib.get_face_chip(pixels, self._pose(pixels, rectangle), CHIP_PX, PADDING)
        return np.asarray(chip, np.uint8)

    def average(self, one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> bytes | None:
        """The encoding of the average of both pictures, if the strict check accepts it."""
        out = io.BytesIO()
        Image.fromarray(cv2.addWeighted(one, 0.5, other, 0.5, 0.0)).save(out, "JPEG", quality=92)
        return validation.examine(self._engine, out.getvalue()).encoding


def list_subjects(event: Event, folder: Path, aligner: Aligner) -> Iterator[Subject]:
    names = [(name, len(photo.faces)) for name, photo in event.read.items()]
    starts = dict(
        zip([name for name, _ in names], itertools.accumulate((n for _, n in names), initial=0), strict=False)
    )
    alone: dict[str, list[str]] = {}
    for photo in event.photos:
        if len(photo.people) == 1 and len(event.read[photo.name].faces) == 1:
            alone.setdefault(next(iter(photo.people)), []).append(photo.name)
    seen: set[str] = set()
    for guest in event.guests:
        rows = tuple(starts[name] for name in alone.get(guest.person, []) if name != guest.selfie)
        if guest.person in seen or not rows:
            continue
        chip = aligner.align(folder / guest.selfie)
        if chip is not None:
            seen.add(guest.person)
            yield Subject(guest, chip, rows)


def with_neighbours(faces: EventFaces, pairs: Sequence[tuple[int, int]]) -> EventFaces:
    """Photos of two faces each, by their rows."""
    rows = np.array(pairs, np.intp).reshape(-1)
    chosen = EventFaces(*(values[rows] for values in vars(faces).values()))
    ids = [uuid.uuid5(uuid.NAMESPACE_OID, str(number)).bytes for number in range(len(pairs)) for _ in range(2)]
    return replace(chosen, photo_ids=np.array(ids, "V16"), nos=np.tile(np.array([0, 1], np.int16), len(pairs)))


def count_two_faces(faces: EventFaces, encoding: bytes) -> int:
    person = uuid.UUID(int=1)
    return examine(faces, EventPeople((person,), to_encodings([encoding])), {}, LIMITS).two_faces.get(person, 0)


def measure_average(faces: EventFaces, one: Subject, other: Subject, encoding: bytes, rng: random.Random) -> list[int]:
    """Whether the selfie matches photos of both people; if so, for which of SHARED it is noticed."""
    found = [_is_found(faces, subject, encoding) for subject in (one, other)]
    if not all(found):
        return []
    pairs = list(itertools.product(one.rows, other.rows))
    rng.shuffle(pairs)
    return [count_two_faces(with_neighbours(faces, pairs[:count]), encoding) for count in SHARED]


def _is_found(faces: EventFaces, subject: Subject, encoding: bytes) -> bool:
    rows = np.array(subject.rows)
    comparison = Comparison(faces.encodings[rows], faces.penalties[rows])
    return bool((comparison.measure(to_encodings([encoding]), np.arange(len(rows)))[0] <= LIMITS.tolerance).any())


def measure_averages(faces: EventFaces, subjects: Sequence[Subject], pairs: int, aligner: Aligner) -> dict[str, object]:
    rng = random.Random("pairs")
    chosen = rng.sample(list(itertools.combinations(subjects, 2)), pairs)
    results: dict[str, object] = {}
    for kind in ("pixels", "encodings"):
        encodings = [_average(kind, one, other, aligner) for one, other in chosen]
        noticed = [
            measure_average(faces, one, other, encoding, rng)
            for (one, other), encoding in zip(chosen, encodings, strict=True)
            if encoding is not None
        ]
        both = [counts for counts in noticed if counts]
        results[kind] = {
            "averages": len(chosen),
            "accepted": len(noticed),
            "find_both": len(both),
            **{
                f"{shared}_shared_photos": {
                    "noticed": sum(counts[place] > 0 for counts in both),
                    "reported": sum(counts[place] >= LEAST for counts in both),
                }
                for place, shared in enumerate(SHARED)
            },
        }
    return results


def _average(kind: str, one: Subject, other: Subject, aligner: Aligner) -> bytes | None:
    if kind == "pixels":
        return aligner.average(one.chip, other.chip)
    both = to_encodings([one.guest.encoding, other.guest.encoding])
    return both.mean(axis=0, dtype=np.float32).astype("<f4").tobytes()


def measure_honest(faces: EventFaces, event: Event, subjects: Sequence[Subject]) -> dict[str, object]:
    """Counts false alarms: each selfie with all photos, and each person's faces with STRANGERS strangers each."""
    whole = [count_two_faces(faces, guest.encoding) for guest in event.guests]
    rng, crowd = random.Random("strangers"), []
    for subject in subjects:
        strangers = [row for other in subjects if other is not subject for row in other.rows]
        pairs = [(row, stranger) for row in subject.rows for stranger in rng.sample(strangers, STRANGERS)]
        crowd.append(count_two_faces(with_neighbours(faces, pairs), subject.guest.encoding))
    return {
        "selfies": len(whole),
        "with_any_photo": sum(map(bool, whole)),
        "reported": sum(count >= LEAST for count in whole),
        "beside_strangers": {
            "selfies": len(crowd),
            "photos": sum(len(subject.rows) for subject in subjects) * STRANGERS,
            "photos_noticed": sum(crowd),
            "with_any_photo": sum(map(bool, crowd)),
            "reported": sum(count >= LEAST for count in crowd),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench.averaged_selfies", description=__doc__)
    parser.add_argument("folder", type=Path, help="photos with labels.csv (photo, kind, person)")
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    event = replay(options.folder, read_labels(options.folder), 2, 0, options.jobs, MODELS)
    faces, aligner = to_faces(event), Aligner()
    subjects = list(list_subjects(event, options.folder, aligner))
    averages = measure_averages(faces, subjects, options.pairs, aligner)
    honest = measure_honest(faces, event, subjects)
    print(json.dumps({"least": LEAST, "people": len(subjects), "averages": averages, "honest": honest}, indent=2))


if __name__ == "__main__":
    main()
