"""Files that look like photos, and a reader that finds the people named in them."""

from collections.abc import Iterable

import numpy as np

from kit.faces import Box, Quality
from matcher_service.reading import FaceReading, Reading

JPEG = b"\xff\xd8\xff\xe0"
JPEG_END = b"\xff\xd9"


def person(number: int) -> bytes:
    """The encoding of a person."""
    encoding = np.zeros(128, dtype="<f4")
    encoding[number] = 1
    return encoding.tobytes()


def photo_of(people: Iterable[int], name: str = "") -> bytes:
    """A file with the signature of a JPEG; another `name` makes another file."""
    return JPEG + f"{name}|{','.join(map(str, people))}".encode()


def read_script(data: bytes) -> Reading:
    """Reads what `photo_of` wrote."""
    people = data.rpartition(b"|")[2].decode()
    if people == "unreadable":
        return Reading(reason="unreadable")
    faces = tuple(
        FaceReading(Box(0, 0, 80, 80), person(int(number)), Quality(80, 100.0, 120.0, 0.0))
        for number in people.split(",")
        if number
    )
    pictures = {f"{name}_jpeg": JPEG + name.encode() + JPEG_END for name in ("original", "preview", "medium", "thumb")}
    return Reading(width=1200, height=800, faces=faces, colour=0x102030, **pictures)
