"""Event codes, normalised names, and the validation rules of forms."""

from datetime import UTC, datetime, timedelta
from unicodedata import east_asian_width, normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auth_service import forms
from auth_service.domain import CODE_ALPHABET, CODE_LENGTH, fold, new_code, normalise_code, show_code

codes = st.text(CODE_ALPHABET, min_size=CODE_LENGTH, max_size=CODE_LENGTH)
# En and em dash, hyphen, non-breaking hyphen, minus sign; non-breaking and zero-width space, word joiner; line ends.
SEPARATORS = ["\u2013", "\u2014", "\u2010", "\u2011", "\u2212", "\u00a0", "\u200b", "\u2060", "\n", "\r\n", "\t"]
NOW = datetime(2030, 1, 1, tzinfo=UTC)


@given(codes)
def test_a_formatted_code_is_parsed_as_the_code(code: str) -> None:
    shown = show_code(code)
    assert len(shown) == CODE_LENGTH + 1
    assert normalise_code(shown) == normalise_code(shown.lower()) == code


@settings(max_examples=30)
@given(codes, st.data())
def test_a_code_is_recognised_however_it_is_typed(code: str, data: st.DataObject) -> None:
    ways = {"0": "0Oo", "1": "1IiLl"}
    typed = ""
    for letter in code:
        typed += data.draw(st.sampled_from(ways.get(letter, letter + letter.lower())))
        typed += data.draw(st.sampled_from(["", "", " ", "-", " - ", *SEPARATORS]))
    assert normalise_code(typed) == code
    full_width = typed.translate({ascii: ascii + 0xFEE0 for ascii in range(0x21, 0x7F)})
    assert normalise_code(full_width) == code


@given(codes, codes)
def test_two_codes_never_normalise_to_one(one: str, other: str) -> None:
    assert (normalise_code(one) == normalise_code(other)) is (one == other)


@given(st.text())
def test_any_text_is_normalised_to_a_short_text_that_postgresql_accepts(typed: str) -> None:
    code = normalise_code(typed)
    assert len(code) <= 64
    assert "\0" not in code


def test_new_codes_use_the_alphabet_and_differ() -> None:
    drawn = {new_code() for _ in range(200)}
    assert len(drawn) == 200
    assert all(len(code) == CODE_LENGTH and set(code) <= set(CODE_ALPHABET) for code in drawn)


@given(st.text())
def test_name_normalisation_is_idempotent_and_rejects_nul(name: str) -> None:
    assert fold(fold(name)) == fold(name)
    assert "\0" not in fold(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Gina", " gINA "),
        ("STRASSE", "straße"),
        ("ΣΑΣ", "σας"),
        ("Jürgen", "Ju\u0308rgen"),
        ("Gina", "\uff27\uff49\uff4e\uff41"),
        ("fiona", "\ufb01ona"),
        ("Anna Maria", "Anna \u00a0Maria"),
        ("gina", "gi\u200bna"),
    ],
)
def test_names_are_compared_case_insensitively(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@given(st.text())
def test_an_accepted_name_is_no_address_and_has_no_invisible_characters(name: str) -> None:
    if not list(forms.check_username(name)):
        assert 2 <= len(name) <= 64 or (len(name) == 1 and east_asian_width(name) == "W")
        assert forms.see(name).isprintable()
        assert not set('@\0\n%"<>;/\\') & set(name)


@given(st.text(max_size=300))
def test_a_password_may_contain_any_characters(password: str) -> None:
    faults = {fault.reason for fault in forms.check_password(password)}
    length = len(normalize("NFC", password))
    assert faults == {"password_too_short"} if length < 8 else True
    assert faults == {"password_too_long"} if length > 256 else True
    assert faults <= {"password_too_common"} if 8 <= length <= 256 else True


def test_the_length_limit_of_a_password_applies_to_its_normalised_form() -> None:
    """Such as 200 Devanagari letters that NFC decomposes: longer than what a sign-in verifies."""
    (fault,) = forms.check_password("\u0958" * 200)
    assert fault.reason == "password_too_long"


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        ("Ana & Ben 👩‍❤️‍👨", True),
        ("می‌خواهم", True),
        ("x" * 200, True),
        ("x" * 201, False),
        (" ", False),
        ("a\tb", False),
        ("\u200fחתונה (2026)\u200f", True),  # noqa: RUF001
        ("عرس \u061c2026", True),
        ("\u200f\u200e ", False),
        ("\u202eevil", False),
        *((f"a{chr(sign)}b", False) for sign in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))),
        ("\ufeffa", False),
        ("\ud800", False),
    ],
)
def test_an_event_name_accepts_ordinary_text_and_rejects_deceptive_characters(name: str, fine: bool) -> None:
    assert (not list(forms.check_event_name(name))) is fine


def test_an_event_must_end_after_it_starts() -> None:
    hour = timedelta(hours=1)
    for starts, ends, fine in [(NOW, NOW + hour, True), (NOW, NOW, False), (NOW, NOW - hour, False), (None, NOW, True)]:
        assert (not list(forms.check_times(starts, ends))) is fine


@pytest.mark.parametrize(
    ("name", "sign"),
    [("a\u202eb", "U+202E (RIGHT-TO-LEFT OVERRIDE)"), ("a\u2067", "U+2067"), ("a\0", "The control character U+0000")],
)
def test_a_rejected_character_is_named(name: str, sign: str) -> None:
    for check in (forms.check_event_name, forms.check_display_name):
        (fault,) = check(name)
        assert sign in fault.message
