"""SQL of lists of photos: pages in either order and direction, read from indexes, and total numbers."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from kit.db.pages import Page
from matcher_service.domain import NEWEST_FIRST, Listing, PhotoOrder, Visibility
from matcher_service.store.audience import unhidden
from matcher_service.store.offers import offered, sees_photos
from matcher_service.store.replacements import NEW_VERSION
from matcher_service.store.versions import VERSION_COLUMNS

NO_PERSON = UUID(int=0)
SORTED_BY = {PhotoOrder.UPLOADED: "created_at", PhotoOrder.TAKEN: "sorted_at"}
OPEN_REQUESTS = """
FROM matcher.hide_requests h WHERE h.event_id = p.event_id AND h.photo_id = p.id AND NOT h.settled
"""
PHOTO_COLUMNS = f"""
p.id, p.event_id, p.filename, p.state, p.reason, p.width, p.height, p.face_count, p.size_bytes, p.taken_at,
p.created_at, coalesce(p.original_bytes, 0) AS original_bytes, p.taken_offset_min, p.visibility, p.uploader_id,
p.colour, p.from_guest, (SELECT count(*) {OPEN_REQUESTS}) AS hide_requests,
(SELECT r.state {NEW_VERSION}) AS new_version, (SELECT r.reason {NEW_VERSION}) AS new_version_reason
"""
COUNT_ALL = "SELECT pending_count + indexed_count + failed_count FROM matcher.events WHERE id = :event"

MEMBERSHIPS = f"""
FROM matcher.memberships me JOIN matcher.events e ON e.id = me.event_id AND NOT e.gone AND {sees_photos("me", "e")}
"""
MATCHES = f"""
{MEMBERSHIPS} JOIN matcher.matches m ON m.event_id = me.event_id AND m.person_id = :person AND m.shown
"""
# Condition on photos `p`: listed only because they are for everyone.
ONLY_FOR_EVERYONE = f"""
p.visibility = 'everyone' AND p.state = 'indexed' AND {unhidden(":user")} AND NOT EXISTS (
    SELECT FROM matcher.matches t WHERE t.event_id = p.event_id AND t.person_id = :person AND t.photo_id = p.id)
"""
COUNT_MATCHES = f"SELECT count(*) {MATCHES} WHERE me.user_id = :user"
COUNT_OF_EACH = f"""
SELECT me.user_id, count(DISTINCT m.photo_id) AS photos {MEMBERSHIPS}
JOIN matcher.people o ON (o.event_id, o.user_id) = (me.event_id, me.user_id)
JOIN matcher.matches m ON (m.event_id, m.person_id) = (o.event_id, o.person_id) AND m.shown
WHERE me.event_id = :event AND me.user_id = ANY(:users) GROUP BY me.user_id
"""
COUNT_FOR_EVERYONE = f"""
SELECT count(*) {MEMBERSHIPS} JOIN matcher.photos p ON p.event_id = me.event_id AND {ONLY_FOR_EVERYONE}
WHERE me.user_id = :user
"""


def select_photos(connection: Connection, event_id: UUID, listing: Listing, page: Page) -> list[Row[Any]]:
    """A page of the photos of an event."""
    conditions, values = _filter(event_id, listing)
    query = f"SELECT {PHOTO_COLUMNS}, {VERSION_COLUMNS} FROM matcher.photos p WHERE {conditions}"
    after, order = _page("p", "id", listing, page)
    return list(connection.execute(text(f"{query} {after} {order}"), {**values, **_values(page)}))


def count_listed(connection: Connection, event_id: UUID, listing: Listing) -> int:
    """The total number of photos in the list; without filters, the event's counters have it."""
    conditions, values = _filter(event_id, listing)
    is_filtered = len(values) > 1 or listing.without_faces or listing.hide_requested or listing.from_guests
    query = f"SELECT count(*) FROM matcher.photos p WHERE {conditions}" if is_filtered else COUNT_ALL
    count: int = connection.execute(text(query), values).scalar_one()
    return count


def select_uploads(connection: Connection, event_id: UUID, user_id: UUID, page: Page) -> tuple[list[Row[Any]], int]:
    """A page of the photos that a member has added, newest first, and their total number."""
    own, values = "p.uploader_id = :user AND p.event_id = :event", {"user": user_id, "event": event_id}
    after, order = _page("p", "id", NEWEST_FIRST, page)
    query = f"SELECT {PHOTO_COLUMNS}, {VERSION_COLUMNS} FROM matcher.photos p WHERE {own} {after} {order}"
    rows = list(connection.execute(text(query), {**values, **_values(page)}))
    count: int = connection.execute(text(f"SELECT count(*) FROM matcher.photos p WHERE {own}"), values).scalar_one()
    return rows, count


def find_viewer(connection: Connection, user_id: UUID, person_id: UUID | None) -> dict[str, UUID]:
    """The query parameters `user` and `person`, whose photos the user lists: by default their first person, who has the
    account's id; NO_PERSON if the person is not theirs."""
    query = text(
        """
        SELECT FROM matcher.memberships m JOIN matcher.people o
            ON (o.event_id, o.user_id) = (m.event_id, m.user_id) AND o.person_id = :person
        WHERE m.user_id = :user LIMIT 1
        """
    )
    viewer = {"user": user_id, "person": person_id or user_id}
    if viewer["person"] != user_id and connection.execute(query, viewer).first() is None:
        return {"user": user_id, "person": NO_PERSON}
    return viewer


def select_matches(
    connection: Connection, viewer: Mapping[str, UUID], event_id: UUID | None, listing: Listing, page: Page
) -> list[Row[Any]]:
    """A page of the photos that a guest sees of one of their people, in one event or in all: a page of the person's
    matches, merged with a page of the photos for everyone in each event."""
    query = text(make_matches_query(event_id, listing, page))
    return list(connection.execute(query, {**viewer, "event": event_id, **_values(page)}))


def make_matches_query(event_id: UUID | None, listing: Listing, page: Page) -> str:
    time, event = SORTED_BY[listing.order], "AND me.event_id = :event" if event_id else ""
    after, order = _page("m", "photo_id", listing, page)
    photo_after, photo_order = _page("p", "id", listing, page)
    way = "ASC" if listing.ascending else "DESC"
    one_event = "AND p.event_id = :event" if event_id else ""
    return f"""
        SELECT p.id, p.event_id, p.width, p.height, p.taken_at, p.created_at, p.number, p.taken_offset_min, p.colour,
            coalesce(p.original_bytes, 0) AS original_bytes, e.name AS event_name, l.only_for_everyone,
            l.download,
            {VERSION_COLUMNS}
        FROM (
            (SELECT m.event_id, m.photo_id, m.{time} AS time, false AS only_for_everyone,
                {offered("me", "e")} AS download
             {MATCHES} WHERE me.user_id = :user {event} {after} {order})
            UNION ALL
            (SELECT o.event_id, o.id, o.time, true, {offered("me", "e")} {MEMBERSHIPS} CROSS JOIN LATERAL (
                SELECT p.event_id, p.id, p.{time} AS time FROM matcher.photos p
                WHERE p.event_id = me.event_id AND {ONLY_FOR_EVERYONE} {photo_after} {photo_order}) o
             WHERE me.user_id = :user {event})
            ORDER BY time {way}, photo_id {way} LIMIT :limit
        ) l
        JOIN matcher.photos p ON (p.event_id, p.id) = (l.event_id, l.photo_id) {one_event}
        JOIN matcher.events e ON e.id = l.event_id
        ORDER BY l.time {way}, l.photo_id {way}
    """


def count_matches(connection: Connection, viewer: Mapping[str, UUID], event_id: UUID | None) -> int:
    """The total number of photos in the list, counted in indexes."""
    event = "AND me.event_id = :event" if event_id else ""
    values = {**viewer, "event": event_id}
    query = text(f"SELECT ({COUNT_MATCHES} {event}) + ({COUNT_FOR_EVERYONE} {event})")
    count: int = connection.execute(query, values).scalar_one()
    return count


def _filter(event_id: UUID, listing: Listing) -> tuple[str, dict[str, object]]:
    """The conditions of an organiser's list, and their parameters."""
    conditions, values = ["p.event_id = :event"], {"event": event_id}
    given: dict[str, str] = {}
    if listing.state:
        given["state"] = listing.state.value
    if listing.visibility:
        given["visibility"] = listing.visibility.value
    if listing.uploader_id:
        given["uploader_id"] = str(listing.uploader_id)
    conditions += [f"p.{name} = :{name}" for name in given]
    if listing.visibility is Visibility.UNAPPROVED and not listing.state:
        conditions.append("p.state <> 'failed'")  # failed photos cannot be approved
    if listing.without_faces:
        conditions.append("p.state = 'indexed' AND p.face_count = 0")
    if listing.from_guests:
        conditions.append("p.from_guest")
    if listing.hide_requested:
        conditions.append(
            "p.id IN (SELECT h.photo_id FROM matcher.hide_requests h WHERE h.event_id = :event AND NOT h.settled)"
        )
    return " AND ".join(conditions), {**values, **given}


def _page(table: str, photo_id: str, listing: Listing, page: Page) -> tuple[str, str]:
    """The condition for rows after the previous page, and the order. The key is (time, photo id), with the time by
    which the list is sorted; both are columns of `table`."""
    time, photo = f"{table}.{SORTED_BY[listing.order]}", f"{table}.{photo_id}"
    way, beyond = ("ASC", ">") if listing.ascending else ("DESC", "<")
    after = f"AND ({time}, {photo}) {beyond} (:at, :id)" if page.after else ""
    return after, f"ORDER BY {time} {way}, {photo} {way} LIMIT :limit"


def _values(page: Page) -> Mapping[str, object]:
    at, last = page.after or ("", "")
    return {"at": at, "id": last, "limit": page.fetch_size()}
