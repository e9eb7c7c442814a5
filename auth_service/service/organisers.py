"""Organisers added by an operator, without the keys of the service, since no tokens are issued."""

from uuid import UUID, uuid4

from auth_service.domain import InvalidForm, to_display
from auth_service.passwords import Passwords
from auth_service.service.registration import check_taken, require_account
from auth_service.store import AccountStore
from auth_service.store.accounts import NewUser


class Organisers:
    """Adds accounts that may create events."""

    def __init__(self, accounts: AccountStore, passwords: Passwords) -> None:
        self._accounts = accounts
        self._passwords = passwords

    def add(self, username: str, email: str, password: str) -> UUID:
        """Raises InvalidForm."""
        username, email = to_display(username), to_display(email)
        require_account(self._accounts, username, email, password)
        user = NewUser(uuid4(), None, username, email, self._passwords.hash(password), organiser=True)
        if not self._accounts.add_organiser(user):
            raise InvalidForm(check_taken(self._accounts, username, email))
        return user.id
