"""The rules of what people type into forms; each answers the violations that it finds."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime

from email_validator import EmailNotValidError, validate_email

from auth_service.domain import MAX_NAME_LENGTH, MAX_PASSWORD_LENGTH
from kit.errors import Violation

USERNAME = re.compile(r"[\w.\-]{3,64}", re.UNICODE)
MIN_PASSWORD_LENGTH = 8
JOINERS = "\u200c\u200d"  # zero width; Persian words and the emoji of families need them


def check_username(username: str) -> Iterator[Violation]:
    if not USERNAME.fullmatch(username):
        yield Violation(
            "username",
            "invalid_username",
            "Use 3 to 64 letters, digits, dots, dashes or underscores.",
        )


def check_email(email: str) -> Iterator[Violation]:
    try:
        validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        yield Violation("email", "invalid_email", "This is not an e-mail address.")


def check_password(password: str) -> Iterator[Violation]:
    if len(password) < MIN_PASSWORD_LENGTH:
        yield Violation("password", "password_too_short", f"Use at least {MIN_PASSWORD_LENGTH} characters.")
    elif len(password) > MAX_PASSWORD_LENGTH:
        yield Violation("password", "password_too_long", f"Use at most {MAX_PASSWORD_LENGTH} characters.")


def check_event_name(name: str) -> Iterator[Violation]:
    if not name.strip() or len(name) > MAX_NAME_LENGTH or has_controls(name):
        yield Violation("name", "invalid_name", f"Give the event a name of 1 to {MAX_NAME_LENGTH} characters.")


def check_times(starts_at: datetime | None, expires_at: datetime | None) -> Iterator[Violation]:
    if starts_at and expires_at and expires_at <= starts_at:
        yield Violation("expires_at", "ends_before_start", "The event must end after it starts.")


def has_controls(text: str) -> bool:
    """NUL and its kin, lone surrogates, and marks that reorder what people read."""
    return any(unicodedata.category(character) in ("Cc", "Cs", "Cf") for character in text if character not in JOINERS)
