"""Query parameters of paginated lists."""

from typing import Annotated, Literal

from fastapi import Query

from gateway.http.limits import MAX_CURSOR_LENGTH

Limit = Annotated[int, Query(ge=1, le=200, description="entries of a page")]
Cursor = Annotated[
    str,
    Query(
        max_length=MAX_CURSOR_LENGTH, description="`next_cursor` of the page before, of the same list; empty: the first"
    ),
]
Order = Annotated[
    Literal["uploaded", "taken"],
    Query(description="by which time they are sorted; a photo without a time taken counts as taken when uploaded"),
]
Direction = Annotated[Literal["asc", "desc"], Query(description="`desc`: newest first")]
