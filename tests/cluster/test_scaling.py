"""The queries that scale the workers count what waits for them, on the database as it is migrated."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text

from kit.db import driver_url
from matcher_service.store import JobStore
from selfie_service.store import RematchStore, SelfieStore
from tests.cluster.manifests import Manifests

# In each queue two of three wait. Nothing but the queues exists, so their foreign keys are not checked.
FILL = """
SET LOCAL session_replication_role = replica;
INSERT INTO matcher.photos (id, event_id, sha256, filename, size_bytes, upload_key, number, state)
    SELECT gen_random_uuid(), gen_random_uuid(), '', '', 1, '', n, CASE WHEN n = 1 THEN 'indexed' ELSE 'pending' END
    FROM generate_series(1, 3) AS n;
INSERT INTO selfie.selfies (id, user_id, person_id, revision, sha256, content_type, state)
    SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, '', '',
        CASE WHEN n = 1 THEN 'rejected' ELSE 'pending' END
    FROM generate_series(1, 3) AS n;
INSERT INTO selfie.enrolments (user_id, event_id, person_id, state, wanted_revision, published_revision)
    SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'running', 1, CASE WHEN n = 1 THEN 1 ELSE 0 END
    FROM generate_series(1, 3) AS n;
"""
EMPTY = "TRUNCATE matcher.photos, selfie.selfies, selfie.enrolments CASCADE"


@pytest.fixture
def waiting(postgres: str, database: Engine) -> Iterator[Engine]:
    """A database with two jobs in each queue."""
    admin = create_engine(driver_url(postgres.replace("/postgres?", "/minois?")))
    with admin.begin() as connection:
        connection.execute(text(FILL))
    yield database
    with admin.begin() as connection:
        connection.execute(text(EMPTY))
    admin.dispose()


def counts(found: Manifests, database: Engine) -> dict[str, list[int]]:
    """What the queries of each scaled process answer."""
    with database.connect() as connection:
        return {
            name: [
                int(connection.execute(text(trigger["metadata"]["query"])).scalar_one())
                for trigger in scaler["spec"]["triggers"]
            ]
            for name, scaler in found.of("ScaledObject").items()
        }


def test_each_query_counts_what_waits(built: dict[str, Manifests], waiting: Engine) -> None:
    selfies, rematches, photos = SelfieStore(waiting), RematchStore(waiting), JobStore(waiting)
    depths = {
        "selfie-worker": [selfies.read_queue()[0], rematches.read_queue()[0]],
        "indexer": [photos.read_queue()[0]],
    }
    assert counts(built["production"], waiting) == depths == {"selfie-worker": [2, 2], "indexer": [2]}


def test_control_they_count_nothing_where_nothing_waits(built: dict[str, Manifests], database: Engine) -> None:
    assert counts(built["production"], database) == {"selfie-worker": [0, 0], "indexer": [0]}


def test_workers_scale_between_one_and_more_by_a_connection_past_the_pooler(built: dict[str, Manifests]) -> None:
    found = built["production"]
    (authentication,) = found.of("TriggerAuthentication").values()
    assert [each["key"] for each in authentication["spec"]["secretTargetRef"]] == ["LISTEN_URL"]
    for scaler in found.of("ScaledObject").values():
        assert 1 <= scaler["spec"]["minReplicaCount"] < scaler["spec"]["maxReplicaCount"]
        assert scaler["spec"]["scaleTargetRef"]["name"] in found.of("Deployment")
