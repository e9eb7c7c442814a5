"""The announcement of a deletion, sent to each organiser a month and a week before the event is hidden."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from auth_service.announcer import Announcer
from auth_service.mails import Announcement, MailKind, PhotoCounts
from auth_service.wording import show_day
from kit.errors import Unavailable
from kit.rpc.timestamps import to_timestamp
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.mail import SITE, Mail


@dataclass
class Ending:
    """An event that ends today and is hidden after 60 days; its organisers are Olga and Otto."""

    mail: Mail

    def __post_init__(self) -> None:
        self.scene = self.mail.scene
        self.olga = self.scene.organiser()
        ends_at = to_timestamp(datetime.now(UTC) + timedelta(hours=1))
        self.event = self.scene.event(self.olga, expire_time=ends_at, keep_days=60)
        self.otto = self.scene.member(self.event, self.olga, pb.ROLE_ORGANISER, "otto")
        self.cleo = self.scene.member(self.event, self.olga, pb.ROLE_COUPLE, "cleo")
        self.announcer = Announcer(self.mail.stores.announcements, self.mail.count)

    def update(self, **fields: object) -> None:
        request = pb.UpdateEventRequest(event_id=self.event.event_id, **fields)
        self.scene.stub.UpdateEvent(request, metadata=self.olga.metadata)

    def pass_time(self, days: float) -> None:
        """Moves the times in all rows into the past, then does all due work twice."""
        time = timedelta(days=days)
        self.scene.sql(
            "UPDATE auth.events SET expires_at = expires_at - :time, keep_since = keep_since - :time,"
            " hidden_at = hidden_at - :time",
            time=time,
        )
        self.scene.sql("UPDATE auth.mails SET hides_at = hides_at - :time", time=time)
        self.scene.auth.tidy()
        self.announce()

    def announce(self) -> None:
        for _ in range(2):
            self.announcer.step()
        self.mail.work()

    def sent(self) -> list[str]:
        """Recipients of the e-mails sent since the last call."""
        found = sorted(one.to[0].split("@")[0] for one in self.mail.smtp.received)
        self.mail.smtp.received.clear()
        return found


@pytest.fixture
def ending(mail: Mail) -> Ending:
    return Ending(mail)


def test_each_organiser_is_notified_a_month_and_a_week_before(ending: Ending) -> None:
    sent = []
    for _ in range(66):
        ending.pass_time(1)
        sent.append(ending.sent())
    assert [(day, names) for day, names in enumerate(sent, 1) if names] == [
        (31, ["olga", "otto"]),
        (54, ["olga", "otto"]),
    ]


def test_the_announcement_gives_dates_and_links_in_both_languages(ending: Ending) -> None:
    ending.mail.total = 1
    ending.pass_time(31)
    received = ending.mail.smtp.received[0]
    retention = ending.scene.get_event(ending.event, ending.olga).retention
    hides, deletes = retention.hide_time.ToDatetime(UTC), retention.delete_time.ToDatetime(UTC)
    assert deletes - hides == timedelta(days=7)
    for language in ("en", "fr"):
        assert show_day(hides, language) in received.plain
        assert show_day(deletes, language) in received.html
    assert received.message["Subject"] == (
        f"“Summer party” will be deleted on {show_day(deletes, 'en')}"
        f" / « Summer party » sera supprimé le {show_day(deletes, 'fr')}"
    )
    assert received.message["Content-Language"] == "en, fr"
    assert received.message["List-Unsubscribe"] is None
    page = f"{SITE}/organiser/events/{ending.event.event_id}"
    assert {f"{page}/settings", page} <= set(received.plain.split())
    assert "“Summer party” (1 photo)" in received.plain
    assert "« Summer party » (1 photo)" in received.plain


def test_the_announcement_omits_a_photo_count_that_is_unavailable(ending: Ending) -> None:
    def fail(event_id: UUID, user_ids: Sequence[UUID]) -> PhotoCounts:
        raise Unavailable

    ending.announcer = Announcer(ending.mail.stores.announcements, fail)
    ending.pass_time(31)
    assert "the photos of “Summer party”." in ending.mail.smtp.received[0].plain


def test_a_changed_date_is_announced_again(ending: Ending) -> None:
    ending.pass_time(31)
    assert ending.sent() == ["olga", "otto"]
    ending.update(keep_days={"value": 100})
    ending.announce()
    assert ending.sent() == []
    ending.pass_time(40)
    assert ending.sent() == ["olga", "otto"]
    ending.update(keep_days={"value": 0})
    ending.pass_time(200)
    assert ending.sent() == [], "it is kept"


def test_an_event_extended_before_the_email_was_sent_is_not_announced(ending: Ending) -> None:
    ending.mail.smtp.answers += ["451 later"] * 2
    ending.pass_time(31)
    ending.update(keep_days={"value": 100})
    ending.mail.pass_time(3600)
    ending.mail.work()
    assert ending.sent() == []
    assert ending.scene.sql("SELECT FROM auth.mails") == []


@pytest.mark.parametrize("way", ["another role", "left"])
def test_a_former_organiser_is_not_notified(ending: Ending, way: str) -> None:
    ending.mail.smtp.answers += ["451 later"] * 2
    ending.pass_time(31)
    if way == "left":
        ending.scene.stub.LeaveEvent(
            pb.LeaveEventRequest(event_id=ending.event.event_id), metadata=ending.otto.metadata
        )
    else:
        ending.scene.set_role(ending.event, ending.otto, pb.ROLE_COUPLE, ending.olga)
    ending.mail.pass_time(3600)
    ending.mail.work()
    assert ending.sent() == ["olga"]
    ending.pass_time(24)
    assert ending.sent() == ["olga"]


def test_a_new_organiser_is_notified_when_they_join(ending: Ending) -> None:
    ending.pass_time(31)
    ending.sent()
    ending.scene.set_role(ending.event, ending.cleo, pb.ROLE_ORGANISER, ending.olga)
    ending.announce()
    assert ending.sent() == ["cleo"]


def test_after_a_month_without_a_mailer_only_the_last_announcement_is_sent(ending: Ending) -> None:
    ending.pass_time(61)
    assert ending.sent() == ["olga", "otto"]
    assert ending.scene.get_event(ending.event, ending.olga).retention.hidden
    ending.pass_time(1)
    assert ending.sent() == []


def announce_again(ending: Ending) -> list[str]:
    """Acts as a second mailer that read the due announcements before the first one wrote; returns the recipients."""
    ending.pass_time(31)
    ending.sent()
    for row in ending.scene.sql("SELECT event_id, user_id, kind FROM auth.mails"):
        due = Announcement(row.event_id, row.user_id, MailKind(row.kind))
        ending.mail.stores.announcements.announce(due, None)
    ending.mail.work()
    return ending.sent()


def test_two_mailers_send_one_announcement(ending: Ending) -> None:
    assert announce_again(ending) == []


def test_control_without_the_unique_index_both_mailers_send(ending: Ending) -> None:
    ending.scene.sql("DROP INDEX auth.deletion_once")
    assert announce_again(ending) == ["olga", "otto"]
