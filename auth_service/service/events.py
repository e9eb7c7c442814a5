"""Events and their codes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from auth_service import forms
from auth_service.domain import (
    CODE_TRIES,
    Event,
    EventEdit,
    EventNotFound,
    NewEvent,
    NoFreeCode,
    OrganiserOnly,
    UserNotFound,
    new_code,
    normalise_code,
    to_display,
)
from auth_service.offers import LIFE_DAYS, Credit
from auth_service.permissions import Action
from auth_service.service.roles import require, require_organiser
from auth_service.store import Stores
from kit.db.pages import Page


class Events:
    """Creates, reads and changes events for their organisers."""

    def __init__(self, stores: Stores, retention_days: int) -> None:
        self._retention_days = retention_days
        self._accounts = stores.accounts
        self._events = stores.events
        self._members = stores.members

    def check_event_code(self, typed: str) -> Event | None:
        """Returns the event of the code, whether or not it has ended."""
        return self._events.find_code(normalise_code(typed))

    def create_event(self, idempotency_key: UUID | None, user_id: UUID, new: NewEvent) -> Event:
        user = self._accounts.find_user(user_id)
        if user is None:
            raise UserNotFound
        if not user.organiser:
            raise OrganiserOnly
        offer = replace(new.offer, credit=_clean(new.offer.credit))
        faults = [*forms.check_event_name(new.name), *forms.check_times(new.starts_at, new.expires_at)]
        faults = faults or [*forms.check_new_end(new.expires_at)]
        forms.require([*faults, *forms.check_offer(offer)])
        new = self._complete(replace(new, name=to_display(new.name), offer=offer))
        for _try in range(CODE_TRIES):
            if idempotency_key and (known := self._events.find_repeated(idempotency_key)):
                return self.get_event(user_id, known.id)
            event_id = uuid4()
            if self._events.create_event(event_id, idempotency_key, user_id, new_code(), new):
                return self.get_event(user_id, event_id)
        raise NoFreeCode

    def _complete(self, new: NewEvent) -> NewEvent:
        """Applies the defaults, which limit how long the event is open and kept."""
        if new.expires_at is None and not new.without_end:
            begins_at = max(new.starts_at or datetime.min.replace(tzinfo=UTC), datetime.now(UTC))
            new = replace(new, expires_at=begins_at + timedelta(days=LIFE_DAYS))
        if not new.offer.keep_days and not new.offer.is_kept:
            new = replace(new, offer=replace(new.offer, keep_days=self._retention_days))
        return new

    def get_event(self, user_id: UUID, event_id: UUID) -> Event:
        role = require(self._members, event_id, user_id, Action.FIND)
        event = self._events.find_event(event_id)
        if event is None:
            raise EventNotFound
        return replace(event, role=role)

    def list_events(self, user_id: UUID, page: Page) -> list[Event]:
        return self._events.list_events(user_id, page)

    def update_event(self, user_id: UUID, event_id: UUID, edit: EventEdit) -> Event:
        require_organiser(self._members, event_id, user_id)
        event = self.get_event(user_id, event_id)
        faults = [] if edit.name is None else [*forms.check_event_name(edit.name)]
        faults += forms.check_times(
            None if edit.no_start else edit.starts_at or event.starts_at,
            None if edit.no_end else edit.expires_at or event.expires_at,
        )
        is_closed = event.closed if edit.closed is None else edit.closed
        if not faults and not is_closed:
            faults = [*forms.check_new_end(edit.expires_at, event.expires_at)]
        if edit.offer.credit:
            edit = replace(edit, offer=replace(edit.offer, credit=_clean(edit.offer.credit)))
        forms.require([*faults, *forms.check_offer_edit(edit.offer, event.offer.held)])
        edit = replace(edit, name=to_display(edit.name)) if edit.name else edit
        for _try in range(CODE_TRIES):
            done = self._events.update_event(event_id, edit, new_code() if edit.new_code else None)
            if done is None:
                raise EventNotFound
            if done:
                return self.get_event(user_id, event_id)
        raise NoFreeCode

    def delete_event(self, user_id: UUID, event_id: UUID) -> None:
        require_organiser(self._members, event_id, user_id)
        self._events.delete_event(event_id)


def _clean(credit: Credit) -> Credit:
    return Credit(to_display(credit.name), credit.url.strip())
