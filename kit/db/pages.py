"""Keyset pagination: a token names the last row of a page and the list that it belongs to.

All our lists are ordered by a time and an id, which together are the key of a row. A token comes back from the caller,
who may have forged it: it is parsed into a time and an id, and anything else is rejected.
"""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from kit.errors import InvalidPage

DEFAULT_SIZE = 50
MAX_SIZE = 200

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page:
    """A requested page: `size` rows after the row with the key `after` of the list `scope`."""

    scope: str
    size: int
    after: tuple[str, str] | None

    def fetch_size(self) -> int:
        """One row more than the page size, to detect whether there is a next page."""
        return self.size + 1

    def cut(self, rows: Sequence[Row], key: Callable[[Row], tuple[str, str]]) -> tuple[list[Row], str]:
        """The rows of this page and the token of the next one (empty on the last page)."""
        shown = list(rows[: self.size])
        return shown, _encode(self.scope, key(shown[-1])) if len(rows) > self.size else ""


def parse_page(scope: str, page_size: int, page_token: str, max_size: int = MAX_SIZE) -> Page:
    """Raises InvalidPage. `scope` identifies the list and everything it depends on, such as its reader."""
    if not 0 <= page_size <= max_size:
        raise InvalidPage
    return Page(scope, page_size or DEFAULT_SIZE, _decode(scope, page_token) if page_token else None)


def _encode(scope: str, key: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps([scope, *key]).encode()).decode().rstrip("=")


def _decode(scope: str, token: str) -> tuple[str, str]:
    try:
        named, moment, row_id = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        key = datetime.fromisoformat(moment).astimezone(UTC).isoformat(), str(UUID(row_id))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        raise InvalidPage from None
    if named != scope:
        raise InvalidPage
    return key
