"""Which passwords are tried first."""

import pytest

from auth_service import forms
from auth_service.guessable import JUDGED, LOOKALIKES, count_readings, is_guessable

COMMON = ["12345678", "password1", "P@ssw0rd", "qwertyuiop", "azertyuiop", "motdepasse", "iloveyou2", "aaaaaaaa"]
GOOD = ["correct horse", "eight cups of tea", "only for this run", "Xk3-9qLz", "tante Rosa tanzt"]
GOOD.append("\u5b66\u751f\u304c\u6b4c\u3046\u6b4c\u3082\u3042\u308b")


def judge(password: str, *about: str) -> set[str]:
    return {fault.reason for fault in forms.check_password(password, *about)}


@pytest.mark.parametrize("password", COMMON)
def test_common_passwords_are_refused(password: str) -> None:
    assert judge(password) == {"password_too_common"}


@pytest.mark.parametrize("password", GOOD)
def test_others_are_accepted(password: str) -> None:
    assert judge(password) == set()


@pytest.mark.parametrize("password", ["olgamaria", "olga.maria1", "Party1987"])
def test_what_is_known_of_the_user_is_refused(password: str) -> None:
    assert judge(password, "olgamaria", "olga.maria@example.org") | judge(password, "party1987") == {
        "password_too_common"
    }


def test_the_sentence_says_what_to_do() -> None:
    [fault] = forms.check_password("12345678", field="new_password")
    assert fault.field == "new_password"
    assert "Use words" in fault.message


def test_what_would_take_long_to_judge_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time grows with the ways in which signs can be read, and with the length."""
    judged: list[str] = []
    monkeypatch.setattr("auth_service.guessable.zxcvbn", lambda text, _: judged.append(text) or {"guesses": 1})
    assert count_readings("1234567890") == 4
    assert not is_guessable("".join(LOOKALIKES) * 5)
    assert not is_guessable("4@69({$5+7")
    assert is_guessable("a" * 256)
    assert is_guessable("4@69$5+7" * 50)
    assert judged == ["a" * JUDGED, ("4@69$5+7" * 50)[:JUDGED]]
