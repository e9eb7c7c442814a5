"""The layout of the poster: an A4 page in millimetres, drawn by `pdf` and `svg` alike."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, groupby

import segno

from gateway.posters.clusters import is_right_to_left, split_clusters
from gateway.posters.sentences import HEADINGS, STEPS

WIDTH_MM, HEIGHT_MM = 210.0, 297.0
MARGIN_MM = 18.0
QR_TOP_MM, QR_MM = 100.0, 108.0
HEAD_GAP_MM = 4.0
HEADING_MM, HEADING_LEADING_MM = 6.5, 9.5
ADDRESS_MM = 5.5
STEP_MM = 4.8
LOGO_TOP_MM, LOGO_WIDTH_MM, LOGO_HEIGHT_MM = 8.0, 60.0, 14.0
MAX_TITLE_LINES = 3
TITLE_LEADING = 1.2
TITLE_MM = (15.0, 12.0, 9.5, 7.5, 6.0, 5.0)  # the first size at which the name fits
INK = "#241c2b"
ACCENT = "#b23a18"

# The width in mm of a text, one mm high, in regular or bold.
Measure = Callable[[str, bool], float]


@dataclass(frozen=True)
class Line:
    """Text on its baseline. `anchor`: whether `x` is its middle or its start. `paragraph`: the text it is a line of."""

    text: str
    x: float
    y: float
    size: float
    bold: bool = False
    colour: str = INK
    anchor: str = "middle"
    paragraph: str = ""

    @property
    def is_rtl(self) -> bool:
        return is_right_to_left(self.paragraph)


@dataclass(frozen=True)
class Bar:
    """A rectangle: adjacent dark modules of the QR code, or the area of the logo."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Logo:
    """A PNG, and its size in pixels."""

    png: bytes
    width: int
    height: int


@dataclass(frozen=True)
class Poster:
    event_name: str
    event_code: str
    url: str
    logo: Logo | None = None


def place_logo(logo: Logo) -> Bar:
    """The area of the logo, centred at the top."""
    scale = min(LOGO_WIDTH_MM / logo.width, LOGO_HEIGHT_MM / logo.height)
    width, height = logo.width * scale, logo.height * scale
    return Bar((WIDTH_MM - width) / 2, LOGO_TOP_MM + (LOGO_HEIGHT_MM - height) / 2, width, height)


def arrange(poster: Poster, measure: Measure) -> tuple[list[Line], list[Bar]]:
    centre = WIDTH_MM / 2
    lines = list(_head(poster.event_name, LOGO_TOP_MM + LOGO_HEIGHT_MM if poster.logo else 0, measure))
    lines.append(Line(poster.event_code, centre, QR_TOP_MM + QR_MM + 15, 14, bold=True))
    address = poster.url.removeprefix("https://").removeprefix("http://")
    size = min(ADDRESS_MM, (WIDTH_MM - 2 * MARGIN_MM) / measure(address, False))
    lines.append(Line(address, centre, QR_TOP_MM + QR_MM + 24, size))
    lines += _steps(QR_TOP_MM + QR_MM + 40, measure)
    return lines, list(_bars(poster.url, centre - QR_MM / 2, QR_TOP_MM))


def _head(event_name: str, top: float, measure: Measure) -> Iterator[Line]:
    """The name of the event, centred in the space between the logo and the code."""
    title, size = _fit(event_name, measure)
    height = len(title) * size * TITLE_LEADING + HEAD_GAP_MM + len(HEADINGS) * HEADING_LEADING_MM
    y = (top + QR_TOP_MM - height) / 2
    for text in title:
        y += size * TITLE_LEADING
        yield Line(text, WIDTH_MM / 2, y, size, bold=True, paragraph=event_name)
    y += HEAD_GAP_MM
    for heading in HEADINGS:
        y += HEADING_LEADING_MM
        yield Line(heading, WIDTH_MM / 2, y, HEADING_MM, colour=ACCENT)


def _steps(top: float, measure: Measure) -> Iterator[Line]:
    column = (WIDTH_MM - 2 * MARGIN_MM) / len(STEPS)
    for number, steps in enumerate(STEPS):
        x, y = MARGIN_MM + number * column, top
        for step, text in enumerate(steps, start=1):
            yield Line(f"{step}", x, y, 5.5, bold=True, colour=ACCENT, anchor="start")
            for line in _wrap(text, STEP_MM, column - 12, measure):
                yield Line(line, x + 7, y, STEP_MM, anchor="start")
                y += 6
            y += 2.5


def _fit(name: str, measure: Measure) -> tuple[list[str], float]:
    for size in TITLE_MM:
        lines = _wrap(name, size, WIDTH_MM - 2 * MARGIN_MM, measure, bold=True)
        if len(lines) <= MAX_TITLE_LINES:
            break
    return lines, size


def _wrap(text: str, size: float, width: float, measure: Measure, *, bold: bool = False) -> list[str]:
    """Breaks a text into lines; splits words wider than a line."""
    lines = [""]
    for word in text.split():
        while size * measure(word, bold) > width:
            ends = list(accumulate(map(len, split_clusters(word))))
            fitting = bisect_right(ends, width, key=lambda end: size * measure(word[:end], bold))
            end = ends[max(fitting - 1, 0)]
            lines.append(word[:end])
            word = word[end:]
        candidate = f"{lines[-1]} {word}".strip()
        if size * measure(candidate, bold) <= width:
            lines[-1] = candidate
        else:
            lines.append(word)
    return [line for line in lines if line]


def _bars(url: str, left: float, top: float) -> Iterator[Bar]:
    # A quarter may be damaged or covered: posters hang in bars.
    rows = list(segno.make_qr(url, error="q").matrix_iter(border=0))
    side = QR_MM / len(rows)
    for row, cells in enumerate(rows):
        column = 0
        for is_dark, run in groupby(cells):
            length = len(list(run))
            if is_dark:
                yield Bar(left + column * side, top + row * side, length * side, side)
            column += length
