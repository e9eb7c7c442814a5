"""Event names in every script: printed glyphs and their order."""

import numpy as np
import pypdfium2
import pytest

from gateway.posters.clusters import is_right_to_left, split_clusters
from gateway.posters.layout import QR_TOP_MM, Poster
from gateway.posters.pdf import draw_pdf, find_missing
from gateway.posters.shaping import Glyph, find_unprintable, is_plain, shape
from gateway.posters.svg import draw_svg

HEBREW, ARABIC, FAMILY, UNPRINTABLE = "חתונה", "محمد", "👨\u200d👩\u200d👧", "\U00012000"
LEFT_TO_RIGHT = "\u202d"  # right-to-left override
NAMES = [
    HEBREW,
    ARABIC,
    "结婚",
    "夏の花火",
    "결혼식",
    "สวัสดี",
    "नमस्ते",
    "தமிழ்",
    "ሰላም",
    "ქორწილი",
    FAMILY,
    "🇫🇷",
    "👍🏽",
    "1\ufe0f\u20e3",
]


def poster_of(name: str) -> Poster:
    return Poster(name, "7K3F-9QXA", "https://photos.example.org/e/7K3F-9QXA")


def print_name(name: str) -> np.ndarray:
    """The area above the QR code, as pixels."""
    page = pypdfium2.PdfDocument(draw_pdf(poster_of(name)))[0]
    return np.asarray(page.render(scale=1, grayscale=True).to_pil())[: int(QR_TOP_MM * 72 / 25.4) - 2]


def glyphs_of(text: str, paragraph: str = "") -> list[Glyph]:
    return shape(text, is_bold=True, paragraph=paragraph or text)[0]


def read(text: str) -> str:
    """The printed text from left to right."""
    return "".join(glyph.text for glyph in sorted(glyphs_of(text), key=lambda glyph: glyph.x))


@pytest.mark.parametrize("name", NAMES)
def test_every_character_of_a_name_is_printed(name: str) -> None:
    glyphs = glyphs_of(name)
    assert all(glyph.number for glyph in glyphs)
    assert set(name) == set("".join(glyph.text for glyph in glyphs))
    assert find_missing(poster_of(name)) == []
    ink, without = (print_name(text) < 128 for text in (name, "\u200e"))
    assert ink.sum() > without.sum() + 100


def test_hebrew_is_printed_right_to_left() -> None:
    printed = print_name(HEBREW)
    assert np.array_equal(printed, print_name(LEFT_TO_RIGHT + HEBREW[::-1]))
    assert not np.array_equal(printed, print_name(LEFT_TO_RIGHT + HEBREW))  # control: reversed
    assert not np.array_equal(printed, print_name(HEBREW[::-1]))


def test_arabic_is_joined_and_printed_right_to_left() -> None:
    joined, apart = glyphs_of(ARABIC), glyphs_of("\u200c".join(ARABIC))
    assert [glyph.text for glyph in joined] == list(ARABIC[::-1])
    alone = {glyphs_of(letter)[0].number for letter in ARABIC}
    assert not alone & {glyph.number for glyph in joined}
    assert alone <= {glyph.number for glyph in apart}  # control: a non-joiner between all letters
    assert not np.array_equal(print_name(ARABIC), print_name("\u200c".join(ARABIC)))
    assert not np.array_equal(print_name(ARABIC), print_name(ARABIC[::-1]))


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        (f"{HEBREW} 2026!", f"!2026 {HEBREW[::-1]}"),
        (f"Party {HEBREW} 2026!", f"Party 2026 {HEBREW[::-1]}!"),
        (f"{HEBREW} Party", f"Party {HEBREW[::-1]}"),
        (f"结婚 {HEBREW}", f"结婚 {HEBREW[::-1]}"),
    ],
)
def test_numbers_and_other_scripts_are_in_reading_order(name: str, printed: str) -> None:
    assert read(name) == printed


def test_a_line_has_the_direction_and_language_of_its_name() -> None:
    assert [glyph.text for glyph in glyphs_of("2026!", paragraph=f"{HEBREW} 2026!")] == list("!2026")
    assert [glyph.text for glyph in glyphs_of("2026!")] == list("2026!")
    chinese, japanese = glyphs_of("直"), glyphs_of("直", paragraph="直の花火")
    assert chinese[0].number != japanese[0].number
    assert 'direction="rtl"' in draw_svg(poster_of(HEBREW)).decode()
    assert 'direction="rtl"' not in draw_svg(poster_of("Party")).decode()


@pytest.mark.parametrize("emoji", [FAMILY, "🇫🇷", "1\ufe0f\u20e3", "👍🏽"])
def test_an_emoji_sequence_is_one_picture(emoji: str) -> None:
    assert split_clusters(emoji + "a" + emoji) == [emoji, "a", emoji]
    width = shape(emoji, is_bold=True, paragraph="")[1]
    assert width < sum(shape(sign, is_bold=True, paragraph="")[1] for sign in emoji)
    assert len([glyph for glyph in glyphs_of(emoji) if glyph.text == emoji]) >= 1


def test_a_character_missing_from_all_fonts_is_a_box_and_is_reported() -> None:
    assert find_unprintable(f"Party {UNPRINTABLE} 结婚") == [UNPRINTABLE]
    boxes, none = (print_name(f"Party {signs}Party") < 128 for signs in (UNPRINTABLE, ""))
    assert boxes.sum() > none.sum() + 30
    assert UNPRINTABLE in draw_svg(poster_of(UNPRINTABLE)).decode()


def test_latin_text_stays_searchable() -> None:
    assert is_plain("Été à Nice, Ελλάδα Привет 2026")
    assert not any(map(is_plain, NAMES))
    assert is_right_to_left(f"2026 {ARABIC}")
    assert not is_right_to_left(f"2026 Party {ARABIC}")
