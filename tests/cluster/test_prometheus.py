"""Dashboard and alerts on a real Prometheus: every expression is valid and finds the data of a running system."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.local.system import LocalSystem
from deploy.rest import add_organiser
from deploy.sample.event import SampleEvent
from tests.cluster import tools
from tests.cluster.prometheus import Prometheus, running_prometheus
from tests.cluster.test_alerts import dashboard, rules
from tests.e2e.conftest import sample as sample
from tests.e2e.party import PASSWORD, Json, Organiser, register, until
from tests.harness.smtp_server import running_smtp

PANELS = [expression.replace("$namespace", "minois") for expression in dashboard()]


@pytest.fixture(scope="module")
def system(tool: Callable[..., Any]) -> Iterator[LocalSystem]:
    """All processes, including the mailer, with metrics."""
    tool(tools.on_path, "prometheus", "prometheus")
    folder = Path(tempfile.mkdtemp(prefix="mn-e2e-", dir="/tmp"))
    with running_smtp() as smtp:
        settings = {
            "METRICS_PORT": str(16_000 + os.getpid() % 4_000),
            "SMTP_URL": smtp.url,
            "MAIL_FROM": "Photos <photos@example.org>",
            "PUBLIC_URL": "http://127.0.0.1:8000",
        }
        running = LocalSystem(folder / "data", settings=settings)
        try:
            with running:
                yield running
        finally:
            running.remove_data()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def host(system: LocalSystem) -> Iterator[Organiser]:
    add_organiser(system.data, system.env, "olga", PASSWORD)
    login = httpx2.post(f"{system.base_url}/api/login", json={"username": "olga", "password": PASSWORD}, timeout=30)
    with Organiser(system.base_url, login.json(), "olga") as person:
        yield person


@pytest.fixture(scope="module")
def prometheus(
    tool: Callable[..., Any], system: LocalSystem, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    program = str(tool(tools.on_path, "prometheus", "prometheus"))
    folder = tmp_path_factory.mktemp("prometheus")
    with running_prometheus(program, folder, system.metrics_ports, rules()) as running:
        until(lambda: len(running.query('up{namespace="minois"} == 1')), lambda up: up == len(system.metrics_ports))
        yield running


@pytest.fixture(scope="module")
def event(prometheus: Prometheus, system: LocalSystem, host: Organiser, sample: SampleEvent) -> Json:
    """An event with photos, a guest with matches, and a failed login."""
    event = host.event("Party")
    host.add_photos(event, sample.photos[:2])
    with register(system.base_url, event) as guest:
        guest.selfie_and_wait(sample.selfies["Ada"])
    host.expect(401, "POST", "/api/login", json={"username": "olga", "password": "wrong password"})
    return event


def test_every_panel_has_data(prometheus: Prometheus, event: Json) -> None:
    until(lambda: [panel for panel in PANELS if not prometheus.query(panel)], lambda empty: empty == [])


def test_control_without_the_namespace_no_panel_has_data(prometheus: Prometheus, event: Json) -> None:
    elsewhere = [panel.replace('"minois"', '"elsewhere"') for panel in PANELS]
    assert [panel for panel in elsewhere if prometheus.query(panel)] == []


def test_every_alert_is_evaluated_and_none_is_active_while_all_is_well(prometheus: Prometheus, event: Json) -> None:
    names = {rule["alert"] for group in rules()["groups"] for rule in group["rules"]}
    until(
        lambda: {name for name, rule in prometheus.alerts().items() if rule["health"] == "ok"}, lambda ok: ok == names
    )
    until(prometheus.active, lambda active: active <= {"MinoisSlow"})


def test_damaged_photos_activate_their_alert(prometheus: Prometheus, host: Organiser, event: Json) -> None:
    def is_active() -> bool:
        damaged = b"\xff\xd8\xff\xe0" + os.urandom(500)
        host.http.post(f"/api/events/{event['id']}/photos", files=[("files", ("damaged.jpg", damaged, "image/jpeg"))])
        return "MinoisPhotosFail" in prometheus.active()

    until(is_active, bool)


def test_a_missing_process_and_database_activate_their_alerts(
    prometheus: Prometheus, system: LocalSystem, host: Organiser, event: Json
) -> None:
    expected = {"MinoisProcessDown", "MinoisDatabaseUnavailable", "MinoisErrors"}
    assert not expected & prometheus.active()
    system.stop_one("mailer")
    system.stop_one("postgres")

    def active() -> set[str]:
        with suppress(httpx2.TransportError):
            host.http.get("/api/events")
        return prometheus.active()

    until(active, expected.issubset)
