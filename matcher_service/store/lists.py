"""SQL of lists of photos: pages in either order and direction."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from kit.pages import Page
from matcher_service.domain import Listing, PhotoOrder
from matcher_service.store.versions import VERSION_COLUMNS

SORTED_BY = {PhotoOrder.UPLOADED: "created_at", PhotoOrder.TAKEN: "sorted_at"}
PHOTO_COLUMNS = (
    "p.id, p.event_id, p.filename, p.state, p.reason, p.width, p.height, p.face_count, p.size_bytes, p.taken_at,"
    " p.created_at, coalesce(p.original_bytes, 0) AS original_bytes, p.taken_offset_min"
)

COUNT_MATCHES = """
SELECT count(*) FROM matcher.memberships me JOIN matcher.events e ON e.id = me.event_id AND NOT e.gone
JOIN matcher.matches m ON m.event_id = me.event_id AND m.person_id = :person
WHERE me.user_id = :user
"""


def select_photos(connection: Connection, event_id: UUID, listing: Listing, page: Page) -> list[Row[Any]]:
    """The photos of an event."""
    conditions = "p.event_id = :event" + (" AND p.state = :state" if listing.state else "")
    values: dict[str, object] = {"event": event_id, "state": listing.state.value if listing.state else None}
    query = f"SELECT {PHOTO_COLUMNS}, {VERSION_COLUMNS} FROM matcher.photos p WHERE {conditions}"
    return _select(connection, query, values, listing, page, "p", "id")


def select_matches(
    connection: Connection, user_id: UUID, event_id: UUID | None, listing: Listing, page: Page
) -> list[Row[Any]]:
    """The photos that a guest is in, in one event or in all."""
    query = f"""
        SELECT p.id, p.event_id, p.width, p.height, p.taken_at, p.created_at, p.number, p.taken_offset_min,
            coalesce(p.original_bytes, 0) AS original_bytes, e.name AS event_name, {VERSION_COLUMNS}
        FROM matcher.matches m JOIN matcher.photos p ON (p.event_id, p.id) = (m.event_id, m.photo_id)
        JOIN matcher.memberships me ON me.event_id = m.event_id AND me.user_id = :user
        JOIN matcher.events e ON e.id = m.event_id AND NOT e.gone
        WHERE m.person_id = :person {"AND m.event_id = :event" if event_id else ""}
    """
    values = {"user": user_id, "person": user_id, "event": event_id}  # the first person has the account's id
    return _select(connection, query, values, listing, page, "m", "photo_id")


def count_matches(connection: Connection, user_id: UUID, event_id: UUID | None) -> int:
    """How many photos that list has: a range of the primary key for each event."""
    query = f"{COUNT_MATCHES} AND me.event_id = :event" if event_id else COUNT_MATCHES
    values = {"user": user_id, "person": user_id, "event": event_id}
    count: int = connection.execute(text(query), values).scalar_one()
    return count


def _select(
    connection: Connection,
    query: str,
    values: Mapping[str, object],
    listing: Listing,
    page: Page,
    table: str,
    photo_id: str,
) -> list[Row[Any]]:
    """The key of a page is (time, photo id), with the time by which the list is sorted; both are columns of `table`."""
    time, photo = f"{table}.{SORTED_BY[listing.order]}", f"{table}.{photo_id}"
    way, beyond = ("ASC", ">") if listing.ascending else ("DESC", "<")
    after = f"AND ({time}, {photo}) {beyond} (:at, :id)" if page.after else ""
    at, last = page.after or ("", "")
    ordered = text(f"{query} {after} ORDER BY {time} {way}, {photo} {way} LIMIT :limit")
    return list(connection.execute(ordered, {**values, "at": at, "id": last, "limit": page.fetch_size()}))
