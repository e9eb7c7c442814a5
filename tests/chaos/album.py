"""The pictures of a run and their engine: scripted pictures are fast, real ones go through the real engine."""

import random
from typing import Protocol

from deploy.sample.event import SampleEvent
from tests.chaos.engine import is_far, make_image

PEOPLE = 12


class Album(Protocol):
    """Every picture has different bytes. `image_timeout_s` limits the reading of one."""

    engine: str
    people: int
    image_timeout_s: float

    def selfie(self, person: int | None, nonce: str) -> bytes:
        """A selfie of `person`, or of no face, which must be rejected."""

    def photo(self, nonce: str) -> tuple[frozenset[int], bytes]:
        """A random photo, with as many faces as people."""

    def photo_of(self, people: frozenset[int], nonce: str) -> bytes:
        """A new version of an existing photo of these people."""

    def is_far(self, people: frozenset[int]) -> bool:
        """Whether only growth finds these people in their photo."""


class ScriptedAlbum:
    """Pictures whose metadata names the people in them and the time to read them."""

    engine = "scripted"
    people = PEOPLE
    image_timeout_s = 1.0

    def selfie(self, person: int | None, nonce: str) -> bytes:
        return make_image([] if person is None else [person], nonce, random.randint(20, 200))

    def photo(self, nonce: str) -> tuple[frozenset[int], bytes]:
        people = frozenset(random.sample(range(self.people), random.randint(1, 4)))
        return people, self.photo_of(people, nonce)

    def photo_of(self, people: frozenset[int], nonce: str) -> bytes:
        return make_image(sorted(people), nonce, random.randint(20, 200))

    def is_far(self, people: frozenset[int]) -> bool:
        return is_far(people)


class RealAlbum:
    """The people of the sample event."""

    engine = "real"
    image_timeout_s = 8.0

    def __init__(self, sample: SampleEvent) -> None:
        numbers = {name: number for number, name in enumerate(sample.selfies)}
        self.people = len(numbers)
        self._selfies = list(sample.selfies.values())
        self._faceless = next(photo.jpeg for photo in sample.photos if not photo.faces)
        self._photos = [
            (frozenset(numbers[name] for name in photo.people), photo.jpeg)
            for photo in sample.photos
            if photo.faces == len(photo.people) > 0
        ]

    def selfie(self, person: int | None, nonce: str) -> bytes:
        return (self._faceless if person is None else self._selfies[person]) + nonce.encode()

    def photo(self, nonce: str) -> tuple[frozenset[int], bytes]:
        people, jpeg = random.choice(self._photos)
        return people, jpeg + nonce.encode()

    def photo_of(self, people: frozenset[int], nonce: str) -> bytes:
        return next(jpeg for shown, jpeg in self._photos if shown == people) + nonce.encode()

    def is_far(self, people: frozenset[int]) -> bool:
        return False
