"""Photos of an older engine, read again by the indexers of a real system while a guest looks at them."""

import json
import subprocess
import sys
from contextlib import closing

import psycopg2

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent
from tests.e2e.party import Json, Organiser, register, until


def reread(system: LocalSystem, event: Json) -> Json:
    """What the command says: how many photos are old, and how many of them are read again."""
    command = [sys.executable, "-m", "matcher_service", "reread", "--event", event["id"]]
    done = subprocess.run(command, env=system.env, capture_output=True, text=True, check=True)
    said: Json = json.loads(done.stdout.splitlines()[-1])
    return said


def test_old_photos_are_read_again_and_a_guest_sees_all_of_theirs_meanwhile(
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
