"""The files of an archive, its entity tag, and known checksums."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.photos.zip_records import StoredFile
from protos.matcher.v1 import photo_pb2 as pb

MAX_CHECKSUMS = 50_000  # 17 MB
RECORDS = b"1"  # changes whenever the same entries produce other bytes


@dataclass(frozen=True, slots=True)
class SelfieFile:
    """A selfie of one of the caller's people."""

    person_id: str
    selfie_id: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of an archive: a picture of a photo in this version, a `selfie`, or else `content`."""

    file: StoredFile
    photo_id: str = ""
    version: str = ""
    content: bytes = b""
    variant: pb.Variant = pb.VARIANT_ORIGINAL
    selfie: SelfieFile | None = None


class KnownChecksums:
    """Checksums of recently sent originals. A resumed download needs those of the earlier files for the directory at
    the end; without them it reads these files again."""

    def __init__(self) -> None:
        self._crcs: OrderedDict[tuple[str, str], int] = OrderedDict()

    def find(self, entries: Sequence[Entry]) -> dict[int, int]:
        """The known checksums by index."""
        keys = ((place, (entry.photo_id, entry.version)) for place, entry in enumerate(entries))
        return {place: self._crcs[key] for place, key in keys if key in self._crcs}

    def keep(self, entries: Sequence[Entry], crcs: Mapping[int, int]) -> None:
        for place, crc in crcs.items():
            if entries[place].version:
                self._crcs[entries[place].photo_id, entries[place].version] = crc
        while len(self._crcs) > MAX_CHECKSUMS:
            self._crcs.popitem(last=False)


def make_tag(entries: Sequence[Entry]) -> str:
    """A strong entity tag, which changes with the archive's bytes."""
    digest = hashlib.blake2b(RECORDS, digest_size=16)
    for entry in entries:
        file = entry.file
        named = (file.name, file.size_bytes, file.modified.isoformat(), entry.photo_id, entry.version, entry.content)
        digest.update(repr(named).encode())
    return f'"{digest.hexdigest()}"'
