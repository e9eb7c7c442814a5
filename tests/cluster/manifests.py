"""The manifests that kubectl builds from the folders in deploy/k8s."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster import tools

K8S = Path(__file__).parents[2] / "deploy" / "k8s"
NAME = "app.kubernetes.io/name"

Json = dict[str, Any]


@dataclass(frozen=True)
class Manifests:
    """The objects of one overlay."""

    text: str
    objects: tuple[Json, ...]

    def as_yaml(self) -> str:
        return yaml.dump_all(self.objects, Dumper=yaml.CSafeDumper)

    def without(self, *kinds: str) -> "Manifests":
        return Manifests("", tuple(each for each in self.objects if each["kind"] not in kinds))

    def of(self, kind: str) -> dict[str, Json]:
        """The objects of a kind, by name."""
        return {each["metadata"]["name"]: each for each in self.objects if each["kind"] == kind}

    def pods(self) -> dict[str, Json]:
        """The pod templates of all workloads, by name; the migrate Job is `migrate`."""
        kinds = ("Deployment", "StatefulSet", "Job")
        templates = [each["spec"]["template"] for each in self.objects if each["kind"] in kinds]
        return {template["metadata"]["labels"][NAME]: template for template in templates}

    def ours(self) -> dict[str, Json]:
        """The pod templates of the processes of Minois."""
        return {name: pod for name, pod in self.pods().items() if name not in ("postgres", "s3", "valkey", "migrate")}

    def replicas(self) -> dict[str, int]:
        """The maximum number of replicas of each process: fixed, or the limit of its autoscaler."""
        most = {name: each["spec"].get("replicas", 1) for name, each in self.of("Deployment").items()}
        for scaler in self.of("HorizontalPodAutoscaler").values():
            most[scaler["spec"]["scaleTargetRef"]["name"]] = scaler["spec"]["maxReplicas"]
        for scaler in self.of("ScaledObject").values():
            most[scaler["spec"]["scaleTargetRef"]["name"]] = scaler["spec"]["maxReplicaCount"]
        return most

    def settings(self) -> dict[str, str]:
        """The settings that all processes share."""
        (found,) = (each for name, each in self.of("ConfigMap").items() if name.startswith("settings-"))
        return dict(found["data"])


def build(folder: Path) -> Manifests:
    """Raises CalledProcessError with kubectl's output."""
    text = subprocess.run(
        [str(tools.kubectl()), "kustomize", str(folder)], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    return parse(text)


def parse(text: str) -> Manifests:
    return Manifests(text, tuple(yaml.load_all(text, yaml.CSafeLoader)))


def build_everything(folder: Path) -> Manifests:
    """The overlay for production with all of its optional components, which are commented out in it."""
    shutil.copytree(K8S, folder / "k8s")
    path = folder / "k8s" / "overlays" / "production" / "kustomization.yaml"
    path.write_text(re.sub(r"^  # (- \.\./\.\./components/)", r"  \1", path.read_text(), flags=re.MULTILINE))
    return build(path.parent)


def build_release(folder: Path, overlay: str, tag: str) -> Manifests:
    """An overlay whose image has another tag."""
    shutil.copytree(K8S, folder / "k8s")
    path = folder / "k8s" / "overlays" / overlay / "kustomization.yaml"
    path.write_text(re.sub(r"(/minois(?:  # CHANGE)?\n    newTag: )\S+", rf"\g<1>{tag}", path.read_text()))
    return build(path.parent)


def containers(pod: Json) -> Iterator[Json]:
    """All containers of a pod template, including init containers."""
    yield from pod["spec"].get("initContainers", ())
    yield from pod["spec"]["containers"]


def given_settings(container: Json, shared: Mapping[str, str], secrets: Mapping[str, tuple[str, ...]]) -> set[str]:
    """The names of the environment variables of a container."""
    names = {variable["name"] for variable in container.get("env", ())}
    for source in container.get("envFrom", ()):
        if "configMapRef" in source:
            names |= set(shared)
        else:
            names |= set(secrets[source["secretRef"]["name"]])
    return names
