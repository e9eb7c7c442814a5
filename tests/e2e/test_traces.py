"""Traces of a running system: all work caused by a request is connected across processes, without personal data."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from deploy.local.system import LocalSystem
from deploy.rest import add_organiser
from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.collector import Collector, running_collector, silent_collector
from tests.e2e.party import PASSWORD, Json, Organiser, register, until

SOON = {"OTEL_BSP_SCHEDULE_DELAY": "200"}  # milliseconds
UPLOAD, SELFIE, JOIN = (
    "POST /api/events/{event_id}/photos",
    "POST /api/upload-selfie",
    "POST /api/register-with-event-code",
)


@contextmanager
def traced(url: str, **settings: str) -> Iterator[LocalSystem]:
    folder = Path(tempfile.mkdtemp(prefix="mn-e2e-", dir="/tmp"))
    system = LocalSystem(folder / "data", settings={"OTEL_EXPORTER_OTLP_ENDPOINT": url, **SOON, **settings})
    try:
        with system:
            yield system
        assert "Traceback" not in system.log_path.read_text()
    finally:
        system.remove_data()
        shutil.rmtree(folder, ignore_errors=True)


def find_ada(system: LocalSystem, sample: SampleEvent, photo: SamplePhoto) -> tuple[Json, str, str]:
    """Lets a guest find their photo; the ids of the event, the photo and the selfie."""
    add_organiser(system.data, system.env, "olga", PASSWORD)
    login = httpx2.post(f"{system.base_url}/api/login", json={"username": "olga", "password": PASSWORD}, timeout=30)
    with Organiser(system.base_url, login.json(), "olga") as host:
        event = host.event("Garden party")
        (photo_id,) = host.add_photos(event, [photo])
        with register(system.base_url, event, "guest-ada") as guest:
            selfie_id = guest.send_selfie(sample.selfies["Ada"])
            assert guest.settled()["matched"] == 1
            assert guest.photos() == {photo_id}
    return event, photo_id, selfie_id


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with running_collector() as running:
        yield running


def test_traces_of_a_photo_and_a_selfie_are_connected_and_contain_no_personal_data(
    collector: Collector, sample: SampleEvent, one_of: Callable[..., SamplePhoto]
) -> None:
    with traced(collector.url, LOG_FORMAT="json") as system:
        event, photo_id, selfie_id = find_ada(system, sample, one_of("Ada"))
        whole = {
            UPLOAD: {"gateway", "matcher", "indexer"},
            SELFIE: {"gateway", "selfie", "selfie-worker", "matcher"},
            JOIN: {"gateway", "auth"},
        }
        # A service that lacks a member asks auth_service within the request.
        until(
            lambda: {name: collector.connected(name) for name in whole},
            lambda found: all([group - {"auth"} for group in found[n]] == [whole[n] - {"auth"}] for n in whole),
        )
        assert collector.connected(JOIN) == [whole[JOIN]]
        log = system.log_path.read_text()
    # The trace of a later photo is found by its id.
    works = {each.trace for each in collector.received if each.span.name in ("photo", "selfie")}
    assert works == {photo_id.replace("-", ""), selfie_id.replace("-", "")}
    assert re.search(f'"trace_id": ?"{photo_id.replace("-", "")}"', log)
    # Ids are excluded, as their random bytes may spell any text.
    spans = [each.span for each in collector.received]
    contents = str([(span.name, span.attributes, span.events, span.status) for span in spans])
    statements = [event for each in collector.received for event in each.span.events if event.name == "statement"]
    assert statements
    secrets = (PASSWORD, "guest-ada", "olga", "example.org", "Garden party", event["event_code"], event["id"], "eyJ")
    assert [word for word in secrets if word in contents] == []


def test_control_unsampled_traces_are_not_sent(
    collector: Collector, sample: SampleEvent, one_of: Callable[..., SamplePhoto]
) -> None:
    """Spans are flushed before a process ends, so none exist if none arrived."""
    before = len(collector.received)
    with traced(collector.url, OTEL_TRACES_SAMPLER_ARG="0") as system:
        find_ada(system, sample, one_of("Ada"))
    assert len(collector.received) == before


def test_a_hanging_collector_does_not_affect_the_system(
    sample: SampleEvent, one_of: Callable[..., SamplePhoto]
) -> None:
    with silent_collector() as url, traced(url) as system:
        find_ada(system, sample, one_of("Ada"))


@pytest.mark.parametrize(("endpoint", "is_loaded"), [("", False), ("http://127.0.0.1:9", True)])
def test_the_sdk_is_loaded_only_if_tracing_is_enabled(endpoint: str, is_loaded: bool) -> None:
    program = (
        "import sys, auth_service.__main__, selfie_service.__main__, matcher_service.__main__, gateway.__main__\n"
        "from kit import settings\nfrom kit.telemetry import traces\n"
        "traces.start('test', settings.TraceSettings())\n"
        "print('opentelemetry.sdk' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env={"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_SCHEDULE_DELAY": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert answer.stdout.split() == [str(is_loaded)]
