"""The queries that scale the workers count their waiting jobs, on the migrated database."""

import re
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, create_engine, text

from kit.db.engine import driver_url
from matcher_service.store import JobStore
from selfie_service.store import RematchStore, SelfieStore
from tests.cluster.control_plane import ControlPlane, wait_until
from tests.cluster.external_metrics import ExternalMetrics, describe_autoscaler
from tests.cluster.manifests import Manifests

# In each queue two of three jobs wait. Only the queues are filled, so foreign keys are not checked.
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
MANY_PHOTOS = """
SET LOCAL session_replication_role = replica;
INSERT INTO matcher.photos (id, event_id, sha256, filename, size_bytes, upload_key, number)
    SELECT gen_random_uuid(), gen_random_uuid(), '', '', 1, '', n FROM generate_series(1, 230) AS n;
"""
NEEDED = 12  # one indexer for twenty photos
EMPTY = "TRUNCATE matcher.photos, selfie.selfies, selfie.enrolments CASCADE"


@pytest.fixture
def fill(postgres: str, database: Engine) -> Iterator[Callable[[str], None]]:
    """Fills the queues by a statement, and empties them afterwards."""
    admin = create_engine(driver_url(postgres.replace("/postgres?", "/minois?")))

    def execute(statement: str) -> None:
        with admin.begin() as connection:
            connection.execute(text(statement))

    yield execute
    execute(EMPTY)
    admin.dispose()


def counts(found: Manifests, database: Engine) -> dict[str, list[int]]:
    """The results of the queries of each scaled process."""
    with database.connect() as connection:
        return {
            name: [
                int(connection.execute(text(trigger["metadata"]["query"])).scalar_one())
                for trigger in scaler["spec"]["triggers"]
            ]
            for name, scaler in found.of("ScaledObject").items()
        }


def test_each_query_counts_its_waiting_jobs(
    built: dict[str, Manifests], database: Engine, fill: Callable[[str], None]
) -> None:
    fill(FILL)
    selfies, rematches, photos = SelfieStore(database), RematchStore(database), JobStore(database)
    depths = {
        "selfie-worker": [selfies.read_queue()[0], rematches.read_queue()[0]],
        "indexer": [photos.read_queue()[0]],
    }
    assert counts(built["production"], database) == depths == {"selfie-worker": [2, 2], "indexer": [2]}


def test_control_empty_queues_count_zero(built: dict[str, Manifests], database: Engine) -> None:
    assert counts(built["production"], database) == {"selfie-worker": [0, 0], "indexer": [0]}


def test_workers_scale_between_one_and_more_by_a_connection_past_the_pooler(built: dict[str, Manifests]) -> None:
    found = built["production"]
    roles = {
        name: [(each["name"], each["key"]) for each in authentication["spec"]["secretTargetRef"]]
        for name, authentication in found.of("TriggerAuthentication").items()
    }
    assert roles == {name: [(name, "LISTEN_URL")] for name in ("database-selfie", "database-matcher")}
    for scaler in found.of("ScaledObject").values():
        for trigger in scaler["spec"]["triggers"]:
            schema = re.findall(r"FROM (\w+)\.", trigger["metadata"]["query"])[0]
            assert trigger["authenticationRef"]["name"] == f"database-{schema}"
        assert 1 <= scaler["spec"]["minReplicaCount"] < scaler["spec"]["maxReplicaCount"]
        assert scaler["spec"]["scaleTargetRef"]["name"] in found.of("Deployment")


def test_waiting_photos_scale_up_the_indexers(
    control: ControlPlane, production: Manifests, database: Engine, fill: Callable[[str], None]
) -> None:
    """Uses the autoscaler of Kubernetes, and emulates what KEDA's operator does with a ScaledObject."""
    scaler = production.of("ScaledObject")["indexer"]
    with ExternalMetrics(control, database, [trigger["metadata"]["query"] for trigger in scaler["spec"]["triggers"]]):
        control.kubectl("apply", "-f", "-", given=Manifests("", (describe_autoscaler(scaler),)).as_yaml())
        wait_until(lambda: is_active(control), "the autoscaler reads the queue")
        assert indexers(control) == scaler["spec"]["minReplicaCount"]
        fill(MANY_PHOTOS)
        wait_until(lambda: indexers(control) == NEEDED, f"there are {NEEDED} indexers")
        control.kubectl("delete", "hpa", "keda-hpa-indexer", "--namespace", "minois")


def indexers(control: ControlPlane) -> int:
    return int(control.read("deployment/indexer", "--namespace", "minois")["spec"]["replicas"])


def is_active(control: ControlPlane) -> bool:
    status = control.read("hpa/keda-hpa-indexer", "--namespace", "minois").get("status", {})
    return any(each["type"] == "ScalingActive" and each["status"] == "True" for each in status.get("conditions", ()))
