"""Nearest person: a face that matches several people is assigned to the nearest of them."""

import numpy as np

from matcher_service.matching import Encodings
from matcher_service.rules.event import Limits
from matcher_service.rules.pairs import Pairs, Rows, measure_pairs


def keep_nearest(pairs: Pairs, selfies: Encodings, limits: Limits) -> Pairs:
    """Keeps the pairs of each face with the people within the margin of the nearest one, and with people whose selfie
    matches that of one of these: accounts of one person share their photos. `selfies`: (m, 128). Preserves order."""
    if not len(pairs):
        return pairs
    nearest = np.full(int(pairs.faces.max()) + 1, np.inf)
    np.minimum.at(nearest, pairs.faces, pairs.distances)
    wins = pairs.distances <= nearest[pairs.faces] + limits.nearest_margin
    keeps = wins.copy()
    keeps[_find_accounts(pairs, np.flatnonzero(~wins), np.flatnonzero(wins), selfies, limits)] = True
    return pairs.select(keeps)


def _find_accounts(pairs: Pairs, losers: Rows, winners: Rows, selfies: Encodings, limits: Limits) -> Rows:
    """The losing pairs whose person has the same face as a winner: another account of one person."""
    winners = winners[np.argsort(pairs.faces[winners], kind="stable")]
    first = np.searchsorted(pairs.faces[winners], pairs.faces[losers], side="left")
    counts = np.searchsorted(pairs.faces[winners], pairs.faces[losers], side="right") - first
    # Pairs each loser with each winner of the same face.
    beside = np.repeat(losers, counts)
    offsets = np.arange(len(beside)) - np.repeat(np.cumsum(counts) - counts, counts)
    rivals = winners[np.repeat(first, counts) + offsets]
    apart = measure_pairs(selfies, selfies, pairs.people[beside], pairs.people[rivals])
    return np.unique(beside[apart <= limits.tolerance])
