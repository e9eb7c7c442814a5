"""JPEGs with all the metadata that cameras and editors write, and a secret in every place that can hold one."""

import io
import struct
from collections.abc import Sequence
from xml.etree import ElementTree

from PIL import Image, ImageCms

from kit.faces.images.metadata import segment

SECRET = b"SeCrEt-CaNaRy-0123456789-SeCrEt-CaNaRy"
GPS_IFD, EXIF_IFD = 0x8825, 0x8769
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"'
    ' xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" photoshop:Credit="Foto &amp; Söhne" aux:SerialNumber="{secret}"'
    ' exif:GPSLatitude="{secret}"><dc:creator><rdf:Seq><rdf:li>Ana Pérez</rdf:li><rdf:li>李雷</rdf:li></rdf:Seq>'
    '</dc:creator><dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© 2026 Ana</rdf:li></rdf:Alt></dc:rights>'
    "<dc:description><rdf:Alt><rdf:li>{secret}</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF>"
    "</x:xmpmeta>"
).replace("{secret}", SECRET.decode())  # fmt: skip


def read_properties(jpeg: bytes) -> dict[str, str]:
    """Every property of the XMP packet and its text, by local name."""
    with Image.open(io.BytesIO(jpeg)) as image:
        (description,) = ElementTree.fromstring(image.info["xmp"]).iter(f"{RDF}Description")
    found = {name.rpartition("}")[2]: value for name, value in description.attrib.items()}
    return found | {child.tag.rpartition("}")[2]: "; ".join(child.itertext()) for child in description}


def full_exif(orientation: int = 6) -> bytes:
    """EXIF as a camera writes it, with a secret in every text that must not be served."""
    secret, exif = SECRET.decode(), Image.Exif()
    exif.update({0x0112: orientation, 0x010F: secret, 0x0110: secret, 0x010E: secret, 0x0131: secret, 0xC62F: secret})
    exif.update({0x013B: "Ana Pérez".encode(), 0x8298: "© 2026 Ana Pérez".encode()})
    exif.get_ifd(EXIF_IFD).update(
        {
            0x9003: "2026:06:20 19:00:00", 0x9011: "+02:00", 0x927C: SECRET * 20, 0x9286: SECRET, 0xA430: secret,
            0xA431: secret, 0xA435: secret, 0xA420: secret,
        }
    )  # fmt: skip
    exif.get_ifd(GPS_IFD).update({1: "N", 2: (48.0, 51.0, 29.0), 27: SECRET, 29: secret})
    return exif.tobytes()


def iptc(**texts: str) -> bytes:
    """A Photoshop resource with IPTC records: caption (secret) and, by name, `creator`, `credit`, `rights`."""
    numbers = {"creator": 80, "credit": 110, "rights": 116}
    records = b"\x1c\x01\x5a\x00\x03\x1b%G" + _record(120, SECRET)
    records += b"".join(_record(numbers[name], text.encode()) for name, text in texts.items())
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records + bytes(len(records) % 2)
    return b"Photoshop 3.0\0" + b"8BIM\x04\x0c\0\0" + struct.pack(">I", len(SECRET)) + SECRET + resource


def _record(number: int, value: bytes) -> bytes:
    return b"\x1c\x02" + bytes([number]) + struct.pack(">H", len(value)) + value


def encode(image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def insert(jpeg: bytes, *segments: bytes) -> bytes:
    """Inserts the segments before the first one of the JPEG."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def markers(jpeg: bytes) -> list[int]:
    """The markers up to the first scan."""
    found, place = [], 2
    while jpeg[place + 1] != 0xDA:
        found.append(jpeg[place + 1])
        place += 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")
    return found


def before_scan(jpeg: bytes, *segments: bytes) -> bytes:
    place = jpeg.rindex(b"\xff\xda")
    return jpeg[:place] + b"".join(segments) + jpeg[place:]


def camera_file(image: Image.Image, **options: object) -> bytes:
    """A JPEG with all of these, and a secret in everything that must be removed, including after the image."""
    jpeg = encode(image, icc_profile=ICC, exif=full_exif(), **options)
    thumbnail = b"JFXX\0\x10" + encode(Image.new("RGB", (8, 8)), comment=SECRET)
    mpf = b"MPF\0MM\0*\0\0\0\x08\0\0" + SECRET
    jpeg = insert(
        jpeg,
        segment(0xE0, thumbnail),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP.encode()),
        segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + SECRET),
        segment(0xE2, mpf),
        segment(0xED, iptc(creator="Ana Pérez", credit="Agency", rights="All rights reserved")),
        segment(0xE5, SECRET),
        segment(0xFE, SECRET),
    )
    jpeg = before_scan(jpeg, segment(0xFE, SECRET), segment(0xEB, SECRET))
    return jpeg + SECRET + jpeg + b"PK\x03\x04" + SECRET


def profile_chunks(profile: bytes, size: int) -> Sequence[bytes]:
    parts = [profile[start : start + size] for start in range(0, len(profile), size)]
    return [
        segment(0xE2, b"ICC_PROFILE\0" + bytes((number, len(parts))) + part) for number, part in enumerate(parts, 1)
    ]
