"""The poster as PDF, and how wide its texts are."""

from typing import TYPE_CHECKING

from gateway.posters.fonts import font_files
from gateway.posters.layout import Line, Measure, Poster, arrange

if TYPE_CHECKING:
    from fpdf import FPDF

PT_PER_MM = 72 / 25.4
STYLES = {False: "", True: "B"}
FAMILY = "FiraGO"


def draw_pdf(poster: Poster) -> bytes:
    page = _new_page()
    page.set_title(poster.event_name)
    page.set_creator("Minois")
    page.add_page()
    lines, bars = arrange(poster, _measure(page))
    page.set_fill_color("#000000")
    for bar in bars:
        page.rect(bar.x, bar.y, bar.width, bar.height, style="F")
    for line in lines:
        _write(page, line)
    return bytes(page.output())


def measure_text() -> Measure:
    return _measure(_new_page())


def _new_page() -> "FPDF":
    # 30 MB, which a gateway that draws no poster does without.
    from fpdf import FPDF

    page = FPDF(format="A4", unit="mm")
    page.set_auto_page_break(False)
    for is_bold, file in font_files().items():
        page.add_font(FAMILY, STYLES[is_bold], str(file))
    return page


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
