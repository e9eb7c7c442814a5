"""The e-mail about a release of held photos: one for each guest who sees any of them, and none for other guests."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from auth_service.mails import PhotoCounts
from auth_service.smtp import MailServerUnavailable
from auth_service.store import notices
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.mail import SITE, Mail
from tests.auth.scene import AuthScene, Person

OWN, FIRST = "The photos of “Party” are here", "Your first photos from “Party”"


class Release:
    """An event whose photos are held, and its guests."""

    def __init__(self, mail: Mail, scene: AuthScene) -> None:
        self.mail = mail
        self.olga = scene.organiser()
        self.event = scene.event(self.olga, "Party", held=True)
        self.mail.is_released = False

    def guest(self, name: str, photos: int = 0) -> Person:
        guest = self.mail.scene.visitor(self.event)
        self.mail.leave(self.event, guest, f"{name}@example.org")
        if photos:
            self.mail.photos[UUID(guest.user_id)] = photos
        self.mail.work()
        return guest

    def hold(self, is_held: bool) -> None:
        """Changes `held` in auth_service only; matcher_service has not applied the change yet."""
        request = pb.UpdateEventRequest(event_id=self.event.event_id, held={"value": is_held})
        self.mail.scene.stub.UpdateEvent(request, metadata=self.olga.metadata)

    def hear(self, is_released: bool = True) -> None:
        """Applies the change in matcher_service, which sends a hint for all guests."""
        self.mail.is_released = is_released
        users = [UUID(row.user_id.hex) for row in self.mail.scene.sql("SELECT user_id FROM auth.notices")]
        self.mail.looker.hear([(UUID(self.event.event_id), users)])
        self.mail.work()

    def release(self) -> None:
        self.hold(False)
        self.hear()

    def sent(self) -> list[tuple[str, str]]:
        """Recipient and subject of each e-mail."""
        return sorted((one.to[0].split("@")[0], str(one.message["Subject"])) for one in self.mail.smtp.received)


@pytest.fixture
def release(mail: Mail, scene: AuthScene) -> Release:
    return Release(mail, scene)


def test_a_guest_with_photos_is_notified_of_the_release_once(release: Release) -> None:
    release.guest("own", 3), release.guest("none")
    assert release.sent() == []
    for _ in range(2):
        release.release()
        release.hold(True)
        release.hear(False)
    release.mail.looker.hear([None])
    release.mail.work()
    assert release.sent() == [("own", OWN)]
    (received,) = release.mail.smtp.received
    assert "The photos of “Party” are now available. You are in 3 photos so far." in received.plain
    assert received.link == f"{SITE}/my/{release.event.event_id}"
    assert received.message["List-Unsubscribe"]


def test_control_without_the_unique_index_a_second_release_sends_a_second_email(release: Release) -> None:
    release.mail.scene.sql("DROP INDEX auth.release_once")
    release.guest("own", 3)
    release.release()
    release.hold(True)
    release.hear(False)
    release.release()
    assert release.sent() == [("own", OWN)] * 2


def test_a_scheduled_release_is_notified(release: Release) -> None:
    release.guest("own", 1)
    release.mail.scene.sql("UPDATE auth.events SET releases_at = now() + interval '1 hour'")
    release.mail.work()
    assert release.sent() == []
    release.mail.scene.sql("UPDATE auth.events SET releases_at = now() - interval '1 second'")
    release.mail.work()
    assert release.sent() == [], "matcher_service has not released them yet"
    release.hear()
    assert release.sent() == [("own", OWN)]
    assert "You are in 1 photo so far" in release.mail.smtp.received[0].plain


def test_a_guest_in_no_photo_is_notified_when_there_are_photos_for_everyone(release: Release) -> None:
    guest = release.guest("gina")
    release.mail.for_everyone = 2
    release.release()
    assert release.sent() == [("gina", OWN)]
    assert "You are in" not in release.mail.smtp.received[0].plain
    release.mail.appear(guest, release.event)
    release.mail.work()
    assert release.sent() == [("gina", OWN), ("gina", FIRST)], "their own photos came later"


def test_a_guest_who_saw_photos_before_they_were_held_gets_both_emails(release: Release) -> None:
    release.hold(False)
    release.hear()
    release.guest("own", 2)
    assert release.sent() == [("own", FIRST)]
    release.hold(True)
    release.hear(False)
    release.release()
    assert release.sent() == [("own", OWN), ("own", FIRST)]


def test_photos_added_after_the_release_are_announced_as_first_photos(release: Release) -> None:
    guest = release.guest("late")
    release.release()
    release.mail.appear(guest, release.event)
    release.mail.work()
    assert release.sent() == [("late", FIRST)]


def test_a_changed_address_gets_the_release_email(release: Release) -> None:
    guest = release.guest("old", 1)
    release.hold(False)
    release.mail.is_released = True
    while release.mail.looker.step():
        pass
    release.mail.leave(release.event, guest, "new@example.org")
    release.mail.work()
    assert release.sent() == [("new", OWN)]


def test_photos_held_again_are_announced_with_the_next_release(release: Release) -> None:
    release.guest("own", 1)
    release.hold(False)
    release.mail.is_released = True
    while release.mail.looker.step():
        pass
    release.hold(True)
    release.mail.is_released = False
    release.mail.work()
    assert release.sent() == []
    release.release()
    assert release.sent() == [("own", OWN)]


def test_a_mailer_that_stops_while_counting_loses_no_release(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    release.guest("own", 1)
    release.hold(False)
    release.mail.is_released = True

    def fail(*_: object) -> Mapping[UUID, int]:
        raise MailServerUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(release.mail.looker, "_count", fail)
        patch.setattr(release.mail.looker._store, "mark_due", lambda *_: None)
        with pytest.raises(MailServerUnavailable):
            release.mail.looker.step()
    release.mail.work()
    assert release.sent() == []
    release.mail.looker.hear([None])
    release.mail.work()
    assert release.sent() == [("own", OWN)]


def release_while_photos_are_counted(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    release.guest("own", 1)
    count = release.mail.looker._count

    def count_after_release(event_id: UUID, user_ids: list[UUID]) -> PhotoCounts:
        monkeypatch.setattr(release.mail.looker, "_count", count)
        release.hold(False)
        release.mail.is_released = True
        return count(event_id, user_ids)

    monkeypatch.setattr(release.mail.looker, "_count", count_after_release)
    release.mail.looker.hear([None])
    release.mail.work()


def test_photos_counted_just_after_the_release_are_announced_once(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    release_while_photos_are_counted(release, monkeypatch)
    assert release.sent() == [("own", OWN)]


def test_control_announcing_them_as_first_photos_announces_them_twice(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "IS_RELEASE_PENDING", "false")
    release_while_photos_are_counted(release, monkeypatch)
    assert release.sent() == [("own", OWN), ("own", FIRST)]
