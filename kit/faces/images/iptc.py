"""The creator's rights in IPTC records (IPTC-NAA IIM 4.2) inside Photoshop's image resources."""

from collections.abc import Iterator

HEADER = b"Photoshop 3.0\0"

CREATOR, CREDIT, RIGHTS = 80, 110, 116
RESOURCE = 0x0404
_CHARSET, _UTF8 = (1, 90), b"\x1b%G"
_MAX_VALUES = 64
_MAX_TEXT_BYTES = 4096


def read_iptc(segment: bytes) -> dict[int, list[str]]:
    """The texts of the known datasets of record 2, by number; damaged ones are skipped."""
    found: dict[int, list[str]] = {}
    charset = b""
    for resource in _resources(segment.removeprefix(HEADER)):
        for record, number, value in _datasets(resource):
            if (record, number) == _CHARSET:
                charset = value
            elif record == 2 and number in (CREATOR, CREDIT, RIGHTS):
                values = found.setdefault(number, [])
                if len(values) < _MAX_VALUES:
                    values.append(_decode(value[:_MAX_TEXT_BYTES], charset))
    return found


def as_resource(records: bytes) -> bytes:
    """Wraps records as the body of a segment, as `read_iptc` expects it."""
    return b"8BIM" + RESOURCE.to_bytes(2, "big") + bytes(2) + len(records).to_bytes(4, "big") + records


def _resources(body: bytes) -> Iterator[bytes]:
    place = 0
    while body[place : place + 4] == b"8BIM" and place + 7 <= len(body):
        number = int.from_bytes(body[place + 4 : place + 6], "big")
        name_bytes = 1 + body[place + 6]
        size_at = place + 6 + name_bytes + name_bytes % 2
        size = int.from_bytes(body[size_at : size_at + 4], "big")
        if number == RESOURCE:
            yield body[size_at + 4 : size_at + 4 + size]
        place = size_at + 4 + size + size % 2


def _datasets(resource: bytes) -> Iterator[tuple[int, int, bytes]]:
    place = 0
    while resource[place : place + 1] == b"\x1c" and place + 5 <= len(resource):
        size = int.from_bytes(resource[place + 3 : place + 5], "big")
        if size & 0x8000:  # an extended dataset: no known one is that long
            return
        yield resource[place + 1], resource[place + 2], resource[place + 5 : place + 5 + size]
        place += 5 + size


def _decode(value: bytes, charset: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode(errors="replace") if charset == _UTF8 else value.decode("latin-1")
