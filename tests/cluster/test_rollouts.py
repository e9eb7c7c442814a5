"""The manifests on a real control plane, with simulated nodes: applied, spread, drained, upgraded."""

import base64
import json
import subprocess
from pathlib import Path

from kit.rpc.identity import Signer, Verifier
from tests.cluster.control_plane import ControlPlane, wait_until
from tests.cluster.manifests import Json, Manifests, build_release
from tests.cluster.simulated import NAMESPACE, apply, make_secrets, pods, ready, wait_for_rollouts
from tests.cluster.simulated_nodes import SimulatedNodes

SERVICES = ("auth", "selfie", "matcher", "gateway")


def image_of(pod: Json) -> str:
    return str(pod["spec"]["containers"][0]["image"])


def evict(control: ControlPlane, pod: Json) -> subprocess.CompletedProcess[str]:
    name = pod["metadata"]["name"]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": "minois"}}
    path = f"/api/v1/namespaces/minois/pods/{name}/eviction"
    return control.ask("create", "--raw", path, "-f", "-", given=json.dumps(eviction))


def test_production_is_applied_without_a_warning_and_becomes_ready(
    control: ControlPlane, production: Manifests
) -> None:
    jobs = control.read("jobs", *NAMESPACE)["items"]
    wait_until(lambda: "Complete" in control.kubectl("get", "jobs", *NAMESPACE), "the migrations are done")
    assert [job["metadata"]["name"] for job in jobs] == list(production.of("Job"))


def test_control_a_pod_that_may_become_root_is_refused(control: ControlPlane, production: Manifests) -> None:
    spec = {**production.pods()["gateway"]["spec"], "securityContext": {}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "root", "namespace": "minois"}, "spec": spec}
    done = control.ask("apply", "-f", "-", given=Manifests("", (pod,)).as_yaml())
    assert "violates PodSecurity" in done.stderr


def test_replicas_are_on_different_nodes(control: ControlPlane, production: Manifests) -> None:
    for name in ("auth", "selfie", "matcher"):
        wait_until(lambda name=name: len(pods(control, name)) == 2, f"{name} has two replicas")
        assert len({pod["spec"]["nodeName"] for pod in pods(control, name)}) == 2


def test_a_node_is_drained_without_losing_both_replicas(control: ControlPlane, production: Manifests) -> None:
    node = pods(control, "auth")[0]["spec"]["nodeName"]
    control.kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=60s")
    wait_for_rollouts(control, production)
    assert all(pod["spec"]["nodeName"] != node for name in SERVICES for pod in pods(control, name))
    control.kubectl("uncordon", node)


def test_the_second_replica_is_not_evicted_before_the_first_is_ready(
    control: ControlPlane, nodes: SimulatedNodes, production: Manifests
) -> None:
    first, second = pods(control, "matcher")
    nodes.unready.add("matcher")
    assert evict(control, first).returncode == 0
    wait_until(lambda: len(ready(control, "matcher")) == 1, "one replica is gone")
    refused = evict(control, second)
    assert "disruption budget" in refused.stderr
    nodes.unready.clear()
    for pod in pods(control, "matcher"):
        if pod["metadata"]["name"] != second["metadata"]["name"]:
            control.kubectl("delete", "pod", pod["metadata"]["name"], *NAMESPACE)
    wait_until(lambda: len(ready(control, "matcher")) == 2, "both replicas are back")
    assert evict(control, second).returncode == 0


def test_another_tag_is_another_job_and_a_rollout(control: ControlPlane, production: Manifests, tmp_path: Path) -> None:
    apply(control, build_release(tmp_path, "production", "0.2.0"))
    wait_for_rollouts(control, production)
    jobs = {job["metadata"]["name"] for job in control.read("jobs", *NAMESPACE)["items"]}
    assert jobs == {"migrate-0.1.0", "migrate-0.2.0"}
    assert {image_of(pod) for name in SERVICES for pod in pods(control, name)} == {"registry.example.org/minois:0.2.0"}
    apply(control, production)
    wait_for_rollouts(control, production)


def test_control_a_job_of_the_same_name_cannot_have_another_tag(control: ControlPlane, production: Manifests) -> None:
    text = Manifests("", tuple(production.of("Job").values())).as_yaml().replace(":0.1.0", ":0.2.0")
    assert "field is immutable" in control.ask("apply", "-f", "-", given=text).stderr


def test_applying_again_keeps_the_scaled_replicas(control: ControlPlane, production: Manifests) -> None:
    control.kubectl("scale", "deployment/indexer", "--replicas=7", *NAMESPACE)
    apply(control, production)
    assert control.read("deployment/indexer", *NAMESPACE)["spec"]["replicas"] == 7
    control.kubectl("scale", "deployment/indexer", "--replicas=1", *NAMESPACE)


def test_secrets_are_created_once_and_match(control: ControlPlane, production: Manifests, tmp_path: Path) -> None:
    before = control.read("secrets", *NAMESPACE)["items"]
    make_secrets(control, "production")
    after = control.read("secrets", *NAMESPACE)["items"]
    assert [each["data"] for each in before] == [each["data"] for each in after]
    for name, content in control.read("configmap/public-keys", *NAMESPACE)["data"].items():
        (tmp_path / name).write_text(content)
    verifier = Verifier.read(tmp_path)
    for name in SERVICES:
        key = control.read(f"secret/key-{name}", *NAMESPACE)["data"]["key.pem"]
        (tmp_path / "key.pem").write_bytes(base64.b64decode(key))
        verifier.require_match(Signer.read(name, tmp_path / "key.pem"))
