"""SQL of lists of photos: pages in either order and direction."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from kit.pages import Page
from matcher_service.domain import Listing, PhotoOrder

SORTED_BY = {PhotoOrder.UPLOADED: "p.created_at", PhotoOrder.TAKEN: "coalesce(p.taken_at, p.created_at)"}


def select_photos(connection: Connection, event_id: UUID, listing: Listing, page: Page) -> list[Row[Any]]:
    """The photos of an event."""
    conditions = "p.event_id = :event" + (" AND p.state = :state" if listing.state else "")
    values: dict[str, object] = {"event": event_id, "state": listing.state.value if listing.state else None}
    return _select(connection, f"SELECT p.* FROM matcher.photos p WHERE {conditions}", values, listing, page)


def select_matches(
    connection: Connection, user_id: UUID, event_id: UUID | None, listing: Listing, page: Page
) -> list[Row[Any]]:
    """The photos that a guest is in, in one event or in all."""
    query = f"""
        SELECT p.id, p.event_id, p.width, p.height, p.taken_at, p.created_at
        FROM matcher.matches m JOIN matcher.photos p ON p.id = m.photo_id
        JOIN matcher.memberships me ON me.event_id = p.event_id AND me.user_id = m.user_id
        WHERE m.user_id = :user {"AND p.event_id = :event" if event_id else ""}
    """
    return _select(connection, query, {"user": user_id, "event": event_id}, listing, page)


def _select(
    connection: Connection, query: str, values: dict[str, object], listing: Listing, page: Page
) -> list[Row[Any]]:
    """The key of a page is (time, id), with the time by which the list is sorted."""
    key, way, beyond = SORTED_BY[listing.order], *(("ASC", ">") if listing.ascending else ("DESC", "<"))
    after = f"AND ({key}, p.id) {beyond} (:at, :id)" if page.after else ""
    at, last = page.after or ("", "")
    ordered = text(f"{query} {after} ORDER BY {key} {way}, p.id {way} LIMIT :limit")
    return list(connection.execute(ordered, {**values, "at": at, "id": last, "limit": page.fetch_size()}))
