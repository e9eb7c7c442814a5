"""Accounts: registered ones and guests without credentials, and their erasure."""

from dataclasses import replace
from uuid import UUID, uuid4

from auth_service import forms
from auth_service.domain import (
    CredentialsSet,
    Event,
    EventClosed,
    GivenConsent,
    IdempotencyKeyReused,
    InvalidEventCode,
    InvalidForm,
    Login,
    Membership,
    RequireConsent,
    User,
    UserNotFound,
    normalise_code,
    to_display,
)
from auth_service.marks import PhoneMarks
from auth_service.passwords import Passwords
from auth_service.service.registration import check_taken
from auth_service.service.sessions import Sessions
from auth_service.store import Stores
from auth_service.store.accounts import NewUser
from auth_service.tokens import TokenMaker
from kit.errors import Violation


class Accounts:
    """Creates, reads and erases accounts."""

    def __init__(
        self,
        stores: Stores,
        passwords: Passwords,
        tokens: TokenMaker,
        sessions: Sessions,
        marks: PhoneMarks,
        require_consent: RequireConsent,
    ) -> None:
        self._require_consent = require_consent
        self._accounts = stores.accounts
        self._events = stores.events
        self._members = stores.members
        self._passwords = passwords
        self._tokens = tokens
        self._sessions = sessions
        self._marks = marks

    def check_user_availability(self, username: str, email: str, code: str) -> tuple[bool, bool]:
        """Returns whether the user name is taken, and whether a member of the event has the e-mail address (who should
        sign in instead). Addresses outside the event are not disclosed."""
        event = self._events.find_code(normalise_code(code))
        if event is None or event.ended:
            raise InvalidEventCode
        return self._accounts.find_taken(username, email, event.id)

    def register(
        self,
        idempotency_key: UUID | None,
        username: str,
        email: str,
        password: str,
        code: str,
        phone_mark: str = "",
        device: str = "",
    ) -> Login:
        """A retry with the same `idempotency_key` signs in, even if it runs concurrently with the first call."""
        if known := self._find_registered(idempotency_key):
            return self._sessions.check_password(known, password, device)
        user = NewUser(uuid4(), idempotency_key, to_display(username), to_display(email))
        try:
            return self._register(user, password, code, phone_mark, device)
        except InvalidForm:
            if known := self._find_registered(idempotency_key):
                return self._sessions.check_password(known, password, device)
            raise

    def _register(self, user: NewUser, password: str, code: str, phone_mark: str, device: str) -> Login:
        username, email = user.username or "", user.email or ""
        event = self._events.find_code(normalise_code(code))
        faults = [
            *forms.check_username(username),
            *forms.check_email(email),
            *forms.check_password(password, username, email),
            *_check_code(event),
        ]
        if event and not event.ended:
            taken = check_taken(self._accounts, username, email)
            # Testing whether an address is registered thus costs an account for each address that is not.
            faults += [fault for fault in taken if not faults or fault.field != "email"]
        if faults or event is None:
            raise InvalidForm(faults)
        user = replace(user, password_hash=self._passwords.hash(password))
        tokens, session = self._tokens.begin(user.id, device)
        phone_hash = self._marks.hash(event.id, phone_mark)
        waiting = self._accounts.register(
            user,
            event.id,
            session,
            searched=self._require_consent is not RequireConsent.EVERYONE,
            phone_hash=phone_hash,
        )
        if waiting is None:
            raise InvalidForm(
                [*_check_code(self._events.find_event(event.id)), *check_taken(self._accounts, username, email)]
            )
        return Login(user.id, event.id, tokens, waiting)

    def create_guest(
        self,
        idempotency_key: UUID | None,
        code: str,
        display_name: str,
        consent: GivenConsent,
        searched: bool = True,
        phone_mark: str = "",
        device: str = "",
    ) -> tuple[Login, Event]:
        """A retry with the same `idempotency_key` signs in to the same account."""
        searched = searched and self._require_consent is RequireConsent.NOBODY
        event = self._events.find_code(normalise_code(code))
        if event is None:
            raise InvalidEventCode
        if known := self._find_guest(idempotency_key, event.id):
            return self._sessions.begin(known.id, event.id, device), event
        name = to_display(display_name)
        forms.require([*forms.check_display_name(name), *forms.check_consent(consent)])
        guest = NewUser(uuid4(), idempotency_key, display_name=name)
        tokens, session = self._tokens.begin(guest.id, device)
        phone_hash = self._marks.hash(event.id, phone_mark)
        waiting = self._accounts.register(guest, event.id, session, consent, searched, phone_hash)
        if waiting is not None:
            return Login(guest.id, event.id, tokens, waiting), event
        if known := self._find_guest(idempotency_key, event.id):
            return self._sessions.begin(known.id, event.id, device), event
        if idempotency_key and self._accounts.find_repeated(idempotency_key):
            raise IdempotencyKeyReused
        raise EventClosed

    def set_credentials(self, user_id: UUID, username: str, email: str, password: str) -> None:
        username, email = to_display(username), to_display(email)
        faults = [
            *forms.check_username(username),
            *forms.check_email(email),
            *forms.check_password(password, username, email),
        ]
        forms.require(faults or check_taken(self._accounts, username, email))
        done = self._accounts.set_credentials(user_id, username, email, self._passwords.hash(password))
        if done is None:
            self.get_user(user_id)  # raises UserNotFound
            raise CredentialsSet
        if not done:
            raise InvalidForm(check_taken(self._accounts, username, email))

    def get_user(self, user_id: UUID) -> tuple[User, list[Membership]]:
        user = self._accounts.find_user(user_id)
        if user is None:
            raise UserNotFound
        return user, self._members.list_memberships(user_id)

    def delete_user(self, user_id: UUID) -> None:
        self._accounts.erase_user(user_id)

    def _find_guest(self, idempotency_key: UUID | None, event_id: UUID) -> User | None:
        return self._accounts.find_new_guest(idempotency_key, event_id) if idempotency_key else None

    def _find_registered(self, idempotency_key: UUID | None) -> User | None:
        return self._accounts.find_repeated(idempotency_key) if idempotency_key else None


def _check_code(event: Event | None) -> list[Violation]:
    if event is None:
        return [Violation("event_code", "invalid_event_code", "There is no event with this code.")]
    return [Violation("event_code", "event_closed", "This event is closed.")] if event.ended else []
