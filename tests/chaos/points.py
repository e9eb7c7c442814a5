"""The failpoints: each step at which some process may die, with the chance that makes it die often enough in a run."""

import re
from collections import Counter
from collections.abc import Collection
from pathlib import Path

ALWAYS, OFTEN, NOW_AND_THEN, SELDOM, RARELY = 0.004, 0.008, 0.03, 0.1, 0.5
IN_A_BATCH = 0.06  # met once for each of 20 files: were it more deadly, no batch would ever be done

# Transactions, each with a point before and one after its commit. Those of photos that are read again are hardly met
# while new photos come: `test_matcher_rereads` fails at each of them.
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

# What happened although the caller saw an error: one commit and one rpc (they begin with a capital) of a hundred.
AMBIGUOUS = "*:after-commit=fail:0.01,[A-Z]*:before-answer=fail:0.01"


def deadly(points: Collection[str] = tuple(POINTS), factor: float = 1) -> str:
    """All of these points at once, as FAILPOINTS takes it, `factor` times as deadly."""
    return ",".join(f"{point}=die:{_chance(point, factor):g}" for point in points)


def _chance(point: str, factor: float) -> float:
    chance = POINTS[point]
    return chance if chance == IN_A_BATCH else min(RARELY, chance * factor)


def count_deaths(log: Path) -> Counter[str]:
    """How often the processes died at each point, by what they said last."""
    told = re.compile(r"A failpoint was hit\..*effect=die.*step=(\S+)")
    return Counter(match[1] for line in log.read_text().splitlines() if (match := told.search(line)))
