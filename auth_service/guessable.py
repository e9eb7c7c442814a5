"""Detection of guessable passwords: common ones, and variations of them or of the user's name."""

import math
from collections.abc import Sequence

from zxcvbn import zxcvbn

MAX_GUESSES = 1e6  # passwords found with fewer guesses are rejected; at ten attempts a minute that is about 70 days
JUDGED = 40  # characters from the start; the rest of a longer password is not judged
# Characters that stand for one letter each. The run time of zxcvbn grows with the number of ways to read them:
# 50 s for 72 characters of all of them, about 0.1 s for JUDGED characters with MAX_READINGS ways.
LOOKALIKES = ("4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2")
MAX_READINGS = 16


def is_guessable(password: str, about: Sequence[str] = ()) -> bool:
    """`about` is the user's name and address, which an attacker tries as well."""
    judged = password[:JUDGED]
    if not judged or count_readings(judged) > MAX_READINGS:
        return False
    known = [part for text in about for part in (text, text.partition("@")[0]) if part]
    return bool(zxcvbn(judged, known)["guesses"] < MAX_GUESSES)


def count_readings(password: str) -> int:
    """Returns in how many ways its look-alike characters can be read as letters."""
    return math.prod(max(1, len(set(signs).intersection(password))) for signs in LOOKALIKES)
