"""All SQL of auth_service; each public method is one transaction."""

from sqlalchemy import Engine

from auth_service.store.accounts import AccountStore
from auth_service.store.acts import ActStore
from auth_service.store.announcements import AnnouncementStore
from auth_service.store.changes import ChangeStore
from auth_service.store.consents import ConsentStore
from auth_service.store.counts import CountStore
from auth_service.store.credentials import CredentialStore
from auth_service.store.endings import EndingStore
from auth_service.store.events import EventStore
from auth_service.store.invitations import InvitationStore
from auth_service.store.leftovers import LeftoverStore
from auth_service.store.mails import MailStore
from auth_service.store.members import MemberStore
from auth_service.store.notices import NoticeStore
from auth_service.store.phones import PhoneStore
from auth_service.store.replays import ReplayStore
from auth_service.store.retention import RetentionStore
from auth_service.store.roles import RoleStore
from auth_service.store.sessions import SessionStore
from auth_service.store.setup import SetupStore

__all__ = [
    "AccountStore",
    "ActStore",
    "AnnouncementStore",
    "ChangeStore",
    "ConsentStore",
    "CountStore",
    "CredentialStore",
    "EndingStore",
    "EventStore",
    "InvitationStore",
    "LeftoverStore",
    "MailStore",
    "MemberStore",
    "NoticeStore",
    "PhoneStore",
    "ReplayStore",
    "RetentionStore",
    "RoleStore",
    "SessionStore",
    "SetupStore",
    "Stores",
]


class Stores:
    """All stores of one database."""

    def __init__(self, engine: Engine) -> None:
        self.accounts = AccountStore(engine)
        self.acts = ActStore(engine)
        self.sessions = SessionStore(engine)
        self.endings = EndingStore(engine)
        self.credentials = CredentialStore(engine)
        self.events = EventStore(engine)
        self.members = MemberStore(engine)
        self.consents = ConsentStore(engine)
        self.counts = CountStore(engine)
        self.roles = RoleStore(engine)
        self.changes = ChangeStore(engine)
        self.retention = RetentionStore(engine)
        self.leftovers = LeftoverStore(engine)
        self.invitations = InvitationStore(engine)
        self.setup = SetupStore(engine)
        self.notices = NoticeStore(engine)
        self.mails = MailStore(engine)
        self.announcements = AnnouncementStore(engine)
        self.phones = PhoneStore(engine)
