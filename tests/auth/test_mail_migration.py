"""The migration of a database without e-mails about releases and deletions (0009)."""

from uuid import UUID, uuid4

import pytest

from auth_service.mails import hash_address
from protos.auth.v1 import auth_pb2 as pb
from tests.auth.mail import Mail
from tests.auth.scene import Person
from tests.harness.migrations import downgrade, upgrade

OLGA = uuid4()


def add_event(mail: Mail, held: bool) -> UUID:
    """Inserts an event as version 0009 does, which may run alongside this version during an upgrade."""
    event = uuid4()
    mail.scene.sql(
        "INSERT INTO auth.events (id, name, code, held) VALUES (:id, 'Old', :code, :held)",
        id=event,
        code=event.hex[:8],
        held=held,
    )
    member = "INSERT INTO auth.memberships (event_id, user_id, role) VALUES (:event, :user, 'organiser')"
    mail.scene.sql(member, event=event, user=OLGA)
    return event


def add_notice(mail: Mail, event: UUID, name: str, is_notified: bool) -> None:
    user, email = uuid4(), f"{name}@example.org"
    values = {"event": event, "user": user, "hash": hash_address(event, email)}
    mail.photos[user] = 1
    mail.scene.sql("INSERT INTO auth.users (id) VALUES (:user)", user=user)
    member = "INSERT INTO auth.memberships (event_id, user_id, role) VALUES (:event, :user, 'guest')"
    mail.scene.sql(member, event=event, user=user)
    notice = (
        "INSERT INTO auth.notices (event_id, user_id, email, email_key, address_hash, language, due)"
        " VALUES (:event, :user, :email, :email, :hash, 'en', false)"
    )
    mail.scene.sql(notice, email=email, **values)
    if is_notified:
        sent = (
            "INSERT INTO auth.mails (id, kind, user_id, event_id, address_hash, language, state)"
            " VALUES (:id, 'first_photos', :user, :event, :hash, 'en', 'sent')"
        )
        mail.scene.sql(sent, id=uuid4(), **values)


@pytest.fixture
def old(mail: Mail) -> Mail:
    downgrade(mail.scene.db, "auth", "0009")
    mail.scene.sql(
        "INSERT INTO auth.users (id, username, username_key, email, email_key, password_hash, organiser)"
        " VALUES (:id, 'olga', 'olga', 'olga@example.org', 'olga@example.org', 'x', true)",
        id=OLGA,
    )
    return mail


def test_events_held_before_the_migration_are_released_as_new_ones(old: Mail) -> None:
    held, live = add_event(old, held=True), add_event(old, held=False)
    add_notice(old, held, "notified", is_notified=True)
    add_notice(old, held, "new", is_notified=False)
    add_notice(old, live, "live", is_notified=True)
    upgrade(old.scene.db, "auth")
    olga = Person(str(OLGA), "olga", old.scene.as_user(str(OLGA)))
    for event in (held, live):
        request = pb.UpdateEventRequest(event_id=str(event), held={"value": False})
        old.scene.stub.UpdateEvent(request, metadata=olga.metadata)
    old.looker.hear([None])
    old.work()
    assert sorted(received.to[0] for received in old.smtp.received) == ["new@example.org", "notified@example.org"]
    assert {received.message["Subject"] for received in old.smtp.received} == {"The photos of “Old” are here"}
    add_event(old, held=True)
