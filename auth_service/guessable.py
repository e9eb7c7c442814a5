"""Passwords that are tried first: those that many people use, and what is close to them or to a user's name."""

import math
from collections.abc import Sequence

from zxcvbn import zxcvbn

MAX_GUESSES = 1e6  # what is found with fewer is refused; at ten logins a minute that is a good two months
JUDGED = 40  # characters from the beginning; what is longer is not refused for what follows
# The signs that stand for one letter each. The time of zxcvbn grows with the ways in which all of them can be read:
# 50 s for 72 characters of all signs, about 0.1 s for JUDGED ones that can be read in MAX_READINGS ways.
LOOKALIKES = ("4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2")
MAX_READINGS = 16


def is_guessable(password: str, about: Sequence[str] = ()) -> bool:
    """`about`: the user's name and address, which are tried as well."""
    judged = password[:JUDGED]
    if not judged or count_readings(judged) > MAX_READINGS:
        return False
    known = [part for text in about for part in (text, text.partition("@")[0]) if part]
    return bool(zxcvbn(judged, known)["guesses"] < MAX_GUESSES)


def count_readings(password: str) -> int:
    """In how many ways its signs can be read as letters."""
    return math.prod(max(1, len(set(signs).intersection(password))) for signs in LOOKALIKES)
