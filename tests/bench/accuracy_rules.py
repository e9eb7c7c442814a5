"""Applies the rules of matching to a replayed event: growth and the nearest person, as indexers settle events."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from matcher_service.matching import to_encodings
from matcher_service.rules import EventFaces, EventPeople, Limits, match
from tests.bench.accuracy_event import Event, Guest, find_penalty_of, id_of


def settle(event: Event, limits: Limits) -> Event:
    """The event with the photos that each guest is shown, first with everyone's first selfie, then the second, and so
    on. A photo that serves as a guest's selfie does not count as a photo of them."""
    faces = to_faces(event)
    guests = [guest for party in list_parties(event.guests) for guest in _show(party, faces, event, limits)]
    return replace(event, guests=tuple(guests))


def list_parties(guests: Iterable[Guest]) -> Iterator[list[Guest]]:
    """Guests of different people: the first selfie of each, the second, ..."""
    of_person: dict[str, list[Guest]] = {}
    for guest in guests:
        of_person.setdefault(guest.person, []).append(guest)
    most = max(map(len, of_person.values()), default=0)
    for turn in range(most):
        yield [selfies[turn] for selfies in of_person.values() if turn < len(selfies)]


def _show(party: Sequence[Guest], faces: EventFaces, event: Event, limits: Limits) -> list[Guest]:
    ids = [uuid.uuid5(uuid.NAMESPACE_OID, guest.person) for guest in party]
    people = EventPeople(tuple(ids), to_encodings([guest.encoding for guest in party]))
    own = {person: {id_of(guest.selfie): None} for person, guest in zip(ids, party, strict=True)}
    names = {id_of(photo.name): photo.name for photo in event.photos}
    shown: dict[uuid.UUID, set[str]] = {person: set() for person in ids}
    for person, photo in match(faces, people, own, limits):
        shown[person].add(names[photo])
    return [replace(guest, shown=frozenset(shown[person])) for person, guest in zip(ids, party, strict=True)]


def to_faces(event: Event) -> EventFaces:
    rows = [(name, no, face) for name, photo in event.read.items() for no, face in enumerate(photo.faces)]
    return EventFaces(
        np.array([id_of(name).bytes for name, _, _ in rows], "V16"),
        np.array([no for _, no, _ in rows], np.int16),
        to_encodings([face.encoding for _, _, face in rows]),
        np.array([find_penalty_of(face) for _, _, face in rows], np.float32),
        np.array([face.quality.size_px for _, _, face in rows], np.int32),
        np.array([face.is_sure for _, _, face in rows], np.bool_),
        np.ones(len(rows), np.bool_),
    )
