"""E-mail through all processes, with a real SMTP server: exactly one about first photos, links, one click to end it."""

import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psycopg2
import pytest

from deploy.rest import add_organiser
from deploy.sample import SampleEvent, SamplePhoto
from deploy.system import LocalSystem
from tests.e2e.party import PASSWORD, Json, Organiser, Person, until
from tests.service.smtp_server import SmtpServer, running_smtp

ADDRESS = "gina@mail.example.org"


@pytest.fixture(scope="module")
def smtp() -> Iterator[SmtpServer]:
    with running_smtp() as server:
        yield server


@pytest.fixture(scope="module")
def mailing(smtp: SmtpServer) -> Iterator[LocalSystem]:
    """A system of its own, which sends e-mail."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="mn-e2e-", dir="/tmp"))
    settings = {
        "SMTP_URL": smtp.url,
        "MAIL_FROM": "Photos <photos@example.org>",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    running = LocalSystem(folder / "data", ports={"gateway": port}, settings=settings)
    try:
        with running:
            yield running
        told = running.log_path.read_text()
        assert not [word for word in ("Traceback", PASSWORD, "example.org", "eyJ") if word in told]
    finally:
        running.remove_data()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def host(mailing: LocalSystem) -> Iterator[Organiser]:
    add_organiser(mailing.data, mailing.env, "olga", PASSWORD)
    answer = httpx2.post(f"{mailing.base_url}/api/login", json={"username": "olga", "password": PASSWORD}, timeout=30)
    with Organiser(mailing.base_url, answer.json(), "olga") as person:
        yield person


def visit(system: LocalSystem, event: Json) -> Person:
    form = {"event_code": event["event_code"]}
    answer = httpx2.post(f"{system.base_url}/api/guest-sessions", json=form, timeout=30)
    return Person(system.base_url, answer.json(), "")


def sent_rows(system: LocalSystem) -> list[tuple[str, int]]:
    connection = psycopg2.connect(system.env["DATABASE_URL"].replace("+psycopg2", ""))
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT state, attempt FROM auth.mails ORDER BY created_at")
            return cursor.fetchall()
    finally:
        connection.close()


def test_first_photos_are_told_of_once_and_links_sign_in(
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
        assert received.message["Subject"] == "Il y a des photos de vous : Garden party"

        page = guest.http.get(urlsplit(received.link).path)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        event_id = urlsplit(received.link).path.rpartition("/")[2]
        assert len(guest.photos(event_id=event_id)) == 1

        # A second photo and a restart, which looks at all who wait, cause no second e-mail.
        host.add_photos(event, [one_of("Ada", skip=1)])
        mailing.restart("mailer")

        # On a new device.
        form = {"email": ADDRESS, "event_code": event["event_code"]}
        assert httpx2.post(f"{mailing.base_url}/api/sign-in-links", json=form).status_code == 202
        assert httpx2.post(f"{mailing.base_url}/api/sign-in-links", json={"email": "no@example.org"}).status_code == 202
        link = smtp.wait_for(2)[1].link
        token = urlsplit(link).fragment
        signed_in = httpx2.post(f"{mailing.base_url}/api/sign-in", json={"token": token})
        assert (signed_in.status_code, signed_in.json()["user_id"]) == (200, guest.id)

        # One click, as a mail program does it.
        one_click = received.message["List-Unsubscribe"].strip("<>")
        body = {"List-Unsubscribe": "One-Click"}
        assert httpx2.post(one_click, data=body).status_code == 204
        assert guest.get("/api/session")["me"]["events"][0]["notice_email"] == ""
        assert guest.expect(422, "PUT", "/api/me/notices", json=notice)["reason"] == "invalid_form"
        assert len(smtp.received) == 2


def test_a_mailer_that_dies_between_claim_and_send_sends_at_most_a_second_copy(
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
    with connection, connection.cursor() as cursor:  # as if the time of the lease had passed
        cursor.execute("UPDATE auth.mails SET lease_until = now() WHERE state = 'sending'")
    connection.close()
    until(lambda: sent_rows(mailing)[-1], lambda row: row == ("sent", 2))
    copies = smtp.received[before:]
    assert 1 <= len(copies) <= 2
    assert len({copy.message["Message-ID"] for copy in copies}) == 1
    assert copies[-1].link.startswith(f"{mailing.base_url}/sign-in?to=organiser#")
