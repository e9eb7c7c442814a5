"""The use cases of auth_service."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from threading import Event as Signal
from uuid import UUID, uuid4

from auth_service import forms
from auth_service.domain import (
    GUEST_LINK_S,
    OWN_LINK_S,
    Change,
    CredentialsSet,
    Event,
    EventClosed,
    EventEdit,
    EventNotFound,
    Guest,
    GuestOfOthers,
    IdempotencyKeyReused,
    InvalidCredentials,
    InvalidEventCode,
    InvalidForm,
    InvalidRefreshToken,
    InvalidSignInLink,
    Login,
    Membership,
    OrganiserCannotLeave,
    OrganiserOnly,
    Role,
    Tokens,
    User,
    UserNotFound,
    new_code,
    normalise_code,
    to_display,
)
from auth_service.passwords import Passwords
from auth_service.store import AccountStore, ChangeStore, EventStore
from auth_service.store.accounts import NewUser
from auth_service.tokens import TokenMaker, hash_token
from kit.errors import Violation
from kit.pages import Page

CHANGE_POLL_S = 0.1
CODE_TRIES = 5


class Auth:
    """Accounts, events and who is in them. `stopping` ends waits early."""

    def __init__(
        self,
        accounts: AccountStore,
        events: EventStore,
        changes: ChangeStore,
        passwords: Passwords,
        tokens: TokenMaker,
        stopping: Signal,
    ) -> None:
        self._accounts = accounts
        self._events = events
        self._changes = changes
        self._passwords = passwords
        self._tokens = tokens
        self._stopping = stopping

    def check_event_code(self, typed: str) -> Event | None:
        """The event that the code opens now."""
        event = self._events.find_code(normalise_code(typed))
        return event if event and not event.shut else None

    def check_user_availability(self, username: str, email: str, code: str) -> tuple[bool, bool]:
        """Whether the user name, and whether the e-mail address, is taken."""
        if self.check_event_code(code) is None:
            raise InvalidEventCode
        return self._accounts.find_taken(username, email)

    def register(self, request_id: UUID | None, username: str, email: str, password: str, code: str) -> Login:
        """A repeat of a `request_id` logs in, also one that runs beside the first."""
        if known := self._find_registered(request_id):
            return self._login(known, password)
        try:
            return self._register(request_id, to_display(username), to_display(email), password, code)
        except InvalidForm:
            if known := self._find_registered(request_id):
                return self._login(known, password)
            raise

    def _register(self, request_id: UUID | None, username: str, email: str, password: str, code: str) -> Login:
        event = self._events.find_code(normalise_code(code))
        faults = [
            *forms.check_username(username),
            *forms.check_email(email),
            *forms.check_password(password),
            *_check_code(event),
        ]
        faults += self._check_taken(username, email) if event and not event.shut else []
        if faults or event is None:
            raise InvalidForm(faults)
        user = NewUser(uuid4(), request_id, username, email, self._passwords.hash(password))
        tokens = self._tokens.make_pair(user.id)
        if not self._accounts.register(user, event.id, hash_token(tokens.refresh_token)):
            raise InvalidForm([*_check_code(self._events.find_event(event.id)), *self._check_taken(username, email)])
        return Login(user.id, event.id, tokens)

    def create_guest(
        self, request_id: UUID | None, code: str, display_name: str, consent_version: str
    ) -> tuple[Login, Event]:
        """A repeat of a `request_id` signs in to the same account."""
        event = self._events.find_code(normalise_code(code))
        if event is None:
            raise InvalidEventCode
        if known := self._find_guest(request_id, event.id):
            return self._sign_in(known.id, event.id), event
        name = to_display(display_name)
        _raise_any([*forms.check_display_name(name), *forms.check_consent_version(consent_version)])
        guest = NewUser(uuid4(), request_id, display_name=name)
        tokens = self._tokens.make_pair(guest.id)
        if self._accounts.register(guest, event.id, hash_token(tokens.refresh_token), consent_version):
            return Login(guest.id, event.id, tokens), event
        if known := self._find_guest(request_id, event.id):
            return self._sign_in(known.id, event.id), event
        if request_id and self._accounts.find_request(request_id):
            raise IdempotencyKeyReused
        raise EventClosed

    def set_credentials(self, user_id: UUID, username: str, email: str, password: str) -> None:
        username, email = to_display(username), to_display(email)
        faults = [*forms.check_username(username), *forms.check_email(email), *forms.check_password(password)]
        _raise_any(faults or self._check_taken(username, email))
        done = self._accounts.set_credentials(user_id, username, email, self._passwords.hash(password))
        if done is None:
            self.get_user(user_id)  # raises UserNotFound
            raise CredentialsSet
        if not done:
            raise InvalidForm(self._check_taken(username, email))

    def login(self, name: str, password: str) -> Login:
        return self._login(self._accounts.find_login(name), password)

    def create_link(self, user_id: UUID, guest: tuple[UUID, UUID] | None) -> tuple[str, int]:
        """A token and how long it holds; `guest`: an event and one of its guests, for the event's organisers."""
        for_user, ttl_s = user_id, OWN_LINK_S
        if guest:
            event_id, for_user = guest
            self._require_organiser(event_id, user_id)
            self._require_own_guest(event_id, for_user, user_id)
            ttl_s = GUEST_LINK_S
        token = self._tokens.make_refresh()
        if not self._accounts.add_link(for_user, hash_token(token), ttl_s):
            raise UserNotFound
        return token, ttl_s

    def sign_in(self, token: str) -> Login:
        refresh_token = self._tokens.make_refresh()
        user_id = self._accounts.use_link(hash_token(token), hash_token(refresh_token))
        if user_id is None:
            raise InvalidSignInLink
        memberships = self._accounts.list_memberships(user_id)
        tokens = Tokens(self._tokens.make_access(user_id), refresh_token)
        return Login(user_id, memberships[-1].event_id if memberships else None, tokens)

    def refresh(self, refresh_token: str) -> Tokens:
        replacement = self._tokens.make_refresh()
        user_id = self._accounts.rotate_token(hash_token(refresh_token), hash_token(replacement))
        if user_id is None:
            raise InvalidRefreshToken
        return Tokens(self._tokens.make_access(user_id), replacement)

    def logout(self, refresh_token: str) -> None:
        self._accounts.end_session(hash_token(refresh_token))

    def tidy(self) -> None:
        self._accounts.delete_expired_tokens()
        self._events.repair_counts()

    def get_user(self, user_id: UUID) -> tuple[User, list[Membership]]:
        user = self._accounts.find_user(user_id)
        if user is None:
            raise UserNotFound
        return user, self._accounts.list_memberships(user_id)

    def delete_user(self, user_id: UUID) -> None:
        self._accounts.erase_user(user_id)

    def add_organiser(self, username: str, email: str, password: str) -> UUID:
        username, email = to_display(username), to_display(email)
        faults = [
            *forms.check_username(username),
            *forms.check_email(email),
            *forms.check_password(password),
            *self._check_taken(username, email),
        ]
        user = NewUser(uuid4(), None, username, email, self._passwords.hash(password), organiser=True)
        if faults or not self._accounts.add_organiser(user):
            raise InvalidForm(faults)
        return user.id

    def join_event(self, user_id: UUID, code: str) -> Event:
        event = self._events.find_code(normalise_code(code))
        if event is None:
            raise InvalidEventCode
        if not self._events.join(event.id, user_id):
            raise EventClosed
        return event

    def record_consent(self, user_id: UUID, event_id: UUID, version: str) -> None:
        _raise_any([*forms.check_consent_version(version, required=True)])
        if not self._accounts.record_consent(user_id, event_id, version):
            raise EventNotFound

    def leave_event(self, user_id: UUID, event_id: UUID, guest_id: UUID) -> None:
        """`guest_id` leaves or is removed; `user_id` asks for it."""
        role = self._role(event_id, user_id)
        if guest_id != user_id and role is not Role.ORGANISER:
            raise OrganiserOnly
        if self._events.find_role(event_id, guest_id) is Role.ORGANISER:
            raise OrganiserCannotLeave
        self._events.leave(event_id, guest_id)

    def create_event(
        self,
        request_id: UUID | None,
        user_id: UUID,
        name: str,
        starts_at: datetime | None,
        expires_at: datetime | None,
    ) -> Event:
        user, _ = self.get_user(user_id)
        if not user.organiser:
            raise OrganiserOnly
        _raise_any([*forms.check_event_name(name), *forms.check_times(starts_at, expires_at)])
        for _try in range(CODE_TRIES):
            if request_id and (known := self._events.find_request(request_id)):
                return self.get_event(user_id, known.id)
            event_id = uuid4()
            if self._events.create_event(
                event_id, request_id, user_id, to_display(name), new_code(), starts_at, expires_at
            ):
                return self.get_event(user_id, event_id)
        raise RuntimeError("no free event code was found")

    def get_event(self, user_id: UUID, event_id: UUID) -> Event:
        self._require_organiser(event_id, user_id)
        event = self._events.find_event(event_id)
        if event is None:
            raise EventNotFound
        return event

    def list_events(self, user_id: UUID, page: Page) -> list[Event]:
        return self._events.list_events(user_id, page)

    def update_event(self, user_id: UUID, event_id: UUID, edit: EventEdit) -> Event:
        event = self.get_event(user_id, event_id)
        faults = [] if edit.name is None else [*forms.check_event_name(edit.name)]
        faults += forms.check_times(
            None if edit.no_start else edit.starts_at or event.starts_at,
            None if edit.no_end else edit.expires_at or event.expires_at,
        )
        _raise_any(faults)
        edit = replace(edit, name=to_display(edit.name)) if edit.name else edit
        for _try in range(CODE_TRIES):
            done = self._events.update_event(event_id, edit, new_code() if edit.new_code else None)
            if done is None:
                raise EventNotFound
            if done:
                return self.get_event(user_id, event_id)
        raise RuntimeError("no free event code was found")

    def delete_event(self, user_id: UUID, event_id: UUID) -> None:
        self._require_organiser(event_id, user_id)
        self._events.delete_event(event_id)

    def list_guests(self, user_id: UUID, event_id: UUID, page: Page) -> list[Guest]:
        self._require_organiser(event_id, user_id)
        return self._events.list_guests(event_id, page)

    def list_newest_change(self) -> Sequence[Change]:
        """One, or none where nothing has happened yet."""
        return self._changes.list_newest()

    def list_changes(self, after: int, limit: int, wait_s: float) -> Sequence[Change]:
        """Answers as soon as there is a change, or with none after `wait_s` or when the process stops."""
        ends_at = time.monotonic() + wait_s
        while not (changes := self._changes.list_changes(after, limit)):
            left_s = ends_at - time.monotonic()
            if left_s <= 0 or self._stopping.wait(min(CHANGE_POLL_S, left_s)):
                break
        return changes

    def _login(self, user: User | None, password: str) -> Login:
        """The same work and the same answer whether the user or the password is wrong."""
        if not self._passwords.matches(password, user.password_hash if user else None) or user is None:
            raise InvalidCredentials
        memberships = self._accounts.list_memberships(user.id)
        return self._sign_in(user.id, memberships[-1].event_id if memberships else None)

    def _sign_in(self, user_id: UUID, event_id: UUID | None) -> Login:
        tokens = self._tokens.make_pair(user_id)
        if not self._accounts.add_token(user_id, hash_token(tokens.refresh_token)):
            raise InvalidCredentials
        return Login(user_id, event_id, tokens)

    def _find_guest(self, request_id: UUID | None, event_id: UUID) -> User | None:
        return self._accounts.find_new_guest(request_id, event_id) if request_id else None

    def _find_registered(self, request_id: UUID | None) -> User | None:
        return self._accounts.find_request(request_id) if request_id else None

    def _check_taken(self, username: str, email: str) -> list[Violation]:
        username_taken, email_taken = self._accounts.find_taken(username, email)
        faults = []
        if username_taken:
            faults.append(Violation("username", "username_taken", "This user name is taken."))
        if email_taken:
            faults.append(Violation("email", "email_taken", "An account with this address exists already."))
        return faults

    def _require_own_guest(self, event_id: UUID, guest_id: UUID, organiser_id: UUID) -> None:
        """So that nobody signs in to an account that is more than a guest of their own events."""
        if self._events.find_role(event_id, guest_id) is not Role.GUEST:
            raise UserNotFound
        guest, memberships = self.get_user(guest_id)
        if guest.password_hash is not None:
            raise CredentialsSet
        events = [membership.event_id for membership in memberships]
        if any(self._events.find_role(event, organiser_id) is not Role.ORGANISER for event in events):
            raise GuestOfOthers

    def _role(self, event_id: UUID, user_id: UUID) -> Role:
        role = self._events.find_role(event_id, user_id)
        if role is None:
            raise EventNotFound
        return role

    def _require_organiser(self, event_id: UUID, user_id: UUID) -> None:
        if self._role(event_id, user_id) is not Role.ORGANISER:
            raise OrganiserOnly


def _check_code(event: Event | None) -> list[Violation]:
    if event is None:
        return [Violation("event_code", "invalid_event_code", "There is no event with this code.")]
    return [Violation("event_code", "event_closed", "This event is closed.")] if event.shut else []


def _raise_any(faults: Sequence[Violation]) -> None:
    if faults:
        raise InvalidForm(faults)
