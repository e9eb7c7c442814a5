"""File names for people: `Summer-party-0012.jpg`, and the names of uploads, safe on every system."""

import re
import unicodedata
from collections import Counter
from urllib.parse import quote

MAX_LETTERS = 60
FALLBACK = "photo"
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic", "image/avif": "avif"}
POSTER_EXTENSIONS = {"application/pdf": "pdf", "image/svg+xml": "svg"}

# Latin letters that do not decompose into a base letter and an accent.
PLAIN_LETTERS = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
    | {"đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "\N{LATIN SMALL LETTER DOTLESS I}": "i"}
)

# Letters, their combining marks, digits; everything else separates words. No control, no quote, no direction.
_WORD_CATEGORIES = frozenset("LMN")

# Characters that some system forbids in names or interprets specially.
_FORBIDDEN = re.compile(r'[<>:"|?*]+')
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
_JPEG_TYPES = (".jpg", ".jpeg")
_IMAGE_TYPES = (*_JPEG_TYPES, ".jpe", ".jfif", ".png", ".webp", ".heic", ".heif", ".hif", ".avif")
MAX_STEM_BYTES = 200

_NUMBER_AND_TYPE = re.compile(r".*?((?:-[0-9a-f]+|-poster)?\.[a-z]+)", re.ASCII | re.DOTALL)


def make_file_name(event_name: str, number: int, photo_id: str, media_type: str) -> str:
    """The event's name and the photo's number in it; without a number, which old services do not send, the id."""
    position = f"{number:04}" if number > 0 else photo_id[:8]
    return f"{_join_words(event_name)}-{position}.{EXTENSIONS.get(media_type, 'bin')}"


def make_archive_name(event_name: str) -> str:
    """`Summer-party.zip`"""
    return f"{_join_words(event_name)}.zip"


def make_poster_name(event_name: str, media_type: str) -> str:
    """`Summer-party-poster.pdf`"""
    return f"{_join_words(event_name)}-poster.{POSTER_EXTENSIONS[media_type]}"


class UploadNames:
    """The names under which originals are kept in one folder: those of the uploads, made safe and unique."""

    def __init__(self, folder: str = "") -> None:
        self._folder = folder  # empty, or such as `guests/`
        self._taken: set[str] = set()
        self._numbers: Counter[str] = Counter()

    def add(self, upload_name: str) -> str:
        """`IMG_1.jpg`, and `IMG_1 (2).jpg` for the next one with that name, ignoring case."""
        stem, extension = split_upload_name(upload_name)
        plain = name = f"{stem}{extension}"
        while True:
            self._numbers[_fold(plain)] += 1
            if (number := self._numbers[_fold(plain)]) > 1:
                name = f"{stem} ({number}){extension}"
            if _fold(name) not in self._taken:
                self._taken.add(_fold(name))
                return self._folder + name


def split_upload_name(upload_name: str) -> tuple[str, str]:
    """A safe name without folders, and the extension of a JPEG, which every original is."""
    last = re.split(r"[/\\]", upload_name)[-1]
    plain = "".join(letter for letter in _compose(last) if unicodedata.category(letter)[0] != "C")
    stem, dot, extension = _FORBIDDEN.sub("-", plain).rstrip(". ").rpartition(".")
    if f".{extension.lower()}" not in _IMAGE_TYPES:
        stem, extension = f"{stem}{dot}{extension}", ""
    stem = stem.encode()[:MAX_STEM_BYTES].decode(errors="ignore").strip(". ") or FALLBACK
    if _DEVICE.fullmatch(stem.partition(".")[0]):
        stem = f"_{stem}"
    return stem, f".{extension}" if f".{extension.lower()}" in _JPEG_TYPES else ".jpg"


def content_disposition(file_name: str, as_attachment: bool) -> str:
    """The header (RFC 6266): for old clients in ASCII, for all others in every script."""
    kind = "attachment" if as_attachment else "inline"
    if file_name.isascii():
        return f'{kind}; filename="{file_name}"'
    return f"{kind}; filename=\"{_to_ascii(file_name)}\"; filename*=UTF-8''{quote(file_name, safe='')}"


def _fold(name: str) -> str:
    """Equal for names that some file system treats as the same."""
    return unicodedata.normalize("NFC", name.casefold())


def _join_words(event_name: str) -> str:
    letters = (
        letter if unicodedata.category(letter)[0] in _WORD_CATEGORIES else " " for letter in _compose(event_name)
    )
    return "-".join("".join(letters).split())[:MAX_LETTERS].strip("-") or FALLBACK


def _compose(text: str) -> str:
    return unicodedata.normalize("NFC", text.encode(errors="ignore").decode())


def _to_ascii(file_name: str) -> str:
    """Without accents; a name in another script is only its number."""
    end = _NUMBER_AND_TYPE.sub(r"\1", file_name)
    stem = file_name.removesuffix(end)
    plain = unicodedata.normalize("NFKD", stem.translate(PLAIN_LETTERS)).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")
    return f"{words or FALLBACK}{end}"
