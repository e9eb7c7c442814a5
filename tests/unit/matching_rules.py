"""A brute-force implementation of the matching rules in plain loops, to which `matcher_service.rules` is compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from matcher_service.rules import EventFaces, EventPeople, Limits


@dataclass(frozen=True)
class PlainFace:
    """A face at a point of the first axes; distances are those between the points."""

    photo: UUID
    no: int
    at: tuple[float, ...]
    penalty: float = 0.0
    size: int = 80
    sure: bool = True
    trusted: bool = True


@dataclass(frozen=True)
class PlainPerson:
    """A person whose selfie is at a point."""

    id: UUID
    at: tuple[float, ...]


def encode(at: Sequence[float]) -> bytes:
    encoding = np.zeros(128, "<f4")
    encoding[: len(at)] = at
    return encoding.tobytes()


def measure(one: Sequence[float], other: Sequence[float]) -> float:
    a, b = (np.frombuffer(encode(at), "<f4").astype(float) for at in (one, other))
    return float(np.linalg.norm((a - b)[None], axis=1)[0])


def make_faces(faces: Sequence[PlainFace]) -> EventFaces:
    return EventFaces(
        np.array([face.photo.bytes for face in faces], "V16"),
        np.array([face.no for face in faces], np.int16),
        np.frombuffer(b"".join(encode(face.at) for face in faces), "<f4").reshape(-1, 128),
        np.array([face.penalty for face in faces], np.float32),
        np.array([face.size for face in faces], np.int32),
        np.array([face.sure for face in faces], np.bool_),
        np.array([face.trusted for face in faces], np.bool_),
    )


def make_people(people: Sequence[PlainPerson]) -> EventPeople:
    encodings = np.frombuffer(b"".join(encode(person.at) for person in people), "<f4").reshape(-1, 128)
    return EventPeople(tuple(person.id for person in people), encodings)


class BruteForce:
    """Compares every person with every face, and every face with every template."""

    def __init__(
        self,
        faces: Sequence[PlainFace],
        people: Sequence[PlainPerson],
        refusals: Mapping[UUID, Mapping[UUID, int | None]],
        limits: Limits,
    ) -> None:
        self.faces = sorted(faces, key=lambda face: (face.photo.bytes, face.no))
        self.people = people
        self.refusals = refusals
        self.limits = limits

    def match(self) -> dict[tuple[UUID, UUID], bool]:
        """Each matching pair of person and photo, and whether only growth found it."""
        direct = {
            (person, face): distance
            for person in self.people
            for face in self.faces
            if face.photo not in self.refusals.get(person.id, {})
            and (distance := self.reach(face, person.at)) <= self.limits.tolerance
        }
        found = dict(direct)
        direct = {pair: distance for pair, distance in direct.items() if not self.is_rejected(*pair, distance)}
        sure = self.keep_nearest(direct)
        for person in self.people:
            for face, distance in self.grow(person, sure, found, direct).items():
                found[person, face] = min(distance, found.get((person, face), np.inf))
        found = {pair: distance for pair, distance in found.items() if not self.is_rejected(*pair, distance)}
        matches: dict[tuple[UUID, UUID], bool] = {}
        for person, face in self.keep_nearest(found):
            key = person.id, face.photo
            matches[key] = matches.get(key, True) and (person, face) not in direct
        return matches

    def reach(self, face: PlainFace, at: Sequence[float]) -> float:
        return measure(face.at, at) + float(np.float32(face.penalty))

    def is_rejected(self, person: PlainPerson, face: PlainFace, distance: float) -> bool:
        """Whether a face at this distance is closer to a face that the person rejected than to the person."""
        if self.reach(face, person.at) <= self.limits.own_distance:
            return False
        rejected = self.refusals.get(person.id, {})
        return any(
            apart <= self.limits.rejected_distance and apart + self.limits.rejected_margin <= distance
            for other in self.faces
            if rejected.get(other.photo) == other.no
            for apart in [self.reach(face, other.at)]
        )

    def grow(
        self,
        person: PlainPerson,
        sure: Mapping[tuple[PlainPerson, PlainFace], float],
        near_selfie: Mapping[tuple[PlainPerson, PlainFace], float],
        direct: Mapping[tuple[PlainPerson, PlainFace], float],
    ) -> dict[PlainFace, float]:
        near = {face: distance for (who, face), distance in sure.items() if who == person}
        templates = self.choose(near, [])
        first = self.join(person, templates)
        joined = {
            face: distance
            for face, distance in first.items()
            if (person, face) not in direct
            and not self.is_rejected(person, face, min(distance, near_selfie.get((person, face), np.inf)))
        }
        second = self.join(person, self.choose(joined, templates)) if joined else {}
        return {face: min(first.get(face, np.inf), second.get(face, np.inf)) for face in {*first, *second}}

    def choose(self, candidates: Mapping[PlainFace, float], templates: list[PlainFace]) -> list[PlainFace]:
        usable = [
            face
            for face in self.faces
            if candidates.get(face, np.inf) <= self.limits.template_distance
            and face.sure
            and face.trusted
            and face.size >= self.limits.template_size_px
            and face not in templates
        ]
        usable.sort(key=lambda face: candidates[face])
        return [*templates, *usable[: self.limits.max_templates - len(templates)]]

    def join(self, person: PlainPerson, templates: list[PlainFace]) -> dict[PlainFace, float]:
        distances = {
            face: min((self.reach(face, template.at) for template in templates if template != face), default=np.inf)
            for face in self.faces
            if face.photo not in self.refusals.get(person.id, {})
        }
        return {face: distance for face, distance in distances.items() if distance <= self.limits.growth_distance}

    def keep_nearest(
        self, found: Mapping[tuple[PlainPerson, PlainFace], float]
    ) -> dict[tuple[PlainPerson, PlainFace], float]:
        kept = {}
        for (person, face), distance in found.items():
            rivals = {who: d for (who, other), d in found.items() if other == face}
            limit = min(rivals.values()) + self.limits.nearest_margin
            winners = [who for who, d in rivals.items() if d <= limit]
            if person in winners or any(measure(person.at, who.at) <= self.limits.tolerance for who in winners):
                kept[person, face] = distance
        return kept
