"""Memberships of events."""

from uuid import UUID

from auth_service import forms
from auth_service.domain import (
    CODE_TRIES,
    NO_CONSENT,
    Consent,
    Event,
    EventClosed,
    EventNotFound,
    GivenConsent,
    InvalidEventCode,
    Member,
    NoFreeCode,
    OrganiserOnly,
    RemovedGuest,
    RequireConsent,
    Role,
    UserNotFound,
    new_code,
    normalise_code,
)
from auth_service.marks import PhoneMarks
from auth_service.permissions import Action, may
from auth_service.service.roles import require_organiser, require_role
from auth_service.store import Stores
from kit.db.pages import Page


class Members:
    """Joins, leaves, admits and lists members, and records their consents."""

    def __init__(self, stores: Stores, marks: PhoneMarks, require_consent: RequireConsent) -> None:
        self._accounts = stores.accounts
        self._require_consent = require_consent
        self._events = stores.events
        self._members = stores.members
        self._roles = stores.roles
        self._consents = stores.consents
        self._marks = marks

    def join_event(
        self,
        user_id: UUID,
        code: str,
        searched: bool = True,
        consent: GivenConsent = NO_CONSENT,
        phone_mark: str = "",
    ) -> tuple[Event, bool]:
        """Returns the event, and whether the user waits to be admitted. `searched` asks for face search without a
        `consent`, which is granted unless this server requires one."""
        forms.require([*forms.check_consent(consent)])
        event = self._events.find_code(normalise_code(code))
        if event is None:
            raise InvalidEventCode
        searched = bool(consent.version) or (searched and not self._must_agree(user_id))
        waiting = self._members.join(event.id, user_id, searched, consent, self._marks.hash(event.id, phone_mark))
        if waiting is None:
            raise EventClosed
        return event, waiting

    def _must_agree(self, user_id: UUID) -> bool:
        """Returns whether this account is searched only with a consent."""
        if self._require_consent is not RequireConsent.GUESTS:
            return self._require_consent is RequireConsent.EVERYONE
        user = self._accounts.find_user(user_id)
        return user is not None and user.password_hash is None

    def record_consent(self, user_id: UUID, event_id: UUID, consent: GivenConsent) -> None:
        forms.require([*forms.check_consent(consent, required=True)])
        if not self._members.record_consent(user_id, event_id, consent):
            raise EventNotFound

    def withdraw_consent(self, user_id: UUID) -> None:
        if not self._consents.withdraw(user_id):
            raise UserNotFound

    def list_consents(self, user_id: UUID) -> list[Consent]:
        return self._consents.list_consents(user_id)

    def leave_event(self, user_id: UUID, event_id: UUID, guest_id: UUID) -> bool:
        """Removes `guest_id`, or lets them leave if `user_id` is the same. Returns whether their sessions ended.

        Raises EventNotFound, OrganiserOnly, OrganiserCannotLeave.
        """
        role = require_role(self._members, event_id, user_id)
        if guest_id != user_id and not may(role, Action.ADMINISTER):
            raise OrganiserOnly
        if guest_id == user_id:
            return self._members.leave(event_id, guest_id)
        for _try in range(CODE_TRIES):
            if (is_signed_out := self._members.remove(event_id, guest_id, new_code())) is not None:
                return is_signed_out
        raise NoFreeCode

    def admit_guest(self, user_id: UUID, event_id: UUID, guest_id: UUID) -> None:
        require_organiser(self._members, event_id, user_id)
        self._members.admit(event_id, guest_id)

    def set_role(self, user_id: UUID, event_id: UUID, member_id: UUID, role: Role) -> None:
        require_organiser(self._members, event_id, user_id)
        self._roles.set_role(event_id, member_id, role, user_id)

    def list_removed(self, user_id: UUID, event_id: UUID, page: Page) -> list[RemovedGuest]:
        require_organiser(self._members, event_id, user_id)
        return self._roles.list_removed(event_id, page)

    def list_guests(self, user_id: UUID, event_id: UUID, page: Page) -> list[Member]:
        require_organiser(self._members, event_id, user_id)
        return self._members.list_members(event_id, page)

    def list_members(self, event_id: UUID, page: Page) -> list[Member]:
        """For services, which do not have a role."""
        return self._members.list_members(event_id, page)
