"""Invitations: created by organisers, accepted once."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from auth_service import forms
from auth_service.domain import Login, Role, to_display
from auth_service.invitations import Accepted, InvalidInvitation, Invitation
from auth_service.passwords import Passwords
from auth_service.permissions import INVITED
from auth_service.service.registration import check_taken, require_account
from auth_service.service.roles import require_organiser
from auth_service.service.sessions import Sessions
from auth_service.store import Stores
from auth_service.store.accounts import NewUser
from auth_service.tokens import TokenMaker, hash_token
from kit.errors import InvalidArgument


class Invitations:
    """Invites people to become an organiser, a photographer or one of the couple."""

    def __init__(self, stores: Stores, passwords: Passwords, tokens: TokenMaker, sessions: Sessions) -> None:
        self._accounts = stores.accounts
        self._invitations = stores.invitations
        self._members = stores.members
        self._passwords = passwords
        self._tokens = tokens
        self._sessions = sessions

    def create(self, user_id: UUID, event_id: UUID, role: Role) -> tuple[Invitation, str]:
        """Returns the invitation and its secret. Raises EventNotFound, OrganiserOnly, TooManyInvitations,
        InvalidArgument."""
        require_organiser(self._members, event_id, user_id)
        if role not in INVITED:
            raise InvalidArgument
        token = self._tokens.make_refresh()
        return self._invitations.create(event_id, user_id, role, hash_token(token)), token

    def list_open(self, user_id: UUID, event_id: UUID) -> Sequence[Invitation]:
        """Raises EventNotFound, OrganiserOnly."""
        require_organiser(self._members, event_id, user_id)
        return self._invitations.list_open(event_id)

    def revoke(self, user_id: UUID, event_id: UUID, invitation_id: UUID) -> None:
        """Raises EventNotFound, OrganiserOnly."""
        require_organiser(self._members, event_id, user_id)
        self._invitations.revoke(event_id, invitation_id)

    def look_up(self, token: str) -> Invitation:
        """Raises InvalidInvitation."""
        invitation = self._invitations.find_open(hash_token(token))
        if invitation is None:
            raise InvalidInvitation
        return invitation

    def accept(self, user_id: UUID, token: str) -> Accepted:
        """Raises InvalidInvitation, UserNotFound, CredentialsRequired, RemovedFromEvent."""
        return self._invitations.accept(hash_token(token), user_id)

    def register(
        self, idempotency_key: UUID | None, token: str, username: str, email: str, password: str, device: str = ""
    ) -> Login:
        """A retry with the same `idempotency_key` signs in. Raises InvalidInvitation, InvalidForm,
        InvalidCredentials."""
        if login := self._repeat(idempotency_key, password, device):
            return login
        self.look_up(token)
        username, email = to_display(username), to_display(email)
        require_account(self._accounts, username, email, password)
        user = NewUser(uuid4(), idempotency_key, username, email, self._passwords.hash(password))
        tokens, session = self._tokens.begin(user.id, device)
        accepted = self._invitations.register(hash_token(token), user, session)
        if accepted:
            return Login(user.id, accepted.event_id, tokens)
        if login := self._repeat(idempotency_key, password, device):
            return login
        faults = check_taken(self._accounts, username, email)
        forms.require(faults)
        raise InvalidInvitation

    def _repeat(self, idempotency_key: UUID | None, password: str, device: str) -> Login | None:
        known = self._accounts.find_repeated(idempotency_key) if idempotency_key else None
        return self._sessions.check_password(known, password, device) if known else None
