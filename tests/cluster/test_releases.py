"""A release is one tag: its migrations run in a separate Job, and its pods wait for them."""

import re

from auth_service.settings import ServeSettings
from deploy.migrate import MigrateAllSettings
from gateway.settings import GatewaySettings
from tests.cluster.manifests import K8S, Manifests, containers
from tests.cluster.processes import users_of, variables

ORDER = ("minois-photos", "minois-selfies", "minois-answering")


def test_the_migrate_job_is_named_by_the_tag(variant: Manifests) -> None:
    (name,) = variant.of("Job")
    image = variant.pods()["migrate"]["spec"]["containers"][0]["image"]
    assert name == f"migrate-{image.rpartition(':')[2]}"


def test_all_processes_run_one_image(variant: Manifests) -> None:
    pods = [*variant.ours().values(), variant.pods()["migrate"]]
    assert len({container["image"] for pod in pods for container in containers(pod)}) == 1


def test_all_schemas_are_migrated_as_the_owner(variant: Manifests) -> None:
    """The Job also creates the roles of the services for which there are passwords."""
    (migration,) = variant.pods()["migrate"]["spec"]["containers"]
    assert migration["args"] == ["deploy.migrate"]
    given = {each["name"]: each.get("valueFrom", {}).get("secretKeyRef") for each in migration["env"]}
    assert given["DATABASE_URL"] == {"name": "database-migrate", "key": "DATABASE_URL"}
    assert given["ROLE_PASSWORDS"] == {"name": "database-migrate", "key": "ROLE_PASSWORDS", "optional": True}
    assert set(given) - variables(MigrateAllSettings) == {"PGPASSFILE"}


def test_a_pod_with_a_database_waits_for_its_schema(variant: Manifests) -> None:
    for name, pod in variant.ours().items():
        waiting = [each["args"] for each in pod["spec"].get("initContainers", ())]
        module = pod["spec"]["containers"][0]["args"][0]
        assert waiting == ([[module, "await-schema"]] if name in users_of("database_url") else [])


def test_replicas_are_set_unless_an_autoscaler_decides(variant: Manifests) -> None:
    scaled = {
        scaler["spec"]["scaleTargetRef"]["name"]
        for kind in ("HorizontalPodAutoscaler", "ScaledObject")
        for scaler in variant.of(kind).values()
    }
    for name, each in variant.of("Deployment").items():
        assert name not in scaled or "replicas" not in each["spec"], name


def test_a_rollout_keeps_every_process_that_users_wait_for(variant: Manifests) -> None:
    for name, each in variant.of("Deployment").items():
        unavailable = each["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"]
        assert unavailable == (1 if name in ("indexer", "mailer") else 0), name


def test_a_rollout_fits_on_one_small_node(built: dict[str, Manifests]) -> None:
    """A node with two processors, of which it reserves a share."""
    pods = built["local"].pods()
    twice = built["local"].of("Deployment")
    requests = {
        name: max(_millis(container["resources"]["requests"]["cpu"]) for container in containers(pod))
        for name, pod in pods.items()
    }
    assert sum(count * (2 if name in twice else 1) for name, count in requests.items()) <= 1500


def _millis(cpu: str) -> int:
    return int(cpu.removesuffix("m")) if cpu.endswith("m") else 1000 * int(cpu)


def test_a_pod_has_time_to_end_in_order(variant: Manifests) -> None:
    grace_s = max(model.model_fields["grace_s"].default for model in (ServeSettings, GatewaySettings))
    for name, pod in variant.ours().items():
        lifecycle = pod["spec"]["containers"][0].get("lifecycle", {"preStop": {"sleep": {"seconds": 0}}})
        assert pod["spec"]["terminationGracePeriodSeconds"] > lifecycle["preStop"]["sleep"]["seconds"] + grace_s, name


def test_requests_have_priority_over_selfies_and_selfies_over_photos(variant: Manifests) -> None:
    values = {name: each["value"] for name, each in variant.of("PriorityClass").items()}
    assert sorted(values, key=lambda name: values[name]) == list(ORDER)
    given = {name: pod["spec"]["priorityClassName"] for name, pod in variant.ours().items()}
    assert given["indexer"] == ORDER[0]
    assert given["selfie-worker"] == ORDER[1]
    assert {given[name] for name in ("auth", "selfie", "matcher", "gateway")} == {ORDER[2]}


def test_every_process_may_lose_one_replica_at_a_time(variant: Manifests) -> None:
    budgets = {
        each["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"]: each["spec"]["maxUnavailable"]
        for each in variant.of("PodDisruptionBudget").values()
    }
    assert budgets == dict.fromkeys(variant.ours(), 1)


def test_what_an_operator_has_to_change_is_marked() -> None:
    overlay = K8S / "overlays" / "production"
    lines = [line for path in overlay.iterdir() for line in path.read_text().splitlines()]
    examples = [line for line in lines if re.search(r"example\.org|newTag", line) and "=" not in line]
    assert examples
    assert all("CHANGE" in line for line in examples)


def test_services_resolve_while_no_pod_is_ready(variant: Manifests) -> None:
    """gRPC waits up to two minutes between failed lookups, but half a second between connection attempts."""
    headless = {name: each["spec"] for name, each in variant.of("Service").items() if "clusterIP" in each["spec"]}
    assert {name for name, spec in headless.items() if spec.get("publishNotReadyAddresses")} == {
        "auth",
        "selfie",
        "matcher",
    }
