"""The pictures of a run, and the engine that reads them: scripted ones are fast, real ones go through all of it."""

import random
from typing import Protocol

from deploy.sample.event import SampleEvent
from tests.chaos.engine import is_far, make_image

PEOPLE = 12


class Album(Protocol):
    """Every picture has other bytes. `image_timeout_s`: how long reading one may take."""

    engine: str
    people: int
    image_timeout_s: float

    def selfie(self, person: int | None, nonce: str) -> bytes:
        """Of nobody: one that is to be rejected."""

    def photo(self, nonce: str) -> tuple[frozenset[int], bytes]:
        """With as many faces as people."""

    def photo_of(self, people: frozenset[int], nonce: str) -> bytes:
        """Another one of these people, of whom there is one already."""

    def is_far(self, people: frozenset[int]) -> bool:
        """Whether only growth finds the people of the photo that shows them."""


class ScriptedAlbum:
    """Pictures that say who is in them and how long they take."""

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
        self._nobody = next(photo.jpeg for photo in sample.photos if not photo.faces)
        self._photos = [
            (frozenset(numbers[name] for name in photo.people), photo.jpeg)
            for photo in sample.photos
            if photo.faces == len(photo.people) > 0
        ]

    def selfie(self, person: int | None, nonce: str) -> bytes:
        return (self._nobody if person is None else self._selfies[person]) + nonce.encode()

    def photo(self, nonce: str) -> tuple[frozenset[int], bytes]:
        people, jpeg = random.choice(self._photos)
        return people, jpeg + nonce.encode()

    def photo_of(self, people: frozenset[int], nonce: str) -> bytes:
        return next(jpeg for shown, jpeg in self._photos if shown == people) + nonce.encode()

    def is_far(self, people: frozenset[int]) -> bool:
        return False
