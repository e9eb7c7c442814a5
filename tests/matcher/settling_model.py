"""What the machine of test_matcher_pairs_settling knows of photos and of settlements that are under way."""

from dataclasses import dataclass
from uuid import UUID

from matcher_service.domain import Settlement
from matcher_service.store import UnsettledEvent
from tests.matcher.looks import Look

Grown = dict[UUID, bool]


@dataclass
class Photo:
    """A photo of the model; `looks` as they were read, None before."""

    trusted: bool
    name: str
    data: bytes
    looks: list[Look] | None = None


@dataclass
class Settling:
    """A settlement that was read and is not published: what is to come of it, and the resets at that moment."""

    job: Settlement
    event: UnsettledEvent
    expected: dict[UUID, Grown]
    photos: set[UUID]
    resets: int
