"""Keyset pages and their tokens."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.db.pages import MAX_SIZE, parse_page
from kit.errors import InvalidPage

ID = UUID(int=7)
NOW = datetime(2030, 6, 1, 12, 30, 15, 123456, UTC)
moments = st.datetimes(timezones=st.just(UTC))


@pytest.mark.parametrize(("asked", "size"), [(0, 50), (1, 1), (MAX_SIZE, MAX_SIZE)])
def test_a_page_size_within_the_bounds_is_accepted(asked: int, size: int) -> None:
    page = parse_page("list", asked, "")
    assert (page.size, page.fetch_size(), page.after) == (size, size + 1, None)


@pytest.mark.parametrize("asked", [-1, MAX_SIZE + 1, 10**9, -(2**31)])
def test_a_page_size_out_of_bounds_is_rejected(asked: int) -> None:
    with pytest.raises(InvalidPage):
        parse_page("list", asked, "")


def token_after(scope: str, moment: datetime, row_id: UUID) -> str:
    _, token = parse_page(scope, 1, "").cut([1, 2], lambda _: (moment.isoformat(), str(row_id)))
    return token


@given(moments, st.uuids(), st.text(st.characters(codec="utf-8")))
def test_a_token_contains_the_key_of_the_last_row(moment: datetime, row_id: UUID, scope: str) -> None:
    page = parse_page(scope, 0, token_after(scope, moment, row_id))
    assert page.after == (moment.isoformat(), str(row_id))


@given(moments, st.uuids(), st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_a_token_is_valid_only_for_its_own_list(moment: datetime, row_id: UUID, scope: str, other: str) -> None:
    token = token_after(scope, moment, row_id)
    if scope != other:
        with pytest.raises(InvalidPage):
            parse_page(other, 0, token)


@settings(max_examples=30)
@given(st.text())
def test_any_other_text_is_rejected_as_a_token(text: str) -> None:
    if text:
        with pytest.raises(InvalidPage):
            parse_page("list", 0, text)


def test_a_key_is_encoded_in_utc() -> None:
    token = token_after("list", NOW.astimezone(timezone(timedelta(hours=9))), ID)
    assert parse_page("list", 0, token).after == (NOW.isoformat(), str(ID))


@pytest.mark.parametrize(("rows", "shown", "more"), [(0, 0, False), (1, 1, False), (2, 2, False), (3, 2, True)])
def test_one_row_beyond_the_page_size_means_there_is_a_next_page(rows: int, shown: int, more: bool) -> None:
    page = parse_page("list", 2, "")
    cut, token = page.cut(range(rows), lambda row: (NOW.isoformat(), str(UUID(int=row))))
    assert (cut, bool(token)) == (list(range(shown)), more)
    if more:
        assert parse_page("list", 2, token).after == (NOW.isoformat(), str(UUID(int=1)))
