"""Spelling of event codes and names: how they are generated, normalised, displayed and compared."""

import re
import secrets
import unicodedata

CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
CODE_LENGTH = 8
CODE_TRIES = 5
CODE_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
# Unicode categories of the separators in codes as people copy them. CODE_MARKS are characters of other categories that
# are used as a dash: minus sign, middle dot, the long vowel mark of Japanese keyboards, hyphen bullet. NFKD has already
# replaced full-width and non-breaking forms with plain ones.
CODE_SEPARATORS = ("Pd", "Zs", "Zl", "Zp", "Cf", "Mn")  # Mn: the dot of a Turkish capital I, variation selectors
CODE_MARKS = "\u2212\u00b7\u30fc\u2043"
MAX_CODE_LENGTH = 64

UNKNOWN = "\ufffd"  # occurs in no code, name or address; replaces NUL, which PostgreSQL does not accept in text

SPELLINGS = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-"})
# Default_Ignorable_Code_Point (DerivedCoreProperties.txt) outside the category Cf.
IGNORABLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def new_code() -> str:
    """Returns 40 random bits."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def normalise_code(typed: str) -> str:
    """Normalises a typed code: case, separators, full-width letters and look-alikes do not matter."""
    plain = unicodedata.normalize("NFKD", typed[: 2 * MAX_CODE_LENGTH]).replace("\0", UNKNOWN)
    letters = (letter for letter in plain if not _separates(letter))
    return "".join(letters).upper().translate(CODE_LOOKALIKES)[:MAX_CODE_LENGTH]


def show_code(code: str) -> str:
    """Formats a code in two groups of four."""
    return f"{code[:4]}-{code[4:]}"


def to_display(typed: str) -> str:
    """Returns a name as it is stored and displayed: composed (NFC), trimmed, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", typed).split())


def fold(typed: str) -> str:
    """Returns the form in which user names and e-mail addresses are compared: compatibility forms, case, invisible
    characters, and typographic apostrophes and hyphens do not matter (NFKC_Casefold, The Unicode Standard, section
    3.13)."""
    folded = " ".join(_fold_once(typed).split())
    while (again := " ".join(_fold_once(folded).split())) != folded:
        folded = again
    return folded.replace("\0", UNKNOWN)


def fold_case(typed: str) -> str:
    """Returns the form in which version 0001 compared names; of two accounts that became equal, one still has it."""
    return typed.strip().casefold().replace("\0", UNKNOWN)


def _fold_once(text: str) -> str:
    visible = "".join(letter for letter in text if not is_ignorable(letter))
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold()).translate(SPELLINGS)


def is_ignorable(letter: str) -> bool:
    """Whether a character is invisible by itself: joiners, direction marks, Hangul fillers, variation selectors."""
    return unicodedata.category(letter) == "Cf" or IGNORABLE.match(letter) is not None


def _separates(letter: str) -> bool:
    return letter.isspace() or letter in CODE_MARKS or unicodedata.category(letter) in CODE_SEPARATORS
