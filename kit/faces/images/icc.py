"""Removes identifying data from colour profiles: serial numbers of displays, private tags, hidden bytes (ICC.1)."""

import struct

MAX_PROFILE_BYTES = 4 * 1024 * 1024

_HEADER_BYTES = 128
_MAX_TAGS = 100
# Curves, matrices, tables, and the texts that each profile of a standard colour space contains.
_TAGS = frozenset(
    b"rXYZ gXYZ bXYZ rTRC gTRC bTRC kTRC wtpt bkpt chad chrm lumi cicp gamt A2B0 A2B1 A2B2 B2A0 B2A1 B2A2 D2B0 D2B1"
    b" D2B2 D2B3 B2D0 B2D1 B2D2 B2D3 pre0 pre1 pre2 A2B3 B2A3 cprt desc dscm dmnd dmdd vued view meas tech rig0 rig2"
    b" clro clrt clot ncl2".split()
)

Pieces = list[tuple[int, int] | bytes]


def clean_profile(profile: bytes) -> Pieces | None:
    """The cleaned profile as ranges of the given one and new bytes; None if it is invalid or too large.

    A profile with only known tags is a single range, so that its bytes are unchanged.
    """
    if not _HEADER_BYTES + 4 < len(profile) <= MAX_PROFILE_BYTES or profile[36:40] != b"acsp":
        return None
    size, count = struct.unpack_from(">I", profile)[0], struct.unpack_from(">I", profile, _HEADER_BYTES)[0]
    table_end = _HEADER_BYTES + 4 + 12 * count
    if count > _MAX_TAGS or not table_end <= size <= len(profile):
        return None
    entries = [struct.unpack_from(">4sII", profile, at) for at in range(_HEADER_BYTES + 4, table_end, 12)]
    if any(not table_end <= offset <= offset + length <= size for _, offset, length in entries):
        return None
    known = [entry for entry in entries if entry[0] in _TAGS]
    if not known:
        return None
    if len(known) == count and _is_tight(profile[:size], table_end, entries):
        return [(0, size)]
    return _rebuild(profile, known)


def _is_tight(profile: bytes, table_end: int, entries: list[tuple[bytes, int, int]]) -> bool:
    """Whether there is nothing but zeros outside the tags and the known fields of the header."""
    place = table_end
    gaps = [profile[100:_HEADER_BYTES]]
    for _, offset, length in sorted(entries, key=lambda entry: entry[1]):
        gaps.append(profile[place:offset])
        place = max(place, offset + length)
    gaps.append(profile[place:])
    return not any(gap.strip(b"\0") for gap in gaps)


def _rebuild(profile: bytes, known: list[tuple[bytes, int, int]]) -> Pieces | None:
    """A new profile with the known tags; tags that share their data, as the three curves often do, still share it."""
    place = _HEADER_BYTES + 4 + 12 * len(known)
    table, data = struct.pack(">I", len(known)), Pieces()
    placed: dict[tuple[int, int], int] = {}
    for name, offset, length in known:
        if (offset, length) not in placed:
            placed[offset, length] = place
            padding = -length % 4
            data += [(offset, offset + length), *([bytes(padding)] if padding else [])]
            place += length + padding
        table += struct.pack(">4sII", name, placed[offset, length], length)
    if place > MAX_PROFILE_BYTES:
        return None
    # Copies size, version, class, colour spaces, signature, intent, white point; not maker, model, serial number, id.
    header = bytearray(_HEADER_BYTES)
    for start, end in ((8, 24), (36, 40), (64, 80)):
        header[start:end] = profile[start:end]
    header[:4] = struct.pack(">I", place)
    return [bytes(header) + table, *data]
