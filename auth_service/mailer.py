"""The mailer: finds guests whose photos are to be announced, and sends queued e-mails.

An e-mail is marked `sending` before it is handed to the mail server. If a mailer dies after that, the lease of the row
expires and the next mailer sends it again. Delivery is therefore at least once; duplicates occur only if a mailer dies
between the server's response and its own commit, or if the server disconnects before it responds. Both copies have the
same Message-ID.
"""

from collections.abc import Callable, Iterable, Sequence
from threading import Event
from uuid import UUID

from prometheus_client import Counter, Histogram

from auth_service.letters import Post
from auth_service.mails import DueNotice, MailJob, PhotoCounts
from auth_service.smtp import MailDeferred, MailRefused, MailSender, MailServerUnavailable
from auth_service.store import MailStore, NoticeStore
from auth_service.tokens import hash_token
from kit.failpoints import reach
from kit.telemetry.logs import get_logger
from kit.worker import Worker

BATCH = 500

log = get_logger()
sent = Counter("mails_total", "E-mails that a mail server accepted, deferred or rejected", ["kind", "outcome"])
seconds = Histogram("mail_sending_seconds", "Time to hand an e-mail to the mail server")

Count = Callable[[UUID, Sequence[UUID]], PhotoCounts]


class Sender(Worker[MailJob]):
    """Sends one e-mail at a time. `lease_s` must be longer than that takes."""

    def __init__(
        self,
        store: MailStore,
        post: Post,
        server: MailSender,
        make_token: Callable[[], str],
        lease_s: float,
        stop: Event,
    ) -> None:
        super().__init__(lambda: None, stop)
        self._store = store
        self._post = post
        self._server = server
        self._make_token = make_token
        self._lease_s = lease_s

    def claim(self) -> MailJob | None:
        return self._store.claim(self._lease_s)

    def give_back(self, job: MailJob) -> None:
        self._store.release(job)

    def work(self, job: MailJob) -> None:
        token = self._make_token()
        letter = self._store.begin(job, token, hash_token(token))
        if letter is None:
            return
        reach("mailer", "before-send")
        try:
            with seconds.time():
                self._server.send(self._post.write(letter), letter.to)
        except MailRefused as fault:
            self._store.fail(job)
            self._record(job, "refused", fault.code)
        except MailDeferred as fault:
            self._store.defer(job)
            self._record(job, "deferred", fault.code)
        except MailServerUnavailable as fault:
            self._store.defer(job)
            log.warning(
                "The mail server is unavailable.", action="mail_server_away", fault=type(fault.__cause__).__name__
            )
            raise
        except Exception:
            self._store.defer(job)
            raise
        else:
            reach("mailer", "after-send")
            self._store.finish(job)
            self._record(job, "sent", 250)

    def _record(self, job: MailJob, outcome: str, code: int) -> None:
        sent.labels(job.kind.value, outcome).inc()
        log.info(
            "An e-mail was sent." if outcome == "sent" else "An e-mail was not accepted.",
            action=f"mail_{outcome}",
            mail_id=str(job.id),
            kind=job.kind.value,
            attempt=job.attempt,
            code=code,
        )


class NoticeFinder:
    """Counts the photos of guests who wait for their first ones or for the release, when those photos may have
    changed."""

    def __init__(self, store: NoticeStore, count: Count, make_token: Callable[[], str]) -> None:
        self._store = store
        self._count = count
        self._make_token = make_token

    def hear(self, hints: Iterable[tuple[UUID, Sequence[UUID]] | None]) -> bool:
        """Marks the guests in hints as due; None marks all of them, since hints may be lost. Returns False at the
        end."""
        for hint in hints:
            if hint is None:
                self._store.mark_due()
            else:
                self._store.mark_due(*hint)
        return False

    def step(self) -> bool:
        """Returns whether there was any work."""
        self._store.note_releases()
        due = self._store.take_due(BATCH)
        if due is None:
            return False
        event_id, notices = due
        user_ids = [notice.user_id for notice in notices]
        try:
            counts = self._count(event_id, user_ids) if user_ids else PhotoCounts()
            for notice in notices:
                self._announce(event_id, notice, counts)
        except Exception:
            self._store.mark_due(event_id, user_ids)
            raise
        return True

    def _announce(self, event_id: UUID, notice: DueNotice, counts: PhotoCounts) -> None:
        """Announces the release to a guest who sees photos of themselves or for everyone, and otherwise their first
        photos. Nothing is announced until matcher_service has processed the release."""
        user_id, own = notice.user_id, counts.of_each.get(notice.user_id, 0)
        is_released = notice.released and counts.released
        is_announced = bool(is_released and (own or counts.for_everyone)) and self._store.announce_release(
            event_id, user_id, self._make_token(), own
        )
        if own and not notice.settled and not is_announced:
            self._store.announce_first(event_id, user_id, self._make_token())
        if is_released:
            self._store.forget_release(event_id, user_id)
