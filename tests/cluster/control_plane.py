"""The control plane of a real Kubernetes on this machine: etcd, API server, controllers, scheduler."""

import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from deploy.local.environment import free_ports
from tests.cluster import kubernetes, tools

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
POLL_S = 0.1
NOT_OURS = ("node-ipam", "node-route", "cloud-node-lifecycle", "service-lb")

Json = dict[str, Any]


class ControlPlane:
    """Keeps everything in `folder`; nodes reach it at `host`. Raises NoProgram if a program is missing."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self.folder = folder
        self._host = host
        self._programs = kubernetes.find()
        self._etcd = tools.on_path("etcd", "etcd-server")
        self._kubectl = tools.kubectl()
        ports = free_ports(["api", "etcd", "peer"])
        self.api_url = f"https://{host}:{ports['api']}"
        self._ports = ports
        self.token = secrets.token_hex(16)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    def kubectl(self, *arguments: str, given: str | None = None, timeout_s: float = 120) -> str:
        """Runs kubectl and returns its output. Raises AssertionError."""
        done = self.ask(*arguments, given=given, timeout_s=timeout_s)
        if done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def ask(
        self, *arguments: str, given: str | None = None, timeout_s: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Like `kubectl`, but a failure raises nothing."""
        command = [str(self._kubectl), "--kubeconfig", str(self.kubeconfig), *arguments]
        return subprocess.run(command, input=given, capture_output=True, text=True, timeout=timeout_s, check=False)

    def read(self, *arguments: str) -> Json:
        """An object or a list of them."""
        found: Json = json.loads(self.kubectl("get", *arguments, "-o", "json"))
        return found

    def launch(self, name: str, command: Sequence[str]) -> None:
        """Starts a process that stops with the control plane, before those that were started earlier."""
        with self.log(name) as log:
            self._processes[name] = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def end(self, name: str) -> None:
        """Ends a process, if it was started."""
        if process := self._processes.pop(name, None):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def log(self, name: str) -> IO[bytes]:
        return (self.folder / f"{name}.log").open("ab")

    def stop(self) -> None:
        for name in reversed(list(self._processes)):
            self.end(name)

    def _start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_credentials()
        self._launch_api_server(self._launch_etcd())
        wait_until(lambda: self.ask("get", "--raw", "/readyz").returncode == 0, "the API server is ready")
        self._launch_controllers()
        wait_until(lambda: bool(self.ask("get", "serviceaccount", "default").stdout), "the controllers work")

    def _launch_etcd(self) -> str:
        """Returns the address of etcd."""
        etcd, peer = (f"http://127.0.0.1:{self._ports[name]}" for name in ("etcd", "peer"))
        self.launch(
            "etcd",
            [
                *(self._etcd, "--data-dir", f"{self.folder}/etcd", "--unsafe-no-fsync", "--log-level", "error"),
                *("--listen-client-urls", etcd, "--advertise-client-urls", etcd, "--listen-peer-urls", peer),
                *("--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"),
            ],
        )
        return etcd

    def _launch_api_server(self, etcd: str) -> None:
        self.launch(
            "apiserver",
            [
                f"{self._programs}/kube-apiserver",
                f"--etcd-servers={etcd}",
                f"--bind-address={self._host}",
                f"--advertise-address={self._host}",
                f"--secure-port={self._ports['api']}",
                f"--cert-dir={self.folder}/certs",
                f"--token-auth-file={self.folder}/tokens.csv",
                f"--service-account-signing-key-file={self.folder}/account.key",
                f"--service-account-key-file={self.folder}/account.key",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--authorization-mode=Node,RBAC",
                "--kubelet-preferred-address-types=InternalIP",
            ],
        )

    def _launch_controllers(self) -> None:
        common = [f"--kubeconfig={self.kubeconfig}", "--leader-elect=false", "--secure-port=0"]
        self.launch(
            "controllers",
            [
                *(f"{self._programs}/kube-controller-manager", *common, "--horizontal-pod-autoscaler-sync-period=3s"),
                "--horizontal-pod-autoscaler-downscale-stabilization=20s",
                f"--service-account-private-key-file={self.folder}/account.key",
                "--controllers=*," + ",".join(f"-{name}-controller" for name in NOT_OURS),
            ],
        )
        self.launch("scheduler", [f"{self._programs}/kube-scheduler", *common])

    def _write_credentials(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        for name, content in {
            "account.key": private + public,
            "tokens.csv": f'{self.token},admin,admin,"system:masters"\n'.encode(),
            "kubeconfig": json.dumps(self._describe_access()).encode(),
        }.items():
            path = self.folder / name
            path.touch(mode=0o600)
            path.write_bytes(content)

    def _describe_access(self) -> Json:
        cluster = {"server": self.api_url, "insecure-skip-tls-verify": True}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": self.token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
            "current-context": "test",
        }


def wait_until(holds: Callable[[], bool], what: str, timeout_s: float = START_TIMEOUT_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:.0f} s: {what}")
        time.sleep(POLL_S)


def environment(control: ControlPlane) -> dict[str, str]:
    """The environment of a script that calls kubectl."""
    programs = tools.kubectl().parent
    return {**os.environ, "KUBECONFIG": str(control.kubeconfig), "PATH": f"{programs}:{os.environ['PATH']}"}
