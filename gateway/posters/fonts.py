"""FiraGO (SIL Open Font License, from pymupdf-fonts): Latin, Greek, Cyrillic and others."""

import tempfile
from functools import cache
from pathlib import Path

import pymupdf_fonts

NAMES = {False: "figo", True: "figbo"}


@cache
def font_files() -> dict[bool, Path]:
    """Regular and bold as files, since fpdf2 reads nothing else. They stay as long as the process."""
    folder = Path(tempfile.mkdtemp(prefix="minois-fonts-"))
    files = {}
    for is_bold, name in NAMES.items():
        files[is_bold] = folder / f"{name}.otf"
        files[is_bold].write_bytes(pymupdf_fonts.myfont(name))
    return files


@cache
def letters() -> frozenset[str]:
    """What the bold font can show, which is the one of names."""
    from fontTools.ttLib import TTFont  # as large as fpdf2, which brings it

    with TTFont(font_files()[True]) as font:
        return frozenset(map(chr, font.getBestCmap()))
