"""The manifests set exactly the settings that the processes read, and each gets only the secrets that it needs."""

import pytest

from tests.cluster.manifests import Manifests, containers, given_settings, parse
from tests.cluster.processes import readers, required, variables

SERVICES = ("auth", "selfie", "matcher")
SECRETS = {f"database-{service}": ("DATABASE_URL", "LISTEN_URL") for service in SERVICES}
KEYS = {
    "auth": "key-auth",
    "mailer": "key-auth",
    "selfie": "key-selfie",
    "selfie-worker": "key-selfie",
    "matcher": "key-matcher",
    "gateway": "key-gateway",
    "migrate": "database-migrate",  # with the passwords of all roles
}
OF_FILES = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def unknown_settings(found: Manifests) -> set[str]:
    """Settings of a container that its process does not read, and shared ones that no process reads."""
    shared = found.settings()
    everything = set().union(*map(variables, readers().values()))
    unknown = set(shared) - everything
    for name, pod in found.ours().items():
        (container,) = pod["spec"]["containers"]
        given = given_settings(container, {}, SECRETS)
        unknown |= given - variables(readers()[name])
    return unknown


def missing_settings(found: Manifests) -> set[tuple[str, str]]:
    return {
        (name, setting)
        for name, pod in found.ours().items()
        for setting in required(readers()[name])
        - given_settings(pod["spec"]["containers"][0], found.settings(), SECRETS)
    }


def test_every_setting_is_read_and_none_is_missing(variant: Manifests) -> None:
    assert unknown_settings(variant) == set()
    assert missing_settings(variant) == set()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("METRICS_PORT", "METRIC_PORT"), ("MAX_STREAMS", "MAX_STREAM"), ("BLOB_URL", "BLOBS_URL")],
)
def test_control_a_misspelt_setting_is_found(built: dict[str, Manifests], right: str, wrong: str) -> None:
    found = parse(built["local"].text.replace(right, wrong))
    assert unknown_settings(found) == {wrong}


def test_control_a_setting_that_is_missing_is_found(built: dict[str, Manifests]) -> None:
    found = parse(built["local"].text.replace("AUTH_ADDRESS", "AUTH_PORT"))
    assert missing_settings(found) == {("gateway", "AUTH_ADDRESS")}


def test_each_process_gets_its_own_key_and_no_other(variant: Manifests) -> None:
    mounted = {
        name: {volume["secret"]["secretName"] for volume in pod["spec"]["volumes"] if "secret" in volume} - {"tls"}
        for name, pod in variant.pods().items()
    }
    assert {name: secrets - {"master-key"} for name, secrets in mounted.items()} == {
        name: {KEYS[name]} if name in KEYS else set() for name in mounted
    }


def test_only_processes_that_read_faces_get_the_master_key(variant: Manifests) -> None:
    for name, pod in variant.ours().items():
        mounts = [mount["mountPath"] for one in pod["spec"]["containers"] for mount in one["volumeMounts"]]
        assert ("/keys/master" in mounts) is ("master_key" in readers()[name].model_fields), name


def test_only_processes_that_use_the_file_store_get_its_credentials(variant: Manifests) -> None:
    for name, pod in variant.ours().items():
        is_given = any("file-store" in str(container) for container in containers(pod))
        assert is_given is ("blob_url" in readers()[name].model_fields), name


def test_each_process_gets_the_role_of_its_own_service_and_no_other(variant: Manifests) -> None:
    for name, pod in variant.ours().items():
        has_database = "database_url" in readers()[name].model_fields
        own = {KEYS.get(name, "key-matcher").replace("key-", "database-")} if has_database else set()
        for container in containers(pod):
            given = {each["secretRef"]["name"] for each in container.get("envFrom", ()) if "secretRef" in each}
            assert given == own, name
            assert "database-migrate" not in str(container)


def test_more_than_one_gateway_counts_rate_limits_together(variant: Manifests) -> None:
    assert variant.replicas()["gateway"] == 1 or "RATE_LIMIT_URL" in variant.settings()


def test_credentials_of_the_file_store_are_optional_as_a_pair(variant: Manifests) -> None:
    """Without them the role of the service account is used."""
    for pod in variant.ours().values():
        for container in pod["spec"]["containers"]:
            given = {
                each["name"]
                for each in container.get("env", ())
                if each.get("valueFrom", {}).get("secretKeyRef", {}).get("optional")
            }
            assert given in (set(), OF_FILES)
