"""The failpoints: each step at which a process may die, with a chance that yields enough deaths in a run."""

import re
from collections import Counter
from collections.abc import Collection
from pathlib import Path

ALWAYS, OFTEN, NOW_AND_THEN, SELDOM, RARELY = 0.004, 0.008, 0.03, 0.1, 0.5
IN_A_BATCH = 0.06  # hit once for each of 20 files: with a higher chance no batch would ever complete

# Transactions, each with a failpoint before and after its commit. Those of rereads are rarely hit while new photos
# arrive: `tests/matcher/test_rereads.py` fails at each of them.
COMMITS = {
    "join": SELDOM,
    "leave": RARELY,
    "selfie-add": NOW_AND_THEN,
    "selfie-claim": OFTEN,
    "selfie-accept": NOW_AND_THEN,
    "selfie-change": SELDOM,
    "rematch-claim": OFTEN,
    "rematch-write": OFTEN,
    "matcher-change": NOW_AND_THEN,
    "photo-add": NOW_AND_THEN,
    "photo-claim": OFTEN,
    "photo-publish": RARELY,
    "photo-delete": RARELY,
    "match-publish": NOW_AND_THEN,
    "blobs-settle": RARELY,
}
STEPS = {
    "blob:before-write": NOW_AND_THEN,
    "blob:after-write": NOW_AND_THEN,
    "blob:before-delete": IN_A_BATCH,
    "blob:after-delete": IN_A_BATCH,
    "Validator:claimed": NOW_AND_THEN,
    "Indexer:claimed": SELDOM,
    "rematch:before-record": OFTEN,
    "UploadSelfie:before-answer": NOW_AND_THEN,
    "AddPhotos:before-answer": SELDOM,
    "gateway:before-answer": ALWAYS,
}
POINTS = {
    **{f"{name}:{moment}": chance for name, chance in COMMITS.items() for moment in ("before-commit", "after-commit")},
    **STEPS,
}

# One commit and one RPC (those begin with a capital) of a hundred succeed although the caller sees an error.
AMBIGUOUS = "*:after-commit=fail:0.01,[A-Z]*:before-answer=fail:0.01"


def deadly(points: Collection[str] = tuple(POINTS), factor: float = 1) -> str:
    """The value of FAILPOINTS for all of these points, `factor` times as deadly."""
    return ",".join(f"{point}=die:{_chance(point, factor):g}" for point in points)


def _chance(point: str, factor: float) -> float:
    chance = POINTS[point]
    return chance if chance == IN_A_BATCH else min(RARELY, chance * factor)


def count_deaths(log: Path) -> Counter[str]:
    """How often processes died at each failpoint, according to the log."""
    death = re.compile(r"A failpoint was hit\..*effect=die.*step=(\S+)")
    return Counter(match[1] for line in log.read_text().splitlines() if (match := death.search(line)))
