"""The photos of a folder and their hashes."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

# What gateway accepts, by name; its decoder decides by the bytes.
SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif"))


@dataclass(frozen=True)
class Photo:
    """A file and its SHA-256 as hexadecimal digits."""

    path: Path
    size: int
    sha256: str


@dataclass
class Found:
    """What lies in the folders: pictures, and how many other files."""

    paths: list[Path] = field(default_factory=list)
    others: int = 0


def find_pictures(folders: Iterable[Path]) -> Found:
    """In folders and all of their subfolders, in the order of their names; a file may be named, too. Hidden files, such
    as those of macOS (`._NAME`), are left out."""
    found = Found()
    for folder in folders:
        for path in [folder] if folder.is_file() else sorted(folder.rglob("*")):
            if not path.is_file() or any(part.startswith(".") for part in path.relative_to(folder).parts):
                continue
            if path.suffix.lower() in SUFFIXES:
                found.paths.append(path)
            else:
                found.others += 1
    return found


def hash_all(paths: Iterable[Path]) -> Iterator[Photo]:
    """Each file once, also where several have the same bytes. Raises OSError for one that cannot be read."""
    seen: set[str] = set()
    for path in paths:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest not in seen:
            seen.add(digest)
            yield Photo(path, path.stat().st_size, digest)
