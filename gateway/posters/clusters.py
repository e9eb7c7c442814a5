"""Grapheme clusters and direction of a name (a subset of Unicode Annexes 29 and 9)."""

from unicodedata import bidirectional, category

ZERO_WIDTH_NON_JOINER, ZERO_WIDTH_JOINER = "\u200c", "\u200d"


def split_clusters(text: str) -> list[str]:
    """Splits a text into clusters: a letter with its marks, an emoji with its modifiers, or a flag."""
    clusters: list[str] = []
    for sign in text:
        if clusters and (_extends(sign) or clusters[-1].endswith(ZERO_WIDTH_JOINER) or _ends_flag(clusters[-1], sign)):
            clusters[-1] += sign
        else:
            clusters.append(sign)
    return clusters


def is_right_to_left(text: str) -> bool:
    """Whether the text is right-to-left, by its first letter that has a direction (rule P2)."""
    directions = (bidirectional(sign) for sign in text)
    return next((direction for direction in directions if direction in ("L", "R", "AL")), "L") != "L"


def _extends(sign: str) -> bool:
    is_joiner = sign in (ZERO_WIDTH_NON_JOINER, ZERO_WIDTH_JOINER)
    is_emoji_modifier, is_tag = "\U0001f3fb" <= sign <= "\U0001f3ff", "\U000e0020" <= sign <= "\U000e007f"
    return is_joiner or category(sign) in ("Mn", "Mc", "Me") or is_emoji_modifier or is_tag


def _ends_flag(cluster: str, sign: str) -> bool:
    return len(cluster) == 1 and all("\U0001f1e6" <= letter <= "\U0001f1ff" for letter in cluster + sign)
