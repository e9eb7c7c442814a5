"""Matches people to photos: direct matches, growth, nearest person. The result does not depend on the input's order."""

from collections.abc import Iterable, Mapping
from uuid import UUID

import numpy as np

from matcher_service.matching import Encodings
from matcher_service.rules.event import EventFaces, EventPeople, Limits, Outcome, Refusals, Settled
from matcher_service.rules.growth import Growth
from matcher_service.rules.nearest import keep_nearest
from matcher_service.rules.pairs import Comparison, Nearby, Pairs, Rows, concatenate
from matcher_service.rules.rejection import Rejection
from matcher_service.rules.two_faces import count_two_faces


def match(
    faces: EventFaces, people: EventPeople, refusals: Refusals, limits: Limits
) -> dict[tuple[UUID, UUID], Settled]:
    """The matches by person and photo. A person never matches a photo that they refuse, nor competes for its faces."""
    return examine(faces, people, refusals, limits).settled


def examine(faces: EventFaces, people: EventPeople, refusals: Refusals, limits: Limits) -> Outcome:
    """The matches, and the people whose selfie is near two faces of one photo, including photos that they refuse."""
    if not len(faces) or not len(people):
        return Outcome({}, {})
    faces = faces.sort()
    comparison = Comparison(faces.encodings, faces.penalties)
    places = range(len(people))
    refused = [_find_refused(faces, refusals.get(person, {})) for person in people.ids]
    rejections = [
        Rejection(comparison, _find_rejected(faces, refusals.get(person, {}), rows), people.encodings[[place]], limits)
        for place, (person, rows) in enumerate(zip(people.ids, refused, strict=True))
    ]
    near = [_find_near(comparison, people, place, limits) for place in places]
    direct = [one.select(~np.isin(one.faces, rows)) for one, rows in zip(near, refused, strict=True)]
    kept = [_to_pairs(place, rejections[place].drop(direct[place])) for place in places]
    sure = keep_nearest(concatenate(kept), people.encodings, limits)
    may_be_template = faces.sure & faces.trusted & (faces.sizes >= limits.template_size_px)
    growth = Growth(comparison, faces.encodings, may_be_template, limits)
    found = [growth.grow(place, _of(sure, place), direct[place], refused[place], rejections[place]) for place in places]
    settled = _collect(keep_nearest(concatenate(found), people.encodings, limits), faces, people)
    counts = [count_two_faces(faces, one, limits.apart_distance) for one in near]
    return Outcome(settled, {person: count for person, count in zip(people.ids, counts, strict=True) if count})


def _find_near(comparison: Comparison, people: EventPeople, place: int, limits: Limits) -> Nearby:
    selfie = people.encodings[place : place + 1]
    rows = comparison.find_within(selfie, limits.tolerance)
    return Nearby(rows, comparison.measure(selfie, rows)[0]).within(limits.tolerance)


def _to_pairs(place: int, direct: Nearby) -> Pairs:
    count = len(direct.faces)
    return Pairs(np.full(count, place, np.intp), direct.faces, direct.distances, np.zeros(count, np.bool_))


def _find_rejected(faces: EventFaces, photos: Mapping[UUID, int | None], refused: Rows) -> Encodings:
    """The encodings of the faces that had matched a person in photos that they refuse: (k, 128)."""
    rows = [row for row in refused if photos[faces.photo(row)] == faces.nos[row]]
    return faces.encodings[rows]


def _find_refused(faces: EventFaces, photos: Iterable[UUID]) -> Rows:
    ids = np.array([photo.bytes for photo in photos], "V16")
    return np.flatnonzero(np.isin(faces.photo_ids, ids)) if len(ids) else np.empty(0, np.intp)


def _of(pairs: Pairs, place: int) -> Nearby:
    """The pairs of one person; `pairs` are in the order of the people."""
    own = slice(*np.searchsorted(pairs.people, [place, place + 1]))
    return Nearby(pairs.faces[own], pairs.distances[own])


def _collect(pairs: Pairs, faces: EventFaces, people: EventPeople) -> dict[tuple[UUID, UUID], Settled]:
    """The nearest face in each photo; faces that the selfie finds come before those that growth finds."""
    settled: dict[tuple[UUID, UUID], Settled] = {}
    for row in np.lexsort((pairs.faces, pairs.distances, pairs.grown)):
        face = int(pairs.faces[row])
        key = people.ids[int(pairs.people[row])], faces.photo(face)
        found = Settled(int(faces.nos[face]), float(pairs.distances[row]), bool(pairs.grown[row]))
        settled.setdefault(key, found)
    return settled
