"""FiraGO (from pymupdf-fonts) and, for what it lacks, the Noto fonts; all under the SIL Open Font License."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import manimgx_fonts
import manimgx_fonts_cjk
import pymupdf_fonts
import uharfbuzz

NAMES = {False: "figo", True: "figbo"}
WEIGHTS = {False: 400, True: 700}
EMOJI = "NotoEmoji[wght].ttf"
CJK = "NotoSansCJK-VF.otf.ttc"
JAPANESE, KOREAN, CHINESE = range(3)  # the order of the fonts in that file


@dataclass(frozen=True, eq=False)
class Typeface:
    font: uharfbuzz.Font
    letters: frozenset[str]


@cache
def font_files() -> dict[bool, Path]:
    """FiraGO as files, by whether it is bold, since fpdf2 accepts only files; kept until the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="minois-fonts-"))
    files = {}
    for is_bold, name in NAMES.items():
        files[is_bold] = folder / f"{name}.otf"
        files[is_bold].write_bytes(pymupdf_fonts.myfont(name))
    return files


@cache
def letters() -> frozenset[str]:
    """The letters of the bold FiraGO, in which names are printed."""
    return firago(True).letters


@cache
def firago(is_bold: bool) -> Typeface:
    return _open(font_files()[is_bold], 0, is_bold)


def typefaces(language: int, is_bold: bool) -> Iterator[Typeface]:
    """The fonts in order of preference; each file is opened only if all previous fonts lack a letter."""
    yield firago(is_bold)
    folder = Path(manimgx_fonts.__file__).parent
    yield _open(folder / EMOJI, 0, is_bold)  # first, since other fonts have some emoji as plain symbols
    yield _open(Path(manimgx_fonts_cjk.__file__).parent / CJK, language, is_bold)
    for file in sorted(folder.glob("NotoSans*.ttf")):
        if "Italic" not in file.name:
            yield _open(file, 0, is_bold)


def find_language(text: str) -> int:
    """The language whose variants of shared characters apply; without kana or hangul, simplified Chinese."""
    if any("\u3040" <= sign <= "\u30ff" for sign in text):
        return JAPANESE
    return KOREAN if any("\uac00" <= sign <= "\ud7a3" for sign in text) else CHINESE


@cache
def _open(file: Path, number: int, is_bold: bool) -> Typeface:
    """The file is mapped into memory, so only the glyphs that are drawn are read."""
    face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(file)), number)
    font = uharfbuzz.Font(face)
    font.set_variations({"wght": WEIGHTS[is_bold]})
    return Typeface(font, frozenset(map(chr, face.unicodes)))
