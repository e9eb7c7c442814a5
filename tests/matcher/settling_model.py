"""The model of photos and running settlements that the machine of test_matcher_pairs_settling keeps."""

from dataclasses import dataclass
from uuid import UUID

from matcher_service.domain import Settlement
from matcher_service.store import UnsettledEvent
from tests.matcher.looks import Look

Grown = dict[UUID, bool]


@dataclass
class Photo:
    """A photo in the model; `looks` are its faces as last read, None before the first reading."""

    trusted: bool
    name: str
    data: bytes
    looks: list[Look] | None = None


@dataclass
class Settling:
    """A settlement that was computed but not published: its expected result, and the reset counters it read."""

    job: Settlement
    event: UnsettledEvent
    expected: dict[UUID, Grown]
    photos: set[UUID]
    resets: int
