"""JSON schemas of everything in our manifests: those of Kubernetes from a wheel, those of custom resources from their
definitions in Go modules. `python -m tests.cluster.schemas` installs them, and the programs that check manifests."""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.tools import GO_PROGRAMS, NoProgram, go, go_program, kubectl, once, run, unpack

KUBERNETES = "1.37.0"
SCHEMAS_WHEEL = f"kubernetes-validate=={KUBERNETES}"
# Modules with the definitions of our custom resources, and their paths.
CUSTOM_RESOURCES = {
    "sigs.k8s.io/gateway-api@v1.6.3": "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml",
    "github.com/kedacore/keda/v2@v2.21.0": "config/crd/bases/keda.sh_[st]*.yaml",
    "github.com/prometheus-operator/prometheus-operator@v0.85.0": "example/prometheus-operator-crd/*_p*r*.yaml",
    "github.com/cert-manager/cert-manager@v1.19.2": "deploy/crds/*.yaml",
}


def schemas() -> tuple[str, ...]:
    """The schema locations for kubeconform."""
    core = once(f"kubernetes-schemas-{KUBERNETES}", _write_core_schemas)
    custom = once(f"custom-resource-schemas-{_fingerprint()}", _write_custom_schemas)
    return (f"{core}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
            f"{custom}/{{{{.Group}}}}_{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json")  # fmt: skip


def custom_resource_definitions() -> Iterator[Path]:
    """The files with the definitions of the custom resources."""
    for module, pattern in CUSTOM_RESOURCES.items():
        found = json.loads(run([go(), "mod", "download", "-json", module], {**os.environ, "GOFLAGS": "-mod=mod"}))
        yield from sorted(Path(found["Dir"]).glob(pattern))


def _fingerprint() -> str:
    return hashlib.sha256(repr(CUSTOM_RESOURCES).encode()).hexdigest()[:8]


def _write_core_schemas(folder: Path) -> None:
    unpack(SCHEMAS_WHEEL, folder)
    for path in folder.glob(f"kubernetes_validate/kubernetes-json-schema/v{KUBERNETES}-local-strict/*.json"):
        schema = json.loads(path.read_text().replace('"/api/_definitions.json#', '"_definitions.json#'))
        schema.pop("$id", None)  # absolute, and fetched from the network
        (folder / path.name).write_text(json.dumps(schema))
    shutil.rmtree(folder / "kubernetes_validate")


def _write_custom_schemas(folder: Path) -> None:
    for path in custom_resource_definitions():
        for definition in yaml.load_all(path.read_text(), yaml.CSafeLoader):
            names = definition["spec"]
            for version in names["versions"]:
                schema = version["schema"]["openAPIV3Schema"]
                _forbid_unknown_fields(schema)
                schema["properties"]["metadata"] = {"type": "object"}
                name = f"{names['group']}_{names['names']['kind'].lower()}_{version['name']}.json"
                (folder / name).write_text(json.dumps(schema))


def _forbid_unknown_fields(schema: Any) -> None:
    if isinstance(schema, dict):
        is_open = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
        if schema.get("type") == "object" and "properties" in schema and not is_open:
            schema["additionalProperties"] = False
        if schema.pop("x-kubernetes-int-or-string", False):
            for keyword in ("type", "format", "anyOf"):
                schema.pop(keyword, None)
            schema["type"] = ["integer", "string"]
    for value in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        _forbid_unknown_fields(value)


if __name__ == "__main__":
    try:
        print(kubectl(), *map(go_program, GO_PROGRAMS), *schemas(), sep="\n")
    except NoProgram as fault:
        print(f"cluster-tools: {fault}", file=sys.stderr)
        raise SystemExit(1) from None
