"""Glyphs as parts of a path on the page."""

from dataclasses import dataclass
from typing import Any

import uharfbuzz
from fpdf.drawing import PaintedPath

from gateway.posters.shaping import Glyph


@dataclass
class Outline:
    """Collects the outline of a glyph; its origin on the page and its line height are in mm."""

    path: PaintedPath
    left: float
    baseline: float
    size: float

    def add(self, glyph: Glyph) -> None:
        self.scale = self.size / glyph.typeface.font.face.upem
        glyph.typeface.font.draw_glyph(glyph.number, _functions(), self)

    def place(self, *coordinates: float) -> list[float]:
        """Converts font coordinates, whose y axis points up, to page coordinates, whose y axis points down."""
        origins = (self.left, self.baseline)
        signs = (1, -1)
        return [origins[n % 2] + signs[n % 2] * self.scale * value for n, value in enumerate(coordinates)]


def _functions() -> uharfbuzz.DrawFuncs:
    functions = uharfbuzz.DrawFuncs()
    functions.set_move_to_func(lambda x, y, outline: _do(outline.path.move_to, outline, x, y))
    functions.set_line_to_func(lambda x, y, outline: _do(outline.path.line_to, outline, x, y))
    functions.set_quadratic_to_func(lambda *given: _do(given[-1].path.quadratic_curve_to, given[-1], *given[:-1]))
    functions.set_cubic_to_func(lambda *given: _do(given[-1].path.curve_to, given[-1], *given[:-1]))
    functions.set_close_path_func(lambda outline: outline.path.close())
    return functions


def _do(method: Any, outline: Outline, *coordinates: float) -> None:
    method(*outline.place(*coordinates))
