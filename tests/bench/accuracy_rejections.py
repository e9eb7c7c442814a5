"""The effect of one "not me" on a guest's other photos, for a wrong photo and, by mistake, for a right one.

python -m tests.bench.accuracy_rejections FOLDER [--jobs 2]
"""

from __future__ import annotations

import argparse
import json
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from matcher_service.matching import to_encodings
from matcher_service.rules import EventFaces, EventPeople, Limits, Settled, match
from tests.bench.accuracy_event import Event, Guest, id_of, read_labels, replay
from tests.bench.accuracy_rules import list_parties, to_faces

Found = dict[tuple[uuid.UUID, uuid.UUID], Settled]


@dataclass
class Harm:
    """Totals over rejections of one photo at a time: the number of rejections, the other photos lost that show the
    guest and that do not, the number of rejections with a loss, and the largest loss."""

    rejected: int = 0
    lost_true: int = 0
    lost_false: int = 0
    harmful: int = 0
    worst: int = 0

    def add(self, true: int, false: int) -> None:
        self.rejected += 1
        self.lost_true += true
        self.lost_false += false
        self.harmful += true > 0
        self.worst = max(self.worst, true)


def measure(event: Event, limits: Limits) -> dict[str, Harm]:
    """Each guest is alone in the event with their first selfie, so that only their rejection changes the result."""
    faces, photos = to_faces(event), {id_of(photo.name): photo for photo in event.photos}
    harm = {"not theirs": Harm(), "theirs, by mistake": Harm()}
    for guest in next(list_parties(event.guests)):
        shown = find(faces, guest, {}, limits)
        for photo, settled in shown.items():
            left = find(faces, guest, {photo: settled.no}, limits)
            lost = [photos[other] for other in shown if other not in left and other != photo]
            true = sum(guest.person in other.people for other in lost)
            kind = "theirs, by mistake" if guest.person in photos[photo].people else "not theirs"
            harm[kind].add(true, len(lost) - true)
    return harm


def find(faces: EventFaces, guest: Guest, rejected: dict[uuid.UUID, int], limits: Limits) -> dict[uuid.UUID, Settled]:
    """The photos of a guest, without their selfie."""
    person = uuid.uuid5(uuid.NAMESPACE_OID, guest.person)
    people = EventPeople((person,), to_encodings([guest.encoding]))
    refusals = {person: {id_of(guest.selfie): None, **rejected}}
    return {photo: settled for (_, photo), settled in match(faces, people, refusals, limits).items()}


def list_limits() -> Iterator[Limits]:
    """The limits of the product, one under which rejections teach nothing, and others for comparison."""
    yield Limits()
    yield Limits(rejected_distance=-1)
    for distance in (0.25, 0.30, 0.35, 0.40, 0.45):
        for margin in (0.0, 0.05, 0.10, 0.15):
            yield Limits(rejected_distance=distance, rejected_margin=margin)


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench.accuracy_rejections", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    event = replay(options.folder, read_labels(options.folder), 2, 0, options.jobs, Path("var/models"))
    for limits in list_limits():
        found = {kind: asdict(harm) for kind, harm in measure(event, limits).items()}
        print(json.dumps({"distance": limits.rejected_distance, "margin": limits.rejected_margin, **found}), flush=True)


if __name__ == "__main__":
    main()
