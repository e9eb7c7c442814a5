"""deploy/k8s/rotate.sh on a real control plane: at each step, the tokens of all running processes are accepted."""

import base64
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from kit.errors import InvalidToken
from kit.rpc.identity import Signer, Verifier
from tests.cluster.control_plane import ControlPlane, environment
from tests.cluster.manifests import K8S, Manifests
from tests.cluster.simulated import NAMESPACE

USER_ID = uuid4()


def rotate(control: ControlPlane, *words: str) -> subprocess.CompletedProcess[str]:
    script = [str(K8S / "rotate.sh"), *words]
    return subprocess.run(script, env=environment(control), capture_output=True, text=True, timeout=240, check=False)


def read_keys(control: ControlPlane, folder: Path) -> tuple[Signer, Verifier]:
    """The signer and the verifier of a newly started pod of auth."""
    folder.mkdir()
    for name, content in control.read("configmap/public-keys", *NAMESPACE)["data"].items():
        (folder / name).write_text(content)
    key = control.read("secret/key-auth", *NAMESPACE)["data"]["key.pem"]
    (folder / "key.pem").write_bytes(base64.b64decode(key))
    signer, verifier = Signer.read("auth", folder / "key.pem"), Verifier.read(folder)
    verifier.require_match(signer)
    return signer, verifier


def token(signer: Signer) -> str:
    return signer.sign(str(USER_ID), 60)


def test_a_key_is_replaced_in_three_steps(control: ControlPlane, production: Manifests, tmp_path: Path) -> None:
    before, _ = read_keys(control, tmp_path / "before")
    early = rotate(control, "switch", "auth")
    assert early.returncode == 1
    assert "The key of auth is not announced" in early.stderr

    assert rotate(control, "announce", "auth").returncode == 0
    signer, announced = read_keys(control, tmp_path / "announced")
    assert signer.public_key == before.public_key

    assert rotate(control, "switch", "auth").returncode == 0
    after, switched = read_keys(control, tmp_path / "switched")
    assert after.public_key != before.public_key
    for verifier in (announced, switched):
        assert verifier.verify(token(before)).id == verifier.verify(token(after)).id == USER_ID

    assert rotate(control, "retire", "auth").returncode == 0
    signer, retired = read_keys(control, tmp_path / "retired")
    assert retired.verify(token(signer)).id == USER_ID
    with pytest.raises(InvalidToken):
        retired.verify(token(before))


def read_master_key(control: ControlPlane) -> list[str]:
    key = control.read("secret/master-key", *NAMESPACE)["data"]["master.key"]
    return base64.b64decode(key).decode().splitlines()


def test_the_next_master_key_is_read_before_it_encrypts(control: ControlPlane, production: Manifests) -> None:
    """The last step re-encrypts everything and needs real processes: see `make cluster-test`."""
    (before,) = read_master_key(control)
    early = rotate(control, "switch", "master")
    assert (early.returncode, read_master_key(control)) == (1, [before])
    for _ in range(2):  # a repeated step changes nothing more
        assert rotate(control, "announce", "master").returncode == 0
        first, second = read_master_key(control)
        assert first == before
    assert len(base64.b64decode(second)) == 32
    assert rotate(control, "switch", "master").returncode == 0
    assert read_master_key(control) == [second, before]
    assert rotate(control, "retire", "master").returncode != 0  # no process responds in a simulated pod
    assert read_master_key(control) == [second, before]


def test_a_step_ends_when_no_earlier_pod_is_left(control: ControlPlane, production: Manifests) -> None:
    """Even a terminating pod signs and responds with the keys that it has read."""
    before = pods(control)
    assert rotate(control, "announce", "selfie").returncode == 0
    assert before
    assert before & pods(control) == set()


def pods(control: ControlPlane) -> set[str]:
    """The names of the pods of Deployments, including terminating ones."""
    found = control.read("pods", "--selector", "pod-template-hash", *NAMESPACE)["items"]
    return {pod["metadata"]["name"] for pod in found}


@pytest.mark.parametrize("words", [(), ("announce",), ("announce", "stranger"), ("forget", "auth")])
def test_without_a_step_and_a_service_it_prints_its_usage(words: tuple[str, ...]) -> None:
    done = subprocess.run([str(K8S / "rotate.sh"), *words], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "rotate.sh announce auth" in done.stderr
