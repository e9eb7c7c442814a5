"""Validation of form fields; each check yields the violations that it finds."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from auth_service.domain import MAX_NAME_LENGTH, MAX_PASSWORD_LENGTH, GivenConsent, InvalidForm, is_ignorable
from auth_service.guessable import is_guessable
from auth_service.mails import LANGUAGES
from auth_service.offers import MAX_CREDIT_LENGTH, MAX_KEEP_DAYS, MAX_URL_LENGTH, Credit, NewOffer, OfferEdit
from kit.errors import Violation

MIN_USERNAME_LENGTH = 2
MAX_USERNAME_LENGTH = 64
MAX_VERSION_LENGTH = 32
MIN_PASSWORD_LENGTH = 8
END_STEP = timedelta(days=1)  # the precision with which forms show an end and send it back
JOINERS = "\u200c\u200d"  # zero width; required by Persian and Indic words and by family emoji
# Arabic and Hebrew need direction marks next to digits and Latin letters. Unlike overrides and isolates, they do not
# reorder the text around them.
DIRECTION_MARKS = "\u200e\u200f\u061c"
INVISIBLE = JOINERS + DIRECTION_MARKS
# Allowed between the letters of a name; "@" would make it an address.
NAME_MARKS = " .-_'\u2018\u2019\u02bc\u2010\u2011\u00b7\u30fb" + INVISIBLE
DOTS = re.compile(r"\.{2,}")
CONSENT_LANGUAGE = re.compile(r"([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3})?")


def require(faults: Iterable[Violation]) -> None:
    """Raises InvalidForm if there are any violations."""
    if found := [*faults]:
        raise InvalidForm(found)


def check_username(username: str) -> Iterator[Violation]:
    """Checks a name returned by `to_display`: letters of any script with their marks, digits, and NAME_MARKS."""
    visible = see(username)
    is_long_enough = len(visible) >= MIN_USERNAME_LENGTH or _is_whole_name(visible)
    if (
        not is_long_enough
        or len(username) > MAX_USERNAME_LENGTH
        or not visible[0].isalnum()
        or not all(map(_belongs_to_name, username))
    ):
        yield Violation(
            "username",
            "invalid_username",
            f"Use {MIN_USERNAME_LENGTH} to {MAX_USERNAME_LENGTH} letters, digits, spaces, dots, dashes, underscores or"
            " apostrophes, beginning with a letter or digit.",
        )


def check_display_name(name: str) -> Iterator[Violation]:
    """Checks a name returned by `to_display`; an empty one is allowed."""
    if len(name) > MAX_USERNAME_LENGTH or has_controls(name):
        message = f"Use at most {MAX_USERNAME_LENGTH} characters."
        yield Violation("display_name", "invalid_display_name", name_control(name) or message)


def check_consent(consent: GivenConsent, required: bool = False) -> Iterator[Violation]:
    """The language is a BCP 47 tag, or empty if the client does not specify it."""
    version = consent.version
    is_missing = required and not version
    if is_missing or len(version) > MAX_VERSION_LENGTH or not version.isascii() or has_controls(version):
        yield Violation(
            "consent_version", "invalid_consent_version", f"Use at most {MAX_VERSION_LENGTH} ASCII characters."
        )
    if not CONSENT_LANGUAGE.fullmatch(consent.language):
        yield Violation("language", "invalid_language", "Use a language tag such as en or pt-BR, or none.")


def check_email(email: str) -> Iterator[Violation]:
    """RFC 5321, and the dots that Japanese mobile operators once allowed: several in a row, and one before the @."""
    local, _, domain = email.rpartition("@")
    try:
        validate_email(
            f"{DOTS.sub('.', local).rstrip('.')}@{domain}", check_deliverability=False, test_environment=True
        )
    except EmailNotValidError:
        yield Violation("email", "invalid_email", "This is not an e-mail address.")


def check_language(language: str) -> Iterator[Violation]:
    if language not in LANGUAGES:
        yield Violation("language", "invalid_language", f"Use one of {', '.join(LANGUAGES)}.")


def check_password(password: str, *about: str, field: str = "password") -> Iterator[Violation]:
    """`about`: known facts about the user, such as their name."""
    length = len(unicodedata.normalize("NFC", password))  # of what is hashed
    if length < MIN_PASSWORD_LENGTH:
        yield Violation(field, "password_too_short", f"Use at least {MIN_PASSWORD_LENGTH} characters.")
    elif length > MAX_PASSWORD_LENGTH:
        yield Violation(field, "password_too_long", f"Use at most {MAX_PASSWORD_LENGTH} characters.")
    elif is_guessable(password, about):
        message = "This password, or one like it, is easy to guess. Use words that do not belong together."
        yield Violation(field, "password_too_common", message)


def check_event_name(name: str) -> Iterator[Violation]:
    if not see(name).strip() or len(name) > MAX_NAME_LENGTH or has_controls(name):
        message = f"Give the event a name of 1 to {MAX_NAME_LENGTH} characters."
        yield Violation("name", "invalid_name", name_control(name) or message)


def check_times(starts_at: datetime | None, expires_at: datetime | None) -> Iterator[Violation]:
    if starts_at and expires_at and expires_at <= starts_at:
        yield Violation("expires_at", "ends_before_start", "The event must end after it starts.")


def check_new_end(expires_at: datetime | None, before: datetime | None = None) -> Iterator[Violation]:
    """Checks the end of an open event; for an event that has ended, `before` is its end, which may be sent back."""
    now = datetime.now(UTC)
    is_same = expires_at and before and before <= now and abs(expires_at - before) < END_STEP
    if expires_at and not is_same and expires_at <= now:
        yield Violation("expires_at", "ends_in_past", "The event must end in the future.")


def check_offer(offer: NewOffer) -> Iterator[Violation]:
    yield from check_release(offer.held, offer.releases_at)
    yield from check_credit(offer.credit)
    yield from check_keep_days(offer.keep_days)


def check_offer_edit(edit: OfferEdit, is_held: bool) -> Iterator[Violation]:
    """`is_held`: whether the photos are held back now."""
    yield from check_release(is_held if edit.held is None else edit.held, edit.releases_at)
    yield from check_credit(edit.credit or Credit())
    yield from check_keep_days(edit.keep_days or 0)


def check_release(held: bool, releases_at: datetime | None) -> Iterator[Violation]:
    if releases_at and not held:
        yield Violation("releases_at", "released", "Only photos that are held back can have a release date.")


def check_credit(credit: Credit) -> Iterator[Violation]:
    if len(credit.name) > MAX_CREDIT_LENGTH or has_controls(credit.name) or (credit.url and not credit.name):
        message = f"Use 1 to {MAX_CREDIT_LENGTH} characters."
        yield Violation("credit_name", "invalid_credit_name", name_control(credit.name) or message)
    if credit.url and not _is_web_address(credit.url):
        yield Violation("credit_url", "invalid_credit_url", "Give an address that begins with https://.")


def check_keep_days(keep_days: int) -> Iterator[Violation]:
    if not 0 <= keep_days <= MAX_KEEP_DAYS:
        yield Violation(
            "keep_days", "invalid_keep_days", f"Keep the event for 1 to {MAX_KEEP_DAYS} days after its end."
        )


def _is_web_address(url: str) -> bool:
    """Whether it is an https URL with a host, without anything that browsers or readers may mistake for another
    host."""
    if len(url) > MAX_URL_LENGTH or any(unicodedata.category(letter)[0] in "CZ" or letter in "\\@" for letter in url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port in (None, parts.port)
    except ValueError:
        return False


def _belongs_to_name(character: str) -> bool:
    if character in NAME_MARKS:
        return True
    return unicodedata.category(character)[0] in "LMN" and not is_ignorable(character)


def _is_whole_name(text: str) -> bool:
    """Whether it is one Han character or Hangul syllable, which can be a name by itself."""
    return len(text) == 1 and unicodedata.category(text) == "Lo" and unicodedata.east_asian_width(text) == "W"


def see(text: str) -> str:
    """Returns a text without INVISIBLE characters."""
    return "".join(character for character in text if character not in INVISIBLE)


def has_controls(text: str) -> bool:
    """Whether a text contains control characters, lone surrogates, or characters that reorder the visible text."""
    return any(map(_is_control, text))


def name_control(text: str) -> str:
    """Returns a message about the first character that a text must not contain; empty if there is none."""
    return next((f"{_name(sign)} is not allowed here: remove it." for sign in text if _is_control(sign)), "")


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Cf") and character not in INVISIBLE


def _name(character: str) -> str:
    number, name = f"U+{ord(character):04X}", unicodedata.name(character, "")
    return f"The invisible character {number} ({name})" if name else f"The control character {number}"
