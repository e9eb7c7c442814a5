"""Sessions: passwords, sign-in links, refresh and sign-out."""

from uuid import UUID

from auth_service.domain import (
    GUEST_LINK_S,
    OWN_LINK_S,
    CredentialsSet,
    GuestOfOthers,
    InvalidCredentials,
    InvalidRefreshToken,
    InvalidSignInLink,
    Lifetimes,
    Login,
    Role,
    Session,
    Tokens,
    User,
    UserNotFound,
)
from auth_service.passwords import Passwords
from auth_service.service.roles import require_organiser
from auth_service.store import Stores
from auth_service.tokens import TokenMaker, hash_token, make_salt, make_successor
from kit.errors import InvalidToken


class Sessions:
    """Begins, refreshes and ends sessions with passwords, links and refresh tokens."""

    def __init__(self, stores: Stores, passwords: Passwords, tokens: TokenMaker, lifetimes: Lifetimes) -> None:
        self._accounts = stores.accounts
        self._members = stores.members
        self._sessions = stores.sessions
        self._passwords = passwords
        self._tokens = tokens
        self._lifetimes = lifetimes

    def login(self, name: str, password: str, device: str = "") -> Login:
        return self.check_password(self._accounts.find_login(name), password, device)

    def check_password(self, user: User | None, password: str, device: str = "") -> Login:
        """Takes the same time and returns the same error whether the user or the password is wrong."""
        if not self._passwords.matches(password, user.password_hash if user else None) or user is None:
            raise InvalidCredentials
        return self.begin(user.id, self._find_last_event(user.id), device, user.password_hash)

    def begin(self, user_id: UUID, event_id: UUID | None, device: str = "", password_hash: str | None = None) -> Login:
        """`password_hash`: the hash that a password was checked against, which must still be current."""
        tokens, session = self._tokens.begin(user_id, device)
        if not self._sessions.add_session(user_id, session, password_hash):
            raise InvalidCredentials
        waiting = event_id is not None and self._members.is_waiting(event_id, user_id)
        return Login(user_id, event_id, tokens, waiting)

    def create_link(self, user_id: UUID, guest: tuple[UUID, UUID] | None) -> tuple[str, int]:
        """Returns a token and its lifetime in seconds. `guest`: an event and one of its guests, for its organisers."""
        for_user, ttl_s, event_id = user_id, OWN_LINK_S, None
        if guest:
            event_id, for_user = guest
            require_organiser(self._members, event_id, user_id)
            self._require_own_guest(event_id, for_user, user_id)
            ttl_s = GUEST_LINK_S
        token = self._tokens.make_refresh()
        if not self._sessions.add_link(for_user, hash_token(token), ttl_s, event_id):
            raise UserNotFound
        return token, ttl_s

    def sign_in(self, token: str, device: str = "") -> Login:
        session = self._tokens.begin_session(refresh_token := self._tokens.make_refresh(), device)
        used = self._sessions.use_link(hash_token(token), session)
        if used is None:
            raise InvalidSignInLink
        user_id, event_id = used
        if event_id is None or self._members.find_role(event_id, user_id) is None:
            event_id = self._find_last_event(user_id)
        return Login(user_id, event_id, Tokens(self._tokens.make_access(user_id, session.id), refresh_token))

    def refresh(self, refresh_token: str) -> Tokens:
        """Within the grace period, every use of a token returns the same refresh token. Raises SessionExpired."""
        rotated = self._sessions.rotate_token(
            hash_token(refresh_token),
            make_salt(),
            lambda salt: hash_token(make_successor(refresh_token, salt)),
            self._lifetimes,
        )
        if rotated is None:
            raise InvalidRefreshToken
        access_token = self._tokens.make_access(rotated.user_id, rotated.session_id)
        return Tokens(access_token, make_successor(refresh_token, rotated.salt))

    def logout(self, refresh_token: str) -> None:
        self._sessions.end_session(hash_token(refresh_token))

    def list_sessions(self, user_id: UUID) -> list[Session]:
        return self._sessions.list_sessions(user_id, self._lifetimes)

    def end_session(self, user_id: UUID, session_id: UUID) -> None:
        self._sessions.end_one(user_id, session_id)

    def end_other_sessions(self, user_id: UUID, session_id: UUID | None) -> None:
        """`session_id`: the session to keep. Raises InvalidToken if the access token names no session."""
        if session_id is None:
            raise InvalidToken
        self._sessions.end_others(user_id, session_id)

    def _find_last_event(self, user_id: UUID) -> UUID | None:
        memberships = self._members.list_memberships(user_id)
        return memberships[-1].event_id if memberships else None

    def _require_own_guest(self, event_id: UUID, guest_id: UUID, organiser_id: UUID) -> None:
        """Prevents organisers from signing in to accounts that are more than guests of their own events."""
        if self._members.find_role(event_id, guest_id) is not Role.GUEST:
            raise UserNotFound
        guest = self._accounts.find_user(guest_id)
        if guest is None:
            raise UserNotFound
        if guest.password_hash is not None:
            raise CredentialsSet
        events = [membership.event_id for membership in self._members.list_memberships(guest_id)]
        if any(self._members.find_role(event, organiser_id) is not Role.ORGANISER for event in events):
            raise GuestOfOthers
