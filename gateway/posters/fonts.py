"""FiraGO (SIL Open Font License, from pymupdf-fonts): Latin, Greek, Cyrillic, Arabic, Hebrew, Thai and more."""

import tempfile
from functools import cache
from pathlib import Path

import pymupdf_fonts

FILES = {False: "figo", True: "figbo"}


@cache
def font_files() -> dict[bool, Path]:
    """Regular and bold as files, since fpdf2 reads nothing else. They stay as long as the process."""
    folder = Path(tempfile.mkdtemp(prefix="minois-fonts-"))
    files = {}
    for is_bold, name in FILES.items():
        files[is_bold] = folder / f"{name}.otf"
        files[is_bold].write_bytes(pymupdf_fonts.myfont(name))
    return files
