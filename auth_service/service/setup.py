"""Creation of the first organiser on a page, with a code from the log of auth_service instead of a command line."""

from uuid import uuid4

from auth_service import forms
from auth_service.domain import Login, normalise_code, to_display
from auth_service.invitations import new_setup_code
from auth_service.passwords import Passwords
from auth_service.service.registration import check_taken, require_account
from auth_service.store import Stores
from auth_service.store.accounts import NewUser
from auth_service.tokens import TokenMaker, hash_token


class Setup:
    """Available while no account may create events."""

    def __init__(self, stores: Stores, passwords: Passwords, tokens: TokenMaker) -> None:
        self._accounts = stores.accounts
        self._setup = stores.setup
        self._passwords = passwords
        self._tokens = tokens

    def offer(self) -> str | None:
        """Returns a code that is valid until it is used or replaced by the next one; None if an organiser exists."""
        code = new_setup_code()
        return code if self._setup.replace_code(hash_token(code)) else None

    def is_possible(self) -> bool:
        return self._setup.is_possible()

    def create_organiser(self, code: str, username: str, email: str, password: str, device: str = "") -> Login:
        """Raises OrganiserExists, InvalidSetupCode, InvalidForm."""
        code_hash = hash_token(normalise_code(code))
        self._setup.require(code_hash)
        username, email = to_display(username), to_display(email)
        require_account(self._accounts, username, email, password)
        user = NewUser(uuid4(), None, username, email, self._passwords.hash(password), organiser=True)
        tokens, session = self._tokens.begin(user.id, device)
        if not self._setup.create_organiser(code_hash, user, session):
            forms.require(check_taken(self._accounts, username, email))
        return Login(user.id, None, tokens)
