"""File names for people: `Summer-party-0012.jpg`."""

import re
import unicodedata
from urllib.parse import quote

MAX_LETTERS = 60
FALLBACK = "photo"
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic", "image/avif": "avif"}
POSTER_EXTENSIONS = {"application/pdf": "pdf", "image/svg+xml": "svg"}

# Latin letters that no accent is taken from.
PLAIN_LETTERS = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
    | {"đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "\N{LATIN SMALL LETTER DOTLESS I}": "i"}
)

# Letters, their combining marks, digits; everything else separates words. No control, no quote, no direction.
_WORD_CATEGORIES = frozenset("LMN")

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


def content_disposition(file_name: str, as_attachment: bool) -> str:
    """The header (RFC 6266): for old clients in ASCII, for all others in every script."""
    kind = "attachment" if as_attachment else "inline"
    if file_name.isascii():
        return f'{kind}; filename="{file_name}"'
    return f"{kind}; filename=\"{_to_ascii(file_name)}\"; filename*=UTF-8''{quote(file_name, safe='')}"


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
