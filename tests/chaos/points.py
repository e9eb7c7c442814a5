"""The failpoints: each step at which some process may die, with the chance that makes it die often enough in a run."""

import re
from collections import Counter
from collections.abc import Collection
from pathlib import Path

ALWAYS, OFTEN, NOW_AND_THEN, SELDOM, RARELY = 0.004, 0.008, 0.03, 0.1, 0.5

# Transactions, each with a point before and one after its commit.
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
    "blob:before-delete": 2 * NOW_AND_THEN,
    "blob:after-delete": 2 * NOW_AND_THEN,
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

# Met once for each file of a batch: where they were more deadly, no batch would ever be done.
OF_A_BATCH = ("blob:before-delete", "blob:after-delete")

# What happened although the caller saw an error: one commit and one rpc (they begin with a capital) of a hundred.
AMBIGUOUS = "*:after-commit=fail:0.01,[A-Z]*:before-answer=fail:0.01"


def deadly(points: Collection[str] = tuple(POINTS), factor: float = 1) -> str:
    """All of these points at once, as FAILPOINTS takes it, `factor` times as deadly."""
    chances = {point: POINTS[point] * (1 if point in OF_A_BATCH else factor) for point in points}
    return ",".join(f"{point}=die:{min(RARELY, chance):g}" for point, chance in chances.items())


def count_deaths(log: Path) -> Counter[str]:
    """How often the processes died at each point, by what they said last."""
    told = re.compile(r"A failpoint was hit\..*effect=die.*step=(\S+)")
    return Counter(match[1] for line in log.read_text().splitlines() if (match := told.search(line)))
