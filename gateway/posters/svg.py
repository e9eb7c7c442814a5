"""Draws the poster as SVG, in the fonts of the viewer's device, with each line at its measured width."""

from base64 import b64encode
from xml.sax.saxutils import escape

from gateway.posters.fonts import letters
from gateway.posters.layout import HEIGHT_MM, WIDTH_MM, Line, Logo, Poster, arrange, place_logo
from gateway.posters.pdf import open_measure

FONTS = "FiraGO, 'Fira Sans', 'Noto Sans', 'Helvetica Neue', Arial, sans-serif"


def draw_svg(poster: Poster) -> bytes:
    with open_measure() as measure:
        lines, bars = arrange(poster, measure)
        texts = [_text(line, line.size * measure(line.text, line.bold)) for line in lines]
    path = "".join(f"M{b.x:.3f} {b.y:.3f}h{b.width:.3f}v{b.height:.3f}h-{b.width:.3f}z" for b in bars)
    drawing = "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_MM:g}mm" height="{HEIGHT_MM:g}mm"'
            f' viewBox="0 0 {WIDTH_MM:g} {HEIGHT_MM:g}" font-family="{FONTS}">',
            f"<title>{escape(poster.event_name)}</title>",
            '<rect width="100%" height="100%" fill="#fff"/>',
            f'<path d="{path}" shape-rendering="crispEdges"/>',
            *texts,
            *([_image(poster.logo)] if poster.logo else []),
            "</svg>",
        ]
    )
    return drawing.encode()


def _image(logo: Logo) -> str:
    place = place_logo(logo)
    return (
        f'<image x="{place.x:.2f}" y="{place.y:.2f}" width="{place.width:.2f}" height="{place.height:.2f}"'
        f' href="data:image/png;base64,{b64encode(logo.png).decode()}"/>'
    )


def _text(line: Line, width: float) -> str:
    is_measured = letters().issuperset(line.text)
    fit = f' textLength="{width:.2f}" lengthAdjust="spacingAndGlyphs"' if is_measured else ""
    direction = ' direction="rtl"' if line.is_rtl else ""
    weight = ' font-weight="700"' if line.bold else ""
    return (
        f'<text x="{line.x:.2f}" y="{line.y:.2f}" font-size="{line.size:.2f}" fill="{line.colour}"'
        f' text-anchor="{line.anchor}"{weight}{direction}{fit}>{escape(line.text)}</text>'
    )
