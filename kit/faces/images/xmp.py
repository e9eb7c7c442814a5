"""Reads the few XMP properties in use from any packet, and writes them as a new packet (ISO 16684-1)."""

from collections.abc import Sequence
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

HEADER = b"http://ns.adobe.com/xap/1.0/\0"

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC = "http://purl.org/dc/elements/1.1/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_EXIF = "http://ns.adobe.com/exif/1.0/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_TIFF = "http://ns.adobe.com/tiff/1.0/"

CREATOR = f"{_DC} creator"
RIGHTS = f"{_DC} rights"
CREDIT = f"{_PHOTOSHOP} Credit"
DATE_CREATED = f"{_PHOTOSHOP} DateCreated"
DATE_TIME_ORIGINAL = f"{_EXIF} DateTimeOriginal"
DATE_TIME_DIGITIZED = f"{_EXIF} DateTimeDigitized"
CREATE_DATE = f"{_XMP} CreateDate"
ORIENTATION = f"{_TIFF} Orientation"
_PROPERTIES = {
    CREATOR,
    RIGHTS,
    CREDIT,
    DATE_CREATED,
    DATE_TIME_ORIGINAL,
    DATE_TIME_DIGITIZED,
    CREATE_DATE,
    ORIENTATION,
}
_DESCRIPTION, _ITEM = f"{_RDF} Description", f"{_RDF} li"
_MAX_PACKET_BYTES = 1024 * 1024
_MAX_DEPTH = 64
_MAX_VALUES = 64
_MAX_TEXT = 4096

Properties = dict[str, list[str]]


def read_xmp(packet: bytes) -> Properties:
    """The values of the known properties of the picture itself; empty if the packet is not XML or has a DTD."""
    reader = _Reader()
    try:
        reader.read(packet[:_MAX_PACKET_BYTES].strip(b"\0 \t\r\n"))
    except (expat.ExpatError, _Rejected, ValueError, LookupError):
        return {}
    return reader.found


def write_xmp(creators: Sequence[str], rights: str, credit: str) -> bytes:
    """A packet with only these properties; empty if there are none."""
    if not (creators or rights or credit):
        return b""
    head = f" photoshop:Credit={quoteattr(credit)}" if credit else ""
    body = ""
    if creators:
        items = "".join(f"<rdf:li>{escape(creator)}</rdf:li>" for creator in creators)
        body += f"<dc:creator><rdf:Seq>{items}</rdf:Seq></dc:creator>"
    if rights:
        body += f'<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{escape(rights)}</rdf:li></rdf:Alt></dc:rights>'
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{_RDF}"><rdf:Description rdf:about="" xmlns:dc="{_DC}" xmlns:photoshop="{_PHOTOSHOP}"'
        f'{head}>{body}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()


class _Rejected(Exception):
    """The packet is rejected."""


class _Reader:
    """Collects properties that are attributes or children of a top-level description, not of nested elements."""

    def __init__(self) -> None:
        self.found: Properties = {}
        self._path: list[str] = []
        self._text: list[str] = []

    def read(self, packet: bytes) -> None:
        """Raises ExpatError, _Rejected."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._reject
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.Parse(packet, True)

    def _reject(self, *_: object) -> None:
        raise _Rejected

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= _MAX_DEPTH:
            raise _Rejected
        self._path.append(name)
        self._text.clear()
        if name == _DESCRIPTION and self._path.count(_DESCRIPTION) == 1:
            for key, value in attributes.items():
                self._add(key, value)

    def _end(self, name: str) -> None:
        text = "".join(self._text)
        self._text.clear()
        path, self._path = self._path, self._path[:-1]
        if path.count(_DESCRIPTION) != 1:
            return
        below = path[path.index(_DESCRIPTION) + 1 :]
        if len(below) == 1 or (len(below) == 3 and below[2] == _ITEM):
            self._add(below[0], text)

    def _add(self, key: str, value: str) -> None:
        value = value[:_MAX_TEXT].strip()
        if key in _PROPERTIES and value and len(values := self.found.setdefault(key, [])) < _MAX_VALUES:
            values.append(value)
