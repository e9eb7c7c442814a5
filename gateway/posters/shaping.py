"""Text as glyphs from left to right: bidirectional, shaped by HarfBuzz, each letter in the first font that has it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from unicodedata import category

import uharfbuzz
from fontTools.unicodedata import script
from fpdf.bidi import BidiParagraph
from fpdf.enums import TextDirection

from gateway.posters.clusters import is_right_to_left, split_clusters
from gateway.posters.fonts import Typeface, find_language, letters, typefaces

PLAIN_SCRIPTS = {"Latn", "Grek", "Cyrl", "Zyyy"}
OF_ANY_SCRIPT = {"Zyyy", "Zinh"}
NO_GLYPH = 0  # FiraGO draws a box with a question mark


@dataclass(frozen=True)
class Glyph:
    """A glyph of size one and the position of its origin, in units of the line height."""

    typeface: Typeface
    number: int
    text: str
    x: float
    y: float


@dataclass
class _Run:
    """Adjacent characters of one direction, script and font."""

    text: str
    level: int
    script: str
    typeface: Typeface


def is_plain(text: str) -> bool:
    """Whether FiraGO can show the text letter by letter, without shaping."""
    return all(
        sign in letters() and script(sign) in PLAIN_SCRIPTS and category(sign) not in ("Cf", "Cc") for sign in text
    )


def find_unprintable(text: str) -> list[str]:
    """The characters that no font has."""
    glyphs, _ = shape(text, is_bold=True, paragraph=text)
    return sorted({sign for glyph in glyphs if glyph.number == NO_GLYPH for sign in glyph.text})


def shape(text: str, *, is_bold: bool, paragraph: str) -> tuple[list[Glyph], float]:
    """The glyphs and their total width. The line's `paragraph` determines direction and language."""
    glyphs: list[Glyph] = []
    width = 0.0
    for run in _reorder(list(_split_runs(text, is_bold, paragraph))):
        scale = 1 / run.typeface.font.face.upem
        for info, position, source in _shape_run(run):
            x, y = width + position.x_offset * scale, position.y_offset * scale
            glyphs.append(Glyph(run.typeface, info.codepoint, source, x, y))
            width += position.x_advance * scale
    return glyphs, width


def _split_runs(text: str, is_bold: bool, paragraph: str) -> Iterator[_Run]:
    """The runs in reading order."""
    direction = TextDirection.RTL if is_right_to_left(paragraph) else TextDirection.LTR
    language = find_language(paragraph)
    # With joiners, which the algorithm would otherwise remove, though emoji and Persian need them.
    line = BidiParagraph(text, base_direction=direction, preserve_bn_chars=True)
    levels = iter([sign.embedding_level for sign in line.get_characters_with_embedding_level()])
    run: _Run | None = None
    for cluster in split_clusters(text):
        level, *_ = [next(levels) for _ in cluster]
        own = next((code for code in map(script, cluster) if code not in OF_ANY_SCRIPT), None)
        typeface = _choose(cluster, language, is_bold)
        if run and (run.level, run.typeface) == (level, typeface) and (own is None or run.script in (own, "Zyyy")):
            run.text += cluster
            run.script = own or run.script
            continue
        if run:
            yield run
        run = _Run(cluster, level, own or "Zyyy", typeface)
    if run:
        yield run


@lru_cache(maxsize=4096)
def _choose(cluster: str, language: int, is_bold: bool) -> Typeface:
    """The first font with the whole cluster or its base character, else FiraGO, which draws a box."""
    needed = {sign for sign in cluster if category(sign) != "Cf" and not "\ufe00" <= sign <= "\ufe0f"}
    for signs in (needed, {cluster[0]}):
        for typeface in typefaces(language, is_bold):
            if typeface.letters.issuperset(signs):
                return typeface
    return next(typefaces(language, is_bold))


def _reorder(runs: list[_Run]) -> list[_Run]:
    """The runs from left to right (rule L2)."""
    for lowest in range(max((run.level for run in runs), default=0), 0, -1):
        groups = [list(group) for _, group in groupby(runs, lambda run, lowest=lowest: run.level >= lowest)]  # type: ignore[misc]
        runs = [run for group in groups for run in (reversed(group) if group[0].level >= lowest else group)]
    return runs


def _shape_run(run: _Run) -> Iterator[tuple[uharfbuzz.GlyphInfo, uharfbuzz.GlyphPosition, str]]:
    """Each glyph with its source text."""
    buffer = uharfbuzz.Buffer()
    buffer.add_str(run.text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if run.level % 2 else "ltr"
    buffer.script = run.script
    uharfbuzz.shape(run.typeface.font, buffer)
    ends = dict(pairwise([*sorted({info.cluster for info in buffer.glyph_infos}), len(run.text)]))
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        yield info, position, run.text[info.cluster : ends[info.cluster]]
