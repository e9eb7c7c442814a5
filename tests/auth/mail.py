"""Runs the mailer step by step between a real database and a real SMTP server."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event as Signal
from uuid import UUID

from auth_service.letters import Post
from auth_service.mailer import NoticeFinder, Sender
from auth_service.mails import PhotoCounts
from auth_service.service.notices import Notices
from auth_service.smtp import MailSender, MailServer
from auth_service.store import MailStore, Stores
from auth_service.tokens import TokenMaker
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.scene import AuthScene, Person
from tests.harness.smtp_server import SmtpServer

LEASE_S = 60.0
SITE = "https://party.example"


@dataclass
class Mail:
    """Runs the mailer step by step; `photos` holds the counts that matcher_service would return, by user."""

    scene: AuthScene
    smtp: SmtpServer
    photos: dict[UUID, int] = field(default_factory=dict)
    for_everyone: int = 0
    total: int = 0
    is_released: bool = True
    asked: list[tuple[UUID, list[UUID]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stores = Stores(self.scene.db)
        self.scene.auth.notices = Notices(self.stores, True)
        self.make_token = TokenMaker(self.scene.sign("auth")).make_refresh
        self.looker = NoticeFinder(self.stores.notices, self.count, self.make_token)
        self.sender = self.make_sender(self.stores.mails)

    def make_sender(self, store: MailStore) -> Sender:
        server = MailSender(MailServer.parse(self.smtp.url), "photos@example.org", "party.example", 10)
        return Sender(store, Post("photos@example.org", SITE), server, self.make_token, LEASE_S, Signal())

    def count(self, event_id: UUID, user_ids: Sequence[UUID]) -> PhotoCounts:
        self.asked.append((event_id, list(user_ids)))
        own = {user: self.photos[user] for user in user_ids if user in self.photos and self.is_released}
        return PhotoCounts(own, self.for_everyone if self.is_released else 0, self.total, self.is_released)

    def leave(self, event: pb.Event, guest: Person, email: str = "Gina@example.org", language: str = "en") -> None:
        request = pb.SetNoticeRequest(event_id=event.event_id, email=email, language=language)
        self.scene.stub.SetNotice(request, metadata=guest.metadata)

    def appear(self, guest: Person, event: pb.Event) -> None:
        """Gives a guest three photos and reports them as the matcher would."""
        self.photos[UUID(guest.user_id)] = 3
        self.looker.hear([(UUID(event.event_id), [UUID(guest.user_id)])])

    def ask_for_link(self, email: str, code: str = "") -> None:
        self.scene.stub.SendSignInLink(pb.SendSignInLinkRequest(email=email, event_code=code, language="fr"))

    def work(self) -> None:
        """Does all pending work."""
        while self.looker.step():
            pass
        while self.sender.step():
            pass

    def pass_time(self, seconds: int) -> None:
        self.scene.sql(
            "UPDATE auth.mails SET created_at = created_at - make_interval(secs => :s),"
            " retry_at = retry_at - make_interval(secs => :s), lease_until = lease_until - make_interval(secs => :s)",
            s=seconds,
        )

    def states(self) -> list[str]:
        return [row.state for row in self.scene.sql("SELECT state FROM auth.mails ORDER BY created_at")]

    def notice_of(self, guest: Person) -> str:
        return str(self.scene.memberships(guest)[0].notice_email)
