"""The requirements of a new account: an unused user name and e-mail address, and a password."""

from auth_service import forms
from auth_service.store import AccountStore
from kit.errors import Violation


def check_taken(accounts: AccountStore, username: str, email: str) -> list[Violation]:
    is_username_taken, is_email_taken = accounts.find_taken(username, email)
    faults = []
    if is_username_taken:
        faults.append(Violation("username", "username_taken", "This user name is taken."))
    if is_email_taken:
        faults.append(email_taken())
    return faults


def email_taken() -> Violation:
    return Violation("email", "email_taken", "An account with this address exists already.")


def require_account(accounts: AccountStore, username: str, email: str, password: str) -> None:
    """Raises InvalidForm with every violation."""
    forms.require(
        [
            *forms.check_username(username),
            *forms.check_email(email),
            *forms.check_password(password, username, email),
            *check_taken(accounts, username, email),
        ]
    )
