"""Rejection of passwords that attackers try first."""

import pytest

from auth_service import forms
from auth_service.guessable import JUDGED, LOOKALIKES, count_readings, is_guessable

COMMON = ["12345678", "password1", "P@ssw0rd", "qwertyuiop", "azertyuiop", "motdepasse", "iloveyou2", "aaaaaaaa"]
GOOD = ["correct horse", "eight cups of tea", "only for this run", "Xk3-9qLz", "tante Rosa tanzt"]
GOOD.append("\u5b66\u751f\u304c\u6b4c\u3046\u6b4c\u3082\u3042\u308b")


def judge(password: str, *about: str) -> set[str]:
    return {fault.reason for fault in forms.check_password(password, *about)}


@pytest.mark.parametrize("password", COMMON)
def test_common_passwords_are_rejected(password: str) -> None:
    assert judge(password) == {"password_too_common"}


@pytest.mark.parametrize("password", GOOD)
def test_uncommon_passwords_are_accepted(password: str) -> None:
    assert judge(password) == set()


@pytest.mark.parametrize("password", ["olgamaria", "olga.maria1", "Party1987"])
def test_passwords_made_of_the_users_own_data_are_rejected(password: str) -> None:
    assert judge(password, "olgamaria", "olga.maria@example.org") | judge(password, "party1987") == {
        "password_too_common"
    }


def test_the_message_says_what_to_do() -> None:
    [fault] = forms.check_password("12345678", field="new_password")
    assert fault.field == "new_password"
    assert "Use words" in fault.message


def test_passwords_that_take_too_long_to_estimate_are_not_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time grows with the number of substitutions that are possible, and with the length."""
    judged: list[str] = []
    monkeypatch.setattr("auth_service.guessable.zxcvbn", lambda text, _: judged.append(text) or {"guesses": 1})
    assert count_readings("1234567890") == 4
    assert not is_guessable("".join(LOOKALIKES) * 5)
    assert not is_guessable("4@69({$5+7")
    assert is_guessable("a" * 256)
    assert is_guessable("4@69$5+7" * 50)
    assert judged == ["a" * JUDGED, ("4@69$5+7" * 50)[:JUDGED]]
