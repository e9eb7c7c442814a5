"""Event codes, names as they are compared, and the rules of forms."""

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
def test_a_code_as_it_is_shown_reads_as_the_code(code: str) -> None:
    shown = show_code(code)
    assert len(shown) == CODE_LENGTH + 1
    assert normalise_code(shown) == normalise_code(shown.lower()) == code


@settings(max_examples=30)
@given(codes, st.data())
def test_a_code_survives_how_people_type_it(code: str, data: st.DataObject) -> None:
    ways = {"0": "0Oo", "1": "1IiLl"}
    typed = ""
    for letter in code:
        typed += data.draw(st.sampled_from(ways.get(letter, letter + letter.lower())))
        typed += data.draw(st.sampled_from(["", "", " ", "-", " - ", *SEPARATORS]))
    assert normalise_code(typed) == code
    full_width = typed.translate({ascii: ascii + 0xFEE0 for ascii in range(0x21, 0x7F)})
    assert normalise_code(full_width) == code


@given(codes, codes)
def test_two_codes_never_become_one(one: str, other: str) -> None:
    assert (normalise_code(one) == normalise_code(other)) is (one == other)


@given(st.text())
def test_any_text_is_read_as_something_short_that_postgresql_takes(typed: str) -> None:
    code = normalise_code(typed)
    assert len(code) <= 64
    assert "\0" not in code


def test_new_codes_are_of_the_alphabet_and_differ() -> None:
    drawn = {new_code() for _ in range(200)}
    assert len(drawn) == 200
    assert all(len(code) == CODE_LENGTH and set(code) <= set(CODE_ALPHABET) for code in drawn)


@given(st.text())
def test_comparing_a_name_is_stable_and_takes_no_nul(name: str) -> None:
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
def test_names_are_compared_without_regard_to_case(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@given(st.text())
def test_a_name_that_passes_is_no_address_and_has_nothing_unseen(name: str) -> None:
    if not list(forms.check_username(name)):
        assert 2 <= len(name) <= 64 or (len(name) == 1 and east_asian_width(name) == "W")
        assert forms.see(name).isprintable()
        assert not set('@\0\n%"<>;/\\') & set(name)


@given(st.text(max_size=300))
def test_a_password_may_have_any_characters(password: str) -> None:
    faults = {fault.reason for fault in forms.check_password(password)}
    length = len(normalize("NFC", password))
    assert faults == {"password_too_short"} if length < 8 else True
    assert faults == {"password_too_long"} if length > 256 else True
    assert faults <= {"password_too_common"} if 8 <= length <= 256 else True


def test_a_password_that_grows_when_it_is_composed_is_measured_as_it_is_hashed() -> None:
    """Such as 200 letters of Devanagari that NFC decomposes: longer than what a login verifies."""
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
def test_a_name_of_an_event_holds_what_people_write_and_nothing_that_fools_them(name: str, fine: bool) -> None:
    assert (not list(forms.check_event_name(name))) is fine


def test_an_event_ends_after_it_starts() -> None:
    hour = timedelta(hours=1)
    for starts, ends, fine in [(NOW, NOW + hour, True), (NOW, NOW, False), (NOW, NOW - hour, False), (None, NOW, True)]:
        assert (not list(forms.check_times(starts, ends))) is fine


@pytest.mark.parametrize(
    ("name", "sign"),
    [("a\u202eb", "U+202E (RIGHT-TO-LEFT OVERRIDE)"), ("a\u2067", "U+2067"), ("a\0", "The control character U+0000")],
)
def test_a_sign_that_is_refused_is_named(name: str, sign: str) -> None:
    for check in (forms.check_event_name, forms.check_display_name):
        (fault,) = check(name)
        assert sign in fault.message
