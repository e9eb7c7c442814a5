"""A system that sends e-mail, and the mailbox that receives it; test modules import the fixtures."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from deploy.local.system import LocalSystem
from deploy.rest import add_organiser
from tests.e2e.party import PASSWORD, Json, Organiser, Person
from tests.harness.smtp_server import SmtpServer, running_smtp


@pytest.fixture(scope="module")
def smtp() -> Iterator[SmtpServer]:
    with running_smtp() as server:
        yield server


@pytest.fixture(scope="module")
def mailing(smtp: SmtpServer) -> Iterator[LocalSystem]:
    """A separate system that sends e-mail."""
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
        log = running.log_path.read_text()
        assert not [word for word in ("Traceback", PASSWORD, "example.org", "eyJ") if word in log]
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
    form = {"event_code": event["event_code"], "consent_version": "1"}
    answer = httpx2.post(f"{system.base_url}/api/guest-sessions", json=form, timeout=30)
    return Person(system.base_url, answer.json(), "")
