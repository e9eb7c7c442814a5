"""Minois in a real cluster of one node, installed from deploy/k8s/overlays/local like an operator would."""

import base64
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.environment import free_ports
from deploy.local.readiness import http_serves
from tests.cluster import archives, guide
from tests.cluster.api import Api
from tests.cluster.control_plane import ControlPlane, environment, wait_until
from tests.cluster.entrance import Entrance
from tests.cluster.manifests import K8S, Manifests, build
from tests.cluster.node import HOST, Bridge, Node

NAMESPACE = ("--namespace", "minois")
OVERLAY = Path("deploy/k8s/overlays/local")
POSTGRES_USER = 999
VOLUMES = ("data-postgres-0", "data-s3-0")
# The load sends more selfies per account than a person would.
MORE_SETTINGS = "RATE_SELFIES=none\nRATE_SELFIE_MB=none\nRATE_ADDRESS_SELFIES=none\n"
ROLLOUT_S = 900
ENTRY = ("--entrypoint", '["/usr/local/bin/any-user.sh"]', "--cmd", "postgres")


@dataclass
class Installation:
    """A cluster in which Minois is or will be installed. `url`: that of the gateway; `release`: a folder with the
    manifests of one tag, in deploy/k8s.

    It has the attributes that tests/chaos uses: `base_urls`, `data` and `env`.
    """

    control: ControlPlane
    node: Node
    folder: Path
    url: str
    image: str
    release: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def base_urls(self) -> list[str]:
        return [self.url]

    @property
    def data(self) -> Path:
        return self.folder

    @property
    def manifests(self) -> Manifests:
        return build(self.release / OVERLAY)

    def follow(self, heading: str, first: str) -> str:
        """Runs commands of the documentation; returns their output."""
        return guide.follow(heading, first, self.release, environment(self.control))

    def attempt(self, heading: str, first: str) -> subprocess.CompletedProcess[str]:
        """Like `follow`, for commands that may fail."""
        return guide.attempt(heading, first, self.release, environment(self.control))

    def change_to(self, tag: str) -> None:
        """Deploys another tag by the documented commands; returns when all pods are ready."""
        self.release = local_release(self.folder, tag)
        self.follow(*guide.RELEASE)
        self.wait()

    def provide_volumes(self) -> None:
        """Creates empty volumes in folders of this machine, one for each claim."""
        for name in VOLUMES:
            self.control.ask("delete", "persistentvolume", name, "--ignore-not-found")
            path = self.folder / name
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()
            os.chmod(path, 0o777)  # fsGroup does not apply to a hostPath
            self.control.kubectl("apply", "-f", "-", given=_describe_volume(name, path))

    def wait(self) -> None:
        for kind in ("StatefulSet", "Deployment"):
            for name in self.manifests.of(kind):
                self.control.kubectl(
                    *("rollout", "status", f"{kind}/{name}", f"--timeout={ROLLOUT_S}s", *NAMESPACE), timeout_s=ROLLOUT_S
                )

    @contextmanager
    def forwarded(self) -> Iterator[str]:
        """Forwards the gateway to this machine; yields its address."""
        port = free_ports(["gateway"])["gateway"]
        command = guide.commands(*guide.FORWARD).replace("8000", str(port))
        process = subprocess.Popen(
            shlex.split(command), env=environment(self.control), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until(lambda: http_serves(url), "the gateway is reached by kubectl")
            yield url
        finally:
            process.terminate()
            process.wait()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Prints the last log lines of the pods if the block fails."""
        try:
            yield
        except BaseException:
            print(self.control.ask("get", "pods,jobs", *NAMESPACE).stdout)
            for pod in self.control.read("pods", *NAMESPACE)["items"]:
                name = pod["metadata"]["name"]
                print(f"--- {name}")
                print(self.control.ask("logs", name, "--all-containers", "--tail=20", *NAMESPACE).stdout)
            raise

    def read_env(self) -> None:
        """Sets `env` so that programs on this machine connect to the database as its owner and sign as auth."""
        (address,) = Api(self.control.api_url, self.control.token).addresses("postgres")
        url = self.read_secret("database-migrate", "DATABASE_URL").replace("@postgres/", f"@{address}/")
        keys = self.folder / "keys"
        keys.mkdir(exist_ok=True)
        for name, content in self.control.read("configmap/public-keys", *NAMESPACE)["data"].items():
            (keys / name).write_text(content)
        (keys / "key.pem").write_text(self.read_secret("key-auth", "key.pem"))
        self.env = {"DATABASE_URL": url, "MINOIS_KEYS": str(keys), "SIGNING_KEY": str(keys / "key.pem")}

    def read_secret(self, name: str, key: str) -> str:
        return base64.b64decode(self.control.read(f"secret/{name}", *NAMESPACE)["data"][key]).decode()


@contextmanager
def cluster(image: str, folder: Path) -> Iterator[Installation]:
    """A cluster with the images of the overlay `local`, and with `image` as that of Minois."""
    archives.derive(archives.POSTGRES, "localhost/postgres-any-user", _let_any_user_start, *ENTRY)
    images = {
        archives.PAUSE: archives.pause(folder),
        archives.S3: archives.s3(folder),
        archives.VALKEY: archives.valkey(folder),
        archives.POSTGRES: archives.export("localhost/postgres-any-user", folder),
        "localhost/minois:dev": archives.export(image, folder),
    }
    with ExitStack() as stack:
        stack.enter_context(Bridge())
        control = stack.enter_context(ControlPlane(folder / "control-plane", HOST))
        node = stack.enter_context(Node(control, images))
        entrance = stack.enter_context(Entrance(Api(control.api_url, control.token)))
        stack.callback(_delete_pods, control)
        minois = Installation(control, node, folder, entrance.url, image, local_release(folder, "dev"))
        minois.provide_volumes()
        yield minois


def local_release(folder: Path, tag: str) -> Path:
    """A copy of the manifests whose overlay `local` has another tag, and settings for the load."""
    release = folder / f"release-{tag}"
    shutil.rmtree(release, ignore_errors=True)
    shutil.copytree(K8S, release / "deploy" / "k8s")
    overlay = release / OVERLAY
    path = overlay / "kustomization.yaml"
    path.write_text(path.read_text().replace("newTag: dev", f"newTag: {tag}"))
    with (overlay / "settings.env").open("a") as settings:
        settings.write(MORE_SETTINGS)
    return release


def _let_any_user_start(files: Path) -> None:
    """Replaces the entry point, since that of a Debian stand-in needs root."""
    shutil.copy(Path(__file__).with_name("postgres.sh"), files / "usr/local/bin/any-user.sh")
    with (files / "etc/passwd").open("a") as accounts:
        accounts.write(f"postgres-{POSTGRES_USER}:x:{POSTGRES_USER}:{POSTGRES_USER}::/tmp:/bin/sh\n")


def _describe_volume(claim: str, path: Path) -> str:
    return f"""
apiVersion: v1
kind: PersistentVolume
metadata: {{name: {claim}}}
spec:
  capacity: {{storage: 50Gi}}
  accessModes: [ReadWriteOnce]
  claimRef: {{namespace: minois, name: {claim}}}
  hostPath: {{path: {path}}}
"""


def _delete_pods(control: ControlPlane) -> None:
    """Empties the node before it stops."""
    control.ask("delete", "namespace", "minois", "--ignore-not-found", "--timeout=100s", timeout_s=120)
