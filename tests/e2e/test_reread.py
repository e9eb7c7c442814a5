"""Photos of an older engine are reread by the indexers of a running system while a guest views them."""

import json
import subprocess
import sys
from contextlib import closing

import psycopg2

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent
from tests.e2e.party import Json, Organiser, register, until


def reread(system: LocalSystem, event: Json) -> Json:
    """The command's output: the number of old photos, and how many of them are reread."""
    command = [sys.executable, "-m", "matcher_service", "reread", "--event", event["id"]]
    done = subprocess.run(command, env=system.env, capture_output=True, text=True, check=True)
    said: Json = json.loads(done.stdout.splitlines()[-1])
    return said


def test_rereading_old_photos_never_hides_a_guests_photos(
    system: LocalSystem, organiser: Organiser, sample: SampleEvent
) -> None:
    event = organiser.event("Old photos")
    organiser.add_photos(event, sample.photos[:6])
    with register(system.base_url, event) as ada:
        ada.selfie_and_wait(sample.selfies["Ada"])
        before = ada.photos()
        assert before
        with (
            closing(psycopg2.connect(system.env["DATABASE_URL"])) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE matcher.photos SET engine_version = 1 WHERE event_id = %s", [event["id"]])
        assert reread(system, event)["old_photos"] == 6

        def look() -> int:
            assert ada.photos() == before
            old: int = reread(system, event)["old_photos"]
            return old

        until(look, lambda old: old == 0)
        assert ada.photos() == before
    assert organiser.get(f"/api/events/{event['id']}")["photos"]["indexed"] == 6
