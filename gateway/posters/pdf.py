"""The poster as PDF, and how wide its texts are."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

from gateway.posters.fonts import font_files, letters
from gateway.posters.layout import Line, Measure, Poster, arrange, place_logo

if TYPE_CHECKING:
    from fpdf import FPDF

PT_PER_MM = 72 / 25.4
STYLES = {False: "", True: "B"}
FAMILY = "FiraGO"


def draw_pdf(poster: Poster) -> bytes:
    """Letters for which there is no font are left out."""
    drawable = replace(poster, event_name="".join(letter for letter in poster.event_name if letter in letters()))
    with _open_page() as page:
        page.set_title(poster.event_name)
        page.set_creator("Minois")
        page.add_page()
        lines, bars = arrange(drawable, _measure(page))
        page.set_fill_color("#000000")
        for bar in bars:
            page.rect(bar.x, bar.y, bar.width, bar.height, style="F")
        for line in lines:
            _write(page, line)
        if poster.logo:
            place = place_logo(poster.logo)
            page.image(BytesIO(poster.logo.png), place.x, place.y, place.width, place.height)
        return bytes(page.output())


@contextmanager
def open_measure() -> Iterator[Measure]:
    with _open_page() as page:
        yield _measure(page)


@contextmanager
def _open_page() -> Iterator["FPDF"]:
    # 30 MB, which a gateway that draws no poster does without.
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
    def measure(text: str, bold: bool) -> float:
        page.set_font(FAMILY, STYLES[bold], size=PT_PER_MM)
        return page.get_string_width(text)

    return measure


def _write(page: "FPDF", line: Line) -> None:
    page.set_font(FAMILY, STYLES[line.bold], size=line.size * PT_PER_MM)
    page.set_text_color(line.colour)
    x = line.x - page.get_string_width(line.text) / 2 if line.anchor == "middle" else line.x
    page.text(x, line.y, line.text)
