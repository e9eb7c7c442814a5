"""The photos of a folder and their hashes."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

# Extensions of formats that the gateway accepts; its decoder decides by content.
SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif"))


@dataclass(frozen=True)
class Photo:
    """A file and its SHA-256 as hexadecimal digits."""

    path: Path
    size: int
    sha256: str


@dataclass
class Found:
    """The pictures in the folders, and the number of other files."""

    paths: list[Path] = field(default_factory=list)
    others: int = 0


def find_pictures(folders: Iterable[Path]) -> Found:
    """Searches folders and their subfolders, in the order of names; single files are allowed. Hidden files, such as
    those of macOS (`._NAME`), are skipped."""
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
    """Hashes the files and drops duplicates. Raises OSError for a file that cannot be read."""
    seen: set[str] = set()
    for path in paths:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest not in seen:
            seen.add(digest)
            yield Photo(path, path.stat().st_size, digest)
