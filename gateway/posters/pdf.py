"""Draws the poster as PDF, and measures the width of its texts."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

from gateway.posters.fonts import font_files
from gateway.posters.layout import Line, Measure, Poster, arrange, place_logo

if TYPE_CHECKING:
    from fpdf import FPDF

PT_PER_MM = 72 / 25.4
STYLES = {False: "", True: "B"}
FAMILY = "FiraGO"


def draw_pdf(poster: Poster) -> bytes:
    """Draws the poster; characters that no font has become a box with a question mark, see `find_missing`."""
    with _open_page() as page:
        page.set_title(poster.event_name)
        page.set_creator("Minois")
        page.add_page()
        lines, bars = arrange(poster, _measure(page))
        page.set_fill_color("#000000")
        for bar in bars:
            page.rect(bar.x, bar.y, bar.width, bar.height, style="F")
        for line in lines:
            _write(page, line)
        if poster.logo:
            place = place_logo(poster.logo)
            page.image(BytesIO(poster.logo.png), place.x, place.y, place.width, place.height)
        return bytes(page.output())


def find_missing(poster: Poster) -> list[str]:
    """The characters of the name that cannot be printed."""
    from gateway.posters.shaping import find_unprintable

    return find_unprintable(poster.event_name)


@contextmanager
def open_measure() -> Iterator[Measure]:
    with _open_page() as page:
        yield _measure(page)


@contextmanager
def _open_page() -> Iterator["FPDF"]:
    # Imported here: it takes 30 MB, which a gateway that draws no poster saves.
    from fpdf import FPDF

    page = FPDF(format="A4", unit="mm")
    page.set_auto_page_break(False)
    for is_bold, file in font_files().items():
        page.add_font(FAMILY, STYLES[is_bold], str(file))
    try:
        yield page
    finally:
        for font in page.fonts.values():
            font.ttfont.close()  # type: ignore[union-attr]  # fpdf2 leaves the files open


def _measure(page: "FPDF") -> Measure:
    from gateway.posters.shaping import is_plain, shape

    @cache
    def measure(text: str, bold: bool) -> float:
        if not is_plain(text):
            return shape(text, is_bold=bold, paragraph=text)[1]
        page.set_font(FAMILY, STYLES[bold], size=PT_PER_MM)
        return page.get_string_width(text)

    return measure


def _write(page: "FPDF", line: Line) -> None:
    from gateway.posters.shaping import is_plain

    if line.is_rtl or not is_plain(line.text):
        _draw(page, line)
        return
    page.set_font(FAMILY, STYLES[line.bold], size=line.size * PT_PER_MM)
    page.set_text_color(line.colour)
    x = line.x - page.get_string_width(line.text) / 2 if line.anchor == "middle" else line.x
    page.text(x, line.y, line.text)


def _draw(page: "FPDF", line: Line) -> None:
    """Draws a line as outlines: fpdf2 supports neither variable fonts with cubic curves nor glyphs by number."""
    from gateway.posters.outlines import Outline
    from gateway.posters.shaping import shape

    glyphs, width = shape(line.text, is_bold=line.bold, paragraph=line.paragraph)
    left = line.x - width * line.size / 2 if line.anchor == "middle" else line.x
    with page.new_path() as path:
        path.style.fill_color = line.colour
        path.style.stroke_color = None
        path.style.intersection_rule = "nonzero"
        for glyph in glyphs:
            Outline(path, left + glyph.x * line.size, line.y - glyph.y * line.size, line.size).add(glyph)
