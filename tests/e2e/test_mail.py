"""E-mail through all processes and a real SMTP server: one mail about first photos, sign-in links, unsubscribing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx2
import psycopg2

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.mailing import host as host
from tests.e2e.mailing import mailing as mailing
from tests.e2e.mailing import smtp as smtp
from tests.e2e.mailing import visit
from tests.e2e.party import Json, Organiser, until
from tests.harness.smtp_server import SmtpServer

ADDRESS = "gina@mail.example.org"


def sent_rows(system: LocalSystem) -> list[tuple[str, int]]:
    connection = psycopg2.connect(system.env["DATABASE_URL"].replace("+psycopg2", ""))
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT state, attempt FROM auth.mails ORDER BY created_at")
            return cursor.fetchall()
    finally:
        connection.close()


def open_notices(system: LocalSystem) -> int:
    """The number of members with an address who still need to be checked, or notified of a release."""
    connection = psycopg2.connect(system.env["DATABASE_URL"].replace("+psycopg2", ""))
    try:
        with connection.cursor() as cursor:
            waiting = "SELECT FROM auth.events e WHERE e.id = n.event_id AND e.awaits_release AND NOT e.held"
            cursor.execute(f"SELECT count(*) FROM auth.notices n WHERE due OR released OR EXISTS ({waiting})")
            (count,) = cursor.fetchone() or (0,)
            return int(count)
    finally:
        connection.close()


def sign_in_on_a_new_device(mailing: LocalSystem, smtp: SmtpServer, event: Json) -> str:
    """Signs in by the link in the second e-mail; returns the id of the user. An unknown address gets no e-mail."""
    form = {"email": ADDRESS, "event_code": event["event_code"]}
    assert httpx2.post(f"{mailing.base_url}/api/sign-in-links", json=form).status_code == 202
    assert httpx2.post(f"{mailing.base_url}/api/sign-in-links", json={"email": "no@example.org"}).status_code == 202
    token = urlsplit(smtp.wait_for(2)[1].link).fragment
    signed_in = httpx2.post(f"{mailing.base_url}/api/sign-in", json={"token": token})
    assert signed_in.status_code == 200
    return str(signed_in.json()["user_id"])


def test_first_photos_are_announced_once_and_links_sign_in(
    mailing: LocalSystem,
    smtp: SmtpServer,
    host: Organiser,
    sample: SampleEvent,
    one_of: Callable[..., SamplePhoto],
) -> None:
    event = host.event("Garden party")
    with visit(mailing, event) as guest, visit(mailing, event) as other:
        session = guest.get("/api/session")
        assert session["server"]["mail"] is True
        notice = {"event_id": event["id"], "email": ADDRESS, "language": "fr"}
        guest.expect(204, "PUT", "/api/me/notices", json=notice)
        guest.selfie_and_wait(sample.selfies["Ada"])
        other.selfie_and_wait(sample.selfies["Cleo"])
        assert smtp.received == []
        host.add_photos(event, [one_of("Ada")])
        (received,) = smtp.wait_for(1)
        assert received.to == [ADDRESS]
        assert received.message["Subject"] == "Vos premières photos de « Garden party »"

        page = guest.http.get(urlsplit(received.link).path)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        event_id = urlsplit(received.link).path.rpartition("/")[2]
        assert len(guest.photos(event_id=event_id)) == 1

        # Neither a second photo nor a restart, which checks all pending members, sends a second e-mail.
        host.add_photos(event, [one_of("Ada", skip=1)])
        mailing.restart("mailer")

        assert sign_in_on_a_new_device(mailing, smtp, event) == guest.id

        # One-click unsubscribe, as a mail program sends it.
        one_click = received.message["List-Unsubscribe"].strip("<>")
        body = {"List-Unsubscribe": "One-Click"}
        assert httpx2.post(one_click, data=body).status_code == 204
        assert guest.get("/api/session")["me"]["events"][0]["notice_email"] == ""
        assert guest.expect(422, "PUT", "/api/me/notices", json=notice)["reason"] == "invalid_form"
        assert len(smtp.received) == 2


def test_a_release_is_announced_once_to_members_who_see_photos(
    mailing: LocalSystem,
    smtp: SmtpServer,
    host: Organiser,
    sample: SampleEvent,
    one_of: Callable[..., SamplePhoto],
) -> None:
    before = len(smtp.received)
    event = host.event("Held party", release="held")
    with visit(mailing, event) as guest, visit(mailing, event) as other:
        for person, name in ((guest, "ada"), (other, "otis")):
            notice = {"event_id": event["id"], "email": f"{name}@mail.example.org", "language": "en"}
            person.expect(204, "PUT", "/api/me/notices", json=notice)
        guest.selfie_and_wait(sample.selfies["Ada"])
        host.add_photos(event, [one_of("Ada")])
        assert len(smtp.received) == before
        host.expect(200, "PATCH", f"/api/events/{event['id']}", json={"release": "live"})
        received = smtp.wait_for(before + 1)[before]
        assert received.to == ["ada@mail.example.org"]
        assert received.message["Subject"] == "The photos of “Held party” are here"
        assert "You are in 1 photo so far." in received.plain

        # Neither a restart, which checks all pending members, nor a second release sends another e-mail.
        mailing.restart("mailer")
        for release in ("held", "live"):
            host.expect(200, "PATCH", f"/api/events/{event['id']}", json={"release": release})
        until(lambda: open_notices(mailing), lambda count: count == 0)
        assert len(smtp.received) == before + 1


def test_a_deletion_is_announced_to_the_organiser_once(
    mailing: LocalSystem, smtp: SmtpServer, host: Organiser, one_of: Callable[..., SamplePhoto]
) -> None:
    before = len(smtp.received)
    ends_at = datetime.now(UTC) + timedelta(hours=1)
    event = host.event("Short party", expires_at=ends_at.isoformat(), keep_days=1)
    host.add_photos(event, [one_of("Ada")])
    for _ in range(2):
        mailing.restart("mailer")  # the mailer checks events at startup and then every ten minutes
        received = smtp.wait_for(before + 1)[before]
    assert received.to == ["olga@example.org"]
    assert "“Short party” (1 photo)" in received.plain
    assert received.link == f"{mailing.base_url}/organiser/events/{event['id']}/settings"
    page = host.http.get(urlsplit(received.link).path)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert len(smtp.received) == before + 1


def test_a_mailer_that_dies_between_claim_and_send_sends_at_most_one_duplicate(
    mailing: LocalSystem, smtp: SmtpServer, host: Organiser
) -> None:
    before, attempts = len(smtp.received), smtp.attempts
    smtp.may_answer.clear()
    httpx2.post(f"{mailing.base_url}/api/sign-in-links", json={"email": "olga@example.org"})
    until(lambda: (sent_rows(mailing)[-1][0], smtp.attempts), lambda now: now == ("sending", attempts + 1))
    mailing.kill("mailer")
    smtp.may_answer.set()
    mailing.wait_until_ready("mailer")
    connection = psycopg2.connect(mailing.env["DATABASE_URL"].replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:  # as if the lease had expired
        cursor.execute("UPDATE auth.mails SET lease_until = now() WHERE state = 'sending'")
    connection.close()
    until(lambda: sent_rows(mailing)[-1], lambda row: row == ("sent", 2))
    copies = smtp.received[before:]
    assert 1 <= len(copies) <= 2
    assert len({copy.message["Message-ID"] for copy in copies}) == 1
    assert copies[-1].link.startswith(f"{mailing.base_url}/sign-in?to=organiser#")
