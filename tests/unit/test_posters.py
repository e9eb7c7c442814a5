"""The poster: its text, its QR code, and its layout."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from io import BytesIO

import cv2
import numpy as np
import pypdfium2
import pytest

from gateway.posters.layout import (
    LOGO_HEIGHT_MM,
    LOGO_TOP_MM,
    MARGIN_MM,
    QR_TOP_MM,
    WIDTH_MM,
    Line,
    Logo,
    Poster,
    arrange,
)
from gateway.posters.pdf import draw_pdf, open_measure
from gateway.posters.svg import draw_svg

URL = "https://photos.example.org/e/7K3F-9QXA"
NAMES = [
    "Summer party",
    "Hochzeit von Zoë & Åsa im Schloß mit allen Freunden und Verwandten",
    "W" * 200,
    "word " * 40,
    "חתונה של דוד ויעל, 21 במאי 2026, ושמחה לכולם",
    "夏の花火" * 50,
    "🎉" * 200,
    "👨\u200d👩\u200d👧" * 40,
    "Ελλάδα Привет <b>\"quoted\" 'and' &amp;",
]


def poster_of(name: str) -> Poster:
    return Poster(name, "7K3F-9QXA", URL)


def text_of(pdf: bytes) -> str:
    page = pypdfium2.PdfDocument(pdf)[0]
    return page.get_textpage().get_text_range()


@pytest.mark.parametrize("name", NAMES)
def test_the_code_on_the_printed_poster_can_be_scanned(name: str) -> None:
    document = pypdfium2.PdfDocument(draw_pdf(poster_of(name)))
    assert len(document) == 1
    assert document[0].get_size() == pytest.approx((595.28, 841.89), abs=0.1)  # A4 in points
    picture = np.asarray(document[0].render(scale=2).to_pil().convert("RGB"))
    assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == URL


def test_the_poster_says_what_to_do_in_both_languages() -> None:
    text = text_of(draw_pdf(poster_of("Summer party")))
    for words in ("Summer party", "7K3F-9QXA", "photos.example.org/e/7K3F-9QXA", "Take a selfie.", "Prenez un selfie."):
        assert words in text


@pytest.mark.parametrize("logo", [None, Logo(b"", 300, 70)], ids=["", "logo"])
@pytest.mark.parametrize("name", NAMES)
def test_no_line_overflows_the_page_or_covers_the_code(name: str, logo: Logo | None) -> None:
    top = LOGO_TOP_MM + LOGO_HEIGHT_MM if logo else 0
    with open_measure() as measure:
        lines, bars = arrange(replace(poster_of(name), logo=logo), measure)
        extents = [extent_of(line, measure(line.text, line.bold)) for line in lines]
    assert min(bar.y for bar in bars) == QR_TOP_MM
    assert lines[0].y - lines[0].size > top
    for line, (left, right) in zip(lines, extents, strict=True):
        assert left >= MARGIN_MM - 1, line
        assert right <= WIDTH_MM - MARGIN_MM + 1, line
        assert line.y < QR_TOP_MM - 2 or line.y - line.size > max(bar.y + bar.height for bar in bars), line


def extent_of(line: Line, width: float) -> tuple[float, float]:
    left = line.x - width * line.size / 2 if line.anchor == "middle" else line.x
    return left, left + width * line.size


@pytest.mark.parametrize("name", NAMES)
def test_the_svg_is_well_formed_for_any_name(name: str) -> None:
    root = ElementTree.parse(BytesIO(draw_svg(poster_of(name)))).getroot()
    texts = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "".join(name.split()) in "".join("".join(texts).split())
