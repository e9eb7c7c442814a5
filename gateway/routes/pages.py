"""How lists are cut into pages."""

from typing import Annotated

from fastapi import Query

from gateway.limits import MAX_CURSOR_LENGTH

Limit = Annotated[int, Query(ge=1, le=200, description="entries of a page")]
Cursor = Annotated[
    str, Query(max_length=MAX_CURSOR_LENGTH, description="`next_cursor` of the page before; empty: the first page")
]
