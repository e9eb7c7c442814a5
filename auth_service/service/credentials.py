"""Changes of a password or an e-mail address, authorized by the password or by a link."""

from uuid import UUID

from auth_service import forms
from auth_service.domain import (
    RESET_LINK_S,
    AccountNeedsPassword,
    InvalidCredentials,
    InvalidForm,
    InvalidSignInLink,
    MailNotOffered,
    User,
    UserNotFound,
    to_display,
)
from auth_service.passwords import Passwords
from auth_service.service.registration import email_taken
from auth_service.store import Stores
from auth_service.tokens import hash_token, make_secret
from kit.errors import InvalidToken


class Credentials:
    """`sends_mail`: whether new addresses are confirmed, reset links sent and changes announced by e-mail."""

    def __init__(self, stores: Stores, passwords: Passwords, sends_mail: bool) -> None:
        self._accounts = stores.accounts
        self._credentials = stores.credentials
        self._passwords = passwords
        self._sends_mail = sends_mail

    def change_password(self, user_id: UUID, session_id: UUID | None, old: str, new: str) -> None:
        """Ends all sessions except `session_id`. Raises InvalidToken if the access token names no session,
        UserNotFound, AccountNeedsPassword, InvalidCredentials, InvalidForm."""
        if session_id is None:
            raise InvalidToken
        user, old_hash = self._require_password(user_id, old)
        forms.require(forms.check_password(new, user.username or "", user.email or "", field="new_password"))
        new_hash = self._passwords.hash(new)
        if not self._credentials.set_password(user_id, old_hash, new_hash, session_id, self._sends_mail):
            raise InvalidCredentials

    def change_email(self, user_id: UUID, password: str, email: str, language: str) -> bool:
        """Returns whether a link was sent to the new address to confirm it; otherwise the change is in effect. If links
        are sent, the result does not disclose whether the address is in use.

        Raises UserNotFound, AccountNeedsPassword, InvalidCredentials, InvalidForm."""
        email = to_display(email)
        _, password_hash = self._require_password(user_id, password)
        forms.require([*forms.check_email(email), *forms.check_language(language)])
        if self._sends_mail:
            self._credentials.mail_new_email(user_id, email, language)
            return True
        if not self._credentials.set_email(user_id, password_hash, email):
            raise InvalidForm([email_taken()])
        return False

    def confirm_email(self, token: str) -> None:
        if not self._credentials.confirm_email(hash_token(token)):
            raise InvalidSignInLink

    def send_reset(self, email: str, language: str) -> None:
        """Behaves the same whether or not an account has this address. Raises MailNotOffered, InvalidForm."""
        if not self._sends_mail:
            raise MailNotOffered
        email = to_display(email)
        forms.require([*forms.check_email(email), *forms.check_language(language)])
        self._credentials.mail_reset(email, language)

    def make_reset(self, name: str) -> str:
        """Returns the token of a reset link for a user name or e-mail address. Raises UserNotFound."""
        user, token = self._accounts.find_login(name), make_secret()
        if user is None or not self._credentials.add_reset(user.id, hash_token(token), RESET_LINK_S):
            raise UserNotFound
        return token

    def reset_password(self, token: str, password: str) -> str:
        """Returns the user name of the account. Raises InvalidSignInLink, InvalidForm."""
        token_hash = hash_token(token)
        if not self._credentials.has_reset(token_hash):  # before hashing, which is expensive
            raise InvalidSignInLink
        forms.require(forms.check_password(password))
        username = self._credentials.reset_password(token_hash, self._passwords.hash(password), self._sends_mail)
        if username is None:
            raise InvalidSignInLink
        return username

    def _require_password(self, user_id: UUID, password: str) -> tuple[User, str]:
        """Returns the account and its password hash. Raises UserNotFound, AccountNeedsPassword, InvalidCredentials."""
        user = self._accounts.find_user(user_id)
        if user is None:
            raise UserNotFound
        if user.password_hash is None:
            raise AccountNeedsPassword
        if not self._passwords.matches(password, user.password_hash):
            raise InvalidCredentials
        return user, user.password_hash
