"""The network policies allow what the processes call, and nothing else."""

from collections.abc import Iterator

import pytest

from tests.cluster.manifests import NAME, Json, Manifests
from tests.cluster.processes import calls, users_of

PROXIES = {"local": "anywhere", "production": "gateways", "everything": "gateways"}


def matches(selector: Json, labels: Json) -> bool:
    assert set(selector) <= {"matchLabels"}, "these tests understand no other selectors"
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


def policies(found: Manifests, labels: Json, direction: str) -> Iterator[Json]:
    for policy in found.of("NetworkPolicy").values():
        if matches(policy["spec"]["podSelector"], labels) and direction in policy["spec"]["policyTypes"]:
            yield policy["spec"]


def allows(found: Manifests, direction: str, own: Json, peer: Json, ports: set[object]) -> bool:
    """Whether the policies of the pod `own` allow a connection with `peer`: its labels, `namespace` among them."""
    key = "from" if direction == "Ingress" else "to"
    selecting = list(policies(found, own, direction))
    for rule in (rule for spec in selecting for rule in spec.get(direction.lower(), ())):
        peers = rule.get(key)
        is_peer = peers is None or any(_is_peer(selector, peer) for selector in peers)
        if is_peer and ("ports" not in rule or any(port["port"] in ports for port in rule["ports"])):
            return True
    return not selecting


def _is_peer(selector: Json, peer: Json) -> bool:
    if "ipBlock" in selector:
        return False
    namespace = selector.get("namespaceSelector")
    if namespace is None:
        return "namespace" not in peer and matches(selector["podSelector"], peer)
    return "namespace" in peer and matches(namespace, {"kubernetes.io/metadata.name": peer["namespace"]})


def labels_of(found: Manifests) -> dict[str, Json]:
    return {name: pod["metadata"]["labels"] for name, pod in found.pods().items()}


def reachable(found: Manifests) -> set[tuple[str, str]]:
    """The pairs of pods between which the policies allow a port."""
    labels = labels_of(found)
    pairs = set()
    for name, pod in found.pods().items():
        for port in (port for each in pod["spec"]["containers"] for port in each.get("ports", ())):
            if port["name"] == "metrics":
                continue
            ports: set[object] = {port["name"], port["containerPort"]}
            for caller, theirs in {**labels, "proxy": {"namespace": "gateways"}}.items():
                goes_in = allows(found, "Ingress", labels[name], theirs, ports)
                goes_out = caller == "proxy" or allows(found, "Egress", theirs, labels[name], ports)
                if goes_in and goes_out:
                    pairs.add((caller, name))
    return pairs


def expected(found: Manifests) -> set[tuple[str, str]]:
    running = {*found.pods(), "proxy"}
    pairs = {pair for pair in calls() if running.issuperset(pair)}
    if "postgres" in running:
        pairs |= {(name, "postgres") for name in users_of("database_url") | {"migrate"} if name in running}
    if "valkey" in running:
        pairs |= {(name, "valkey") for name in users_of("rate_limit_url")}
    if "s3" in running:
        pairs |= {(name, "s3") for name in users_of("blob_url") if name in running}
    return pairs


def test_the_policies_equal_the_call_graph(variant: Manifests) -> None:
    assert reachable(variant) == expected(variant)


@pytest.mark.parametrize("policy", ["default-deny", "matcher", "to-database", "selfie-worker"])
def test_control_without_one_policy_they_do_not(built: dict[str, Manifests], policy: str) -> None:
    found = built["local"]
    without = Manifests("", tuple(each for each in found.objects if each["metadata"]["name"] != policy))
    if policy == "default-deny":
        without = Manifests("", tuple(each for each in without.objects if each["kind"] != "NetworkPolicy"))
    assert reachable(without) != expected(found)


def test_pods_are_labelled_by_what_they_use(variant: Manifests) -> None:
    """Overlays use these labels to allow connections to the database and the file store."""
    for label, users in (("database", users_of("database_url") | {"migrate"}), ("files", users_of("blob_url"))):
        labelled = {name for name, labels in labels_of(variant).items() if labels.get(f"minois/uses-{label}")}
        assert labelled == users & set(variant.pods())


def test_all_pods_are_denied_by_default_and_scraped_from_one_namespace(variant: Manifests) -> None:
    for name, labels in labels_of(variant).items():
        for direction in ("Ingress", "Egress"):
            assert any(spec.get(direction.lower()) is None for spec in policies(variant, labels, direction)), name
        for namespace, is_allowed in (("monitoring", True), ("default", False)):
            assert allows(variant, "Ingress", labels, {"namespace": namespace}, {"metrics", 9100}) is is_allowed


@pytest.mark.parametrize("name", PROXIES)
def test_only_the_proxy_in_front_reaches_the_gateway(built: dict[str, Manifests], name: str) -> None:
    stranger = {"namespace": "default", NAME: "stranger"}
    is_allowed = allows(built[name], "Ingress", labels_of(built[name])["gateway"], stranger, {"http", 8000})
    assert is_allowed is (PROXIES[name] == "anywhere")
