"""A real node on this machine: containerd, a bridge for its pods, and the kubelet. Needs root, and cleans up."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.environment import free_ports
from tests.cluster import kubernetes, tools
from tests.cluster.api import Api
from tests.cluster.archives import PAUSE
from tests.cluster.control_plane import ControlPlane, wait_until
from tests.cluster.dns import ClusterDns

NAME = "real"
BRIDGE = "minois-test"
HOST = "10.245.0.1"
NETWORK = "10.245.0.0/24"
CGROUPS = Path("/sys/fs/cgroup")
GROUP = "minois-test"
PACKAGES = {"containerd": "containerd", "ctr": "containerd", "runc": "runc", "ip": "iproute2"}
PLUGINS = Path("/usr/lib/cni")
# Kernel settings that the kubelet changes for the whole machine.
SYSCTLS = ("vm.overcommit_memory", "kernel.panic", "kernel.panic_on_oops")


def require_node() -> None:
    """Raises NoProgram if a node cannot run here."""
    for name, package in PACKAGES.items():
        tools.on_path(name, package)
    if not (PLUGINS / "bridge").exists():
        raise tools.NoProgram("there are no network plugins (on Debian: apt install containernetworking-plugins)")
    if os.geteuid() != 0:
        raise tools.NoProgram("a node needs root, for its network and the limits of its containers")


class Bridge:
    """The network of the pods, in which this machine is HOST."""

    def __enter__(self) -> Self:
        _run("ip", "link", "add", BRIDGE, "type", "bridge")
        _run("ip", "address", "add", f"{HOST}/24", "dev", BRIDGE)
        _run("ip", "link", "set", BRIDGE, "up")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _run("ip", "link", "delete", BRIDGE)


class Node:
    """Joins a control plane that was started at HOST, within a Bridge. `images`: archives by image name."""

    def __init__(self, control: ControlPlane, images: Mapping[str, Path]) -> None:
        self._control = control
        self._images = images
        self._folder = Path(tempfile.mkdtemp(prefix="mn-", dir="/var/tmp"))
        self._socket = self._folder / "c.sock"
        self._dns = ClusterDns(Api(control.api_url, control.token), HOST)
        self._sysctls = {name: _run("sysctl", "-n", name) for name in SYSCTLS}

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def load(self, name: str, archive: Path) -> None:
        """Imports an image under a name, regardless of its name in the archive."""
        self._ctr("images", "import", "--index-name", name, str(archive))
        known = self._ctr("images", "list", "-q").splitlines()
        if name not in known:
            imported = next(each for each in known if each.endswith(name.rpartition("/")[2]))
            self._ctr("images", "tag", imported, name)

    def peaks_mb(self) -> dict[str, float]:
        """The peak memory of each container so far, by pod and container."""
        peaks = {}
        for line in self._ctr("containers", "list", "-q").splitlines():
            try:
                labels = json.loads(self._ctr("containers", "info", line))["Labels"]
            except subprocess.CalledProcessError:  # it has just been removed
                continue
            name = labels.get("io.kubernetes.container.name")
            files = list(CGROUPS.glob(f"memory/{GROUP}/**/{line}/memory.max_usage_in_bytes"))
            files += list(CGROUPS.glob(f"{GROUP}/**/{line}/memory.peak"))
            if name and files:
                peaks[f"{labels['io.kubernetes.pod.name']}/{name}"] = int(files[0].read_text()) / 1024**2
        return peaks

    def _start(self) -> None:
        network = self._folder / "cni"
        network.mkdir()
        (network / "1.conflist").write_text(json.dumps(_describe_network(self._folder)))
        (self._folder / "containerd.toml").write_text(_describe_containerd(self._folder))
        (self._folder / "kubelet.json").write_text(json.dumps(_describe_kubelet(self._folder)))
        _make_cgroups()
        self._dns.__enter__()
        self._control.launch("containerd", [_find("containerd"), "-c", f"{self._folder}/containerd.toml"])
        wait_until(lambda: self._asks("version"), "containerd answers")
        for name, archive in self._images.items():
            self.load(name, archive)
        self._control.launch(
            "kubelet",
            [
                *(f"{kubernetes.find()}/kubelet", "--config", f"{self._folder}/kubelet.json"),
                *("--kubeconfig", str(self._control.kubeconfig), "--root-dir", f"{self._folder}/kubelet"),
                *("--cert-dir", f"{self._folder}/certs", "--hostname-override", NAME, "--node-ip", HOST),
            ],
        )
        self._control.kubectl("wait", "--for=create", f"node/{NAME}", "--timeout=60s")
        self._control.kubectl("wait", "--for=condition=Ready", f"node/{NAME}", "--timeout=60s")

    def _stop(self) -> None:
        """Stops all pods; the control plane stops its own processes."""
        self._control.end("kubelet")
        if self._socket.exists():
            with contextlib.suppress(subprocess.CalledProcessError):
                for task in self._ctr("tasks", "list", "-q").splitlines():
                    self._ctr("tasks", "kill", "-s", "9", task)
        self._control.end("containerd")
        self._dns.__exit__(None, None, None)
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in reversed([each for each in mounts if each.startswith(f"{self._folder}/")]):
            subprocess.run(["umount", "--lazy", mount], check=False)
        for name, value in self._sysctls.items():
            _run("sysctl", "-qw", f"{name}={value}")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _asks(self, *arguments: str) -> bool:
        with contextlib.suppress(subprocess.CalledProcessError):
            self._ctr(*arguments)
            return True
        return False

    def _ctr(self, *arguments: str) -> str:
        return _run("ctr", "-a", str(self._socket), "-n", "k8s.io", *arguments)


def _describe_network(folder: Path) -> dict[str, object]:
    addresses = {"type": "host-local", "ranges": [[{"subnet": NETWORK}]], "dataDir": f"{folder}/addresses"}
    bridge = {"type": "bridge", "bridge": BRIDGE, "isGateway": True, "ipam": addresses}
    return {"cniVersion": "0.4.0", "name": BRIDGE, "plugins": [bridge, {"type": "loopback"}]}


def _describe_containerd(folder: Path) -> str:
    return f"""
version = 2
root = "{folder}/containerd"
state = "{folder}/state"
[grpc]
  address = "{folder}/c.sock"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "{PAUSE}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{PLUGINS}"
    conf_dir = "{folder}/cni"
"""


def _describe_kubelet(folder: Path) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": HOST,
        "port": free_ports(["kubelet"])["kubelet"],
        "readOnlyPort": 0,
        "healthzPort": 0,
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        "failSwapOn": False,
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{GROUP}",
        "enforceNodeAllocatable": [],
        "oomScoreAdj": 0,
        "makeIPTablesUtilChains": False,
        "containerRuntimeEndpoint": f"unix://{folder}/c.sock",
        "clusterDNS": [HOST],
        "clusterDomain": "cluster.local",
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "podLogsDir": f"{folder}/logs",
    }


def _make_cgroups() -> None:
    """The parent group of all pods, in each hierarchy of version 1."""
    for hierarchy in CGROUPS.iterdir():
        if not hierarchy.is_dir() or (CGROUPS / "cgroup.controllers").exists():
            continue
        group = hierarchy / GROUP
        with contextlib.suppress(OSError):
            group.mkdir(exist_ok=True)
        if hierarchy.name == "cpuset":
            for name in ("cpuset.cpus", "cpuset.mems"):
                (group / name).write_text((hierarchy / name).read_text())


def _find(name: str) -> str:
    return tools.on_path(name, PACKAGES.get(name, name))


def _run(name: str, *arguments: str) -> str:
    command = [tools.on_path(name, PACKAGES.get(name, name)), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout.strip()
