"""Connections and threads stay within their limits, with every process at its maximum scale during a rollout."""

import re

import pytest

from deploy.local.processes import LISTEN_CONNECTIONS, RESERVED_CONNECTIONS
from gateway.settings import GatewaySettings
from tests.cluster.manifests import Json, Manifests, parse
from tests.cluster.processes import readers, users_of

SURGE = 1
OF_OTHERS = 20  # migrations, KEDA, CloudNativePG itself, a psql


def most_pods(found: Manifests) -> dict[str, int]:
    """The pods of each process with a database, during a rollout."""
    return {name: count + SURGE for name, count in found.replicas().items() if name in users_of("database_url")}


def pooled(name: str) -> int:
    fields = readers()[name].model_fields
    return int(fields["db_pool_size"].default + fields["db_max_overflow"].default)


def parameters(found: Manifests) -> tuple[int, int, int]:
    """PostgreSQL's max_connections, and the connections that all poolers open and accept; 0 without poolers."""
    clusters, poolers = found.of("Cluster").values(), found.of("Pooler").values()
    if not clusters:
        return int(re.findall(r"max_connections=(\d+)", found.text)[0]), 0, 0
    (cluster,), (pooler,) = clusters, poolers
    bouncer: Json = pooler["spec"]["pgbouncer"]["parameters"]
    opened = pooler["spec"]["instances"] * int(bouncer["default_pool_size"])
    return int(cluster["spec"]["postgresql"]["parameters"]["max_connections"]), opened, int(bouncer["max_client_conn"])


def spare_connections(found: Manifests) -> int:
    pods = most_pods(found)
    max_connections, by_poolers, _ = parameters(found)
    listening = sum(count * LISTEN_CONNECTIONS for count in pods.values())
    direct = 0 if by_poolers else sum(count * pooled(name) for name, count in pods.items())
    return max_connections - listening - direct - by_poolers - OF_OTHERS - RESERVED_CONNECTIONS


def test_connections_to_postgresql_stay_within_the_limit(variant: Manifests) -> None:
    assert spare_connections(variant) >= 0


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("local", "max_connections=150", "max_connections=100"),
        ("production", "maxReplicaCount: 20", "maxReplicaCount: 60"),
    ],
)
def test_control_too_many_processes_are_found(built: dict[str, Manifests], name: str, right: str, wrong: str) -> None:
    assert right in built[name].text
    assert spare_connections(parse(built[name].text.replace(right, wrong))) < 0


def test_one_pooler_accepts_all_processes(built: dict[str, Manifests]) -> None:
    """The other pooler may be unavailable."""
    for name in ("production", "everything"):
        _, _, accepted = parameters(built[name])
        assert sum(count * pooled(process) for process, count in most_pods(built[name]).items()) <= accepted


def test_one_replica_has_a_thread_for_each_that_polls_or_watches(variant: Manifests) -> None:
    replicas = {name: count + SURGE for name, count in variant.replicas().items()}
    gateways = replicas["gateway"] * GatewaySettings.model_fields["gateway_workers"].default
    polling = replicas["selfie"] + replicas["matcher"] + gateways
    auth = variant.ours()["auth"]["spec"]["containers"][0]["env"]
    max_streams = next(int(each["value"]) for each in auth if each["name"] == "MAX_STREAMS")
    assert max_streams >= polling
    assert int(variant.settings()["MAX_WATCHERS"]) >= gateways + replicas.get("mailer", 0)
