"""The use cases of auth_service, by subject."""

from threading import Event as Signal

from auth_service.domain import Lifetimes, RequireConsent
from auth_service.marks import KEY_PURPOSE, PhoneMarks
from auth_service.offers import RETENTION_DAYS
from auth_service.passwords import Passwords
from auth_service.service.accounts import Accounts
from auth_service.service.acts import Acts
from auth_service.service.anomalies import GUESTS_OF_ONE_PHONE, Anomalies
from auth_service.service.changes import Changes
from auth_service.service.credentials import Credentials
from auth_service.service.endings import SessionEndings
from auth_service.service.events import Events
from auth_service.service.invitations import Invitations
from auth_service.service.members import Members
from auth_service.service.notices import Notices
from auth_service.service.organisers import Organisers
from auth_service.service.sessions import Sessions
from auth_service.service.setup import Setup
from auth_service.store import Stores
from auth_service.tokens import TokenMaker
from kit.settings import AUDIT_DAYS

__all__ = ["GUESTS_OF_ONE_PHONE", "Auth", "Credentials", "Organisers"]


class Auth:
    """All use cases on the same stores. `stopping` ends long polls early."""

    def __init__(
        self,
        stores: Stores,
        passwords: Passwords,
        tokens: TokenMaker,
        stopping: Signal,
        sends_mail: bool = False,
        guests_of_one_phone: int = GUESTS_OF_ONE_PHONE,
        lifetimes: Lifetimes | None = None,
        retention_days: int = RETENTION_DAYS,
        audit_days: int = AUDIT_DAYS,
        require_consent: RequireConsent = RequireConsent.NOBODY,
    ) -> None:
        marks = PhoneMarks(tokens.derive_key(KEY_PURPOSE))
        self._stores = stores
        self._audit_days = audit_days
        self.acts = Acts(stores)
        self.sessions = Sessions(stores, passwords, tokens, lifetimes or Lifetimes())
        self.accounts = Accounts(stores, passwords, tokens, self.sessions, marks, require_consent)
        self.credentials = Credentials(stores, passwords, sends_mail)
        self.organisers = Organisers(stores.accounts, passwords)
        self.events = Events(stores, retention_days)
        self.members = Members(stores, marks, require_consent)
        self.changes = Changes(stores, stopping)
        self.endings = SessionEndings(stores, stopping)
        self.invitations = Invitations(stores, passwords, tokens, self.sessions)
        self.setup = Setup(stores, passwords, tokens)
        self.notices = Notices(stores, sends_mail)
        self.anomalies = Anomalies(stores, guests_of_one_phone)

    def tidy(self) -> None:
        self._stores.sessions.delete_expired_tokens()
        self._stores.endings.delete_old()
        self._stores.credentials.delete_expired()
        self._stores.invitations.delete_expired()
        self._stores.counts.repair()
        for event_id in self._stores.retention.find_out_of_date():
            self._stores.retention.hide(event_id)
        for event_id in self._stores.retention.find_over():
            self._stores.retention.delete(event_id)
        self._stores.mails.delete_old()
        self._tidy_leftovers()

    def _tidy_leftovers(self) -> None:
        leftovers = self._stores.leftovers
        leftovers.note_eventless()
        for user_id in leftovers.find_over():
            leftovers.erase(user_id)
        leftovers.note_readers(self.changes.find_readers())
        while leftovers.shorten_feed():
            pass
        while self._stores.acts.delete_old(self._audit_days):
            pass
