"""Names in multipart/form-data: the boundary, the field of a part, the file name of a part."""

import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

_OPTION = re.compile(rb';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)', re.DOTALL)
_ESCAPED = re.compile(rb'\\(["\\])')  # any other backslash belongs to a path of old Windows browsers
_BROWSER_ESCAPES = {b"%22": b'"', b"%0D": b"", b"%0A": b""}  # HTML, "Multipart form data"; `%` itself is not escaped


def parse_options(value: bytes) -> tuple[bytes, Mapping[bytes, bytes]]:
    """A header such as `form-data; name="a"`: its value and its options, with names in lower case."""
    main, _, _ = value.partition(b";")
    options: dict[bytes, bytes] = {}
    for name, raw in _OPTION.findall(value):
        quoted = len(raw) > 1 and raw.startswith(b'"')
        options.setdefault(name.lower(), _ESCAPED.sub(rb"\1", raw[1:-1]) if quoted else raw)
    return main.strip().lower(), options


def field_name(options: Mapping[bytes, bytes]) -> str:
    """The name of the field, empty where a part has none."""
    return _decode(_unescape(options.get(b"name", b"")))


def file_name(options: Mapping[bytes, bytes]) -> str | None:
    """The name of the file as sent, None where the part is no file. `filename*` (RFC 5987) wins."""
    if extended := _parse_extended(options.get(b"filename*", b"")):
        return extended
    if (plain := options.get(b"filename")) is None:
        return None
    return _decode(_unescape(plain))


def _parse_extended(value: bytes) -> str:
    charset, _, rest = value.partition(b"'")
    _, quote, escaped = rest.partition(b"'")
    if not quote:
        return ""
    raw = unquote_to_bytes(escaped)
    return raw.decode("latin-1") if charset.lower() == b"iso-8859-1" else _decode(raw)


def _unescape(raw: bytes) -> bytes:
    for escape, character in _BROWSER_ESCAPES.items():
        raw = raw.replace(escape, character)
    return raw


def _decode(raw: bytes) -> str:
    """UTF-8, as browsers send it; otherwise Latin-1, which old clients use."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
