"""SQL of the visibility of photos, and of guests' requests to hide them.

`matches.shown` stores for each match whether its guest sees the photo, so that a list is read from one index; every
transaction that changes this or inserts a match holds the event's lock.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from kit.db.engine import transaction
from matcher_service.domain import OrganiserOnly, Visibility
from matcher_service.store.events import find_event, lock_event, may_look
from matcher_service.store.hints import hint, hint_all, hint_organisers, hint_people_in

# SQL: the account of the person :person.
USER = "(SELECT user_id FROM matcher.people WHERE event_id = :event AND person_id = :person)"


def unhidden(user: str) -> str:
    """SQL: whether the photo `p` is hidden neither from all guests nor, at their own request, from `user`."""
    return f"""(p.visibility IN ('matched', 'everyone') AND NOT EXISTS (
        SELECT FROM matcher.hide_requests h
        WHERE h.event_id = p.event_id AND h.user_id = {user} AND h.photo_id = p.id))"""


# SQL: whether the member :user sees the photo `p` as a guest.
SEES = f"""(p.state = 'indexed' AND {unhidden(":user")} AND (p.visibility = 'everyone' OR EXISTS (
    SELECT FROM matcher.people o JOIN matcher.matches t ON (t.event_id, t.person_id) = (o.event_id, o.person_id)
    WHERE o.event_id = p.event_id AND o.user_id = :user AND t.photo_id = p.id)))"""


def show_again(connection: Connection, event_id: UUID, photo_ids: Sequence[UUID]) -> int:
    """Updates `shown` of the photos' matches; returns how many changed. Requires the event's lock."""
    update = text(
        f"""
        UPDATE matcher.matches m SET shown = NOT m.shown
        FROM matcher.photos p, matcher.people o
        WHERE m.event_id = :event AND m.photo_id = ANY(:photos)
            AND (p.event_id, p.id) = (m.event_id, m.photo_id)
            AND (o.event_id, o.person_id) = (m.event_id, m.person_id)
            AND m.shown <> {unhidden("o.user_id")}
        """
    )
    return connection.execute(update, {"event": event_id, "photos": list(photo_ids)}).rowcount


def change_visibility(
    connection: Connection,
    event_id: UUID,
    photo_ids: Sequence[UUID],
    visibility: Visibility,
    show: Callable[[Connection, UUID, Sequence[UUID]], object] = show_again,
) -> None:
    """Updates the photos that are in the event, with their matches and hints. Requires the event's lock."""
    values = {"event": event_id, "photos": list(photo_ids), "visibility": visibility.value}
    differing = text(
        "SELECT id, visibility FROM matcher.photos"
        " WHERE event_id = :event AND id = ANY(:photos) AND visibility <> :visibility"
    )
    changed = connection.execute(differing, values).all()
    if not changed:
        return
    changed_ids: list[UUID] = [row.id for row in changed]
    update = text("UPDATE matcher.photos SET visibility = :visibility WHERE event_id = :event AND id = ANY(:photos)")
    connection.execute(update, {**values, "photos": changed_ids})
    show(connection, event_id, changed_ids)
    hint_organisers(connection, event_id)
    if "everyone" in {visibility.value, *(row.visibility for row in changed)}:
        hint_all(connection, event_id)
    else:
        hint_people_in(connection, event_id, changed_ids)


def settle_requests(connection: Connection, event_id: UUID, photo_ids: Sequence[UUID]) -> None:
    """Settles the requests to hide these photos. Requires the event's lock."""
    settle = text(
        "UPDATE matcher.hide_requests SET settled = true"
        " WHERE event_id = :event AND photo_id = ANY(:photos) AND NOT settled"
    )
    if connection.execute(settle, {"event": event_id, "photos": list(photo_ids)}).rowcount:
        hint_organisers(connection, event_id)


class AudienceStore:
    """Visibility of photos, and requests to hide them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_event(self, photo_id: UUID) -> UUID | None:
        with transaction(self._engine) as connection:
            return find_event(connection, photo_id)

    def set_visibility(
        self,
        event_id: UUID,
        photo_ids: Sequence[UUID],
        visibility: Visibility,
        present: Sequence[Visibility] = tuple(Visibility),
    ) -> None:
        """Changes the photos in the event whose visibility is one of `present`; HIDDEN settles the requests to hide
        them. Raises OrganiserOnly if photos are in the event, but none with such a visibility."""
        with transaction(self._engine, "visibility-set") as connection:
            if lock_event(connection, event_id) is None:
                return
            photos = _select(connection, event_id, photo_ids, present)
            if not photos and _select(connection, event_id, photo_ids, tuple(Visibility)):
                raise OrganiserOnly
            if visibility is Visibility.HIDDEN:
                settle_requests(connection, event_id, photos)
            change_visibility(connection, event_id, photos, visibility, self._show_again)

    def dismiss_requests(self, event_id: UUID, photo_ids: Sequence[UUID]) -> None:
        with transaction(self._engine, "hide-dismiss") as connection:
            if lock_event(connection, event_id) is not None:
                settle_requests(connection, event_id, photo_ids)

    def ask_to_hide(self, event_id: UUID, user_id: UUID, photo_id: UUID) -> bool:
        """Returns False if the user neither sees the photo nor asked before."""
        insert = text(
            "INSERT INTO matcher.hide_requests (event_id, user_id, photo_id) VALUES (:event, :user, :photo)"
            " ON CONFLICT DO NOTHING"
        )
        return self._decide(event_id, user_id, photo_id, insert)

    def undo_ask_to_hide(self, event_id: UUID, user_id: UUID, photo_id: UUID) -> bool:
        """Returns False like `ask_to_hide`."""
        delete = text(
            "DELETE FROM matcher.hide_requests WHERE event_id = :event AND user_id = :user AND photo_id = :photo"
        )
        return self._decide(event_id, user_id, photo_id, delete)

    def _decide(self, event_id: UUID, user_id: UUID, photo_id: UUID, change: Any) -> bool:
        values = {"event": event_id, "user": user_id, "photo": photo_id}
        with transaction(self._engine, "hide-ask") as connection:
            if not self._may_decide(connection, values):
                return False
            if connection.execute(change, values).rowcount:
                self._show_again(connection, event_id, [photo_id])
                hint(connection, event_id, [user_id])
            return True

    def _may_decide(self, connection: Connection, values: Mapping[str, Any]) -> bool:
        """Locks the event until the commit, so that no publish misses the decision."""
        if lock_event(connection, values["event"]) is None:
            return False
        if not may_look(connection, values["event"], values["user"]):
            return False
        known = text(
            "SELECT FROM matcher.photos p WHERE p.event_id = :event AND p.id = :photo"
            f" AND ({SEES} OR EXISTS (SELECT FROM matcher.hide_requests h"
            " WHERE h.event_id = :event AND h.user_id = :user AND h.photo_id = :photo))"
        )
        return connection.execute(known, values).first() is not None

    def _show_again(self, connection: Connection, event_id: UUID, photo_ids: Sequence[UUID]) -> None:
        show_again(connection, event_id, photo_ids)


def _select(
    connection: Connection, event_id: UUID, photo_ids: Sequence[UUID], visibilities: Sequence[Visibility]
) -> list[UUID]:
    """The photos that are in the event and have one of these visibilities. Requires the event's lock."""
    query = text(
        "SELECT id FROM matcher.photos WHERE event_id = :event AND id = ANY(:photos)"
        " AND visibility = ANY(:visibilities)"
    )
    values = {"event": event_id, "photos": list(photo_ids), "visibilities": [v.value for v in visibilities]}
    return list(connection.execute(query, values).scalars())
