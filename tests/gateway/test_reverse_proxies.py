"""The configurations in docs/operations/proxies.md, run with the real reverse proxies."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from deploy.local.certificate import keep_certificate
from gateway.http.site import Site
from protos.selfie.v1 import selfie_pb2
from tests.gateway.test_process import free_port
from tests.gateway.test_sessions import FORM, GUEST, cookies_of
from tests.gateway.test_uploads import JPEG, PHOTOS, add
from tests.gateway.world import LIMITS, SIGNED, World, running_world

GUIDE = Path(__file__).parents[2] / "docs" / "operations" / "proxies.md"
HOST = "photos.example.org"
START_S = 20.0
BIG_BYTES = 30_000_000
PENDING = selfie_pb2.GetRematchStateResponse(selfie_state=selfie_pb2.SELFIE_STATE_PENDING)


def read_block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", GUIDE.read_text(), re.S)
    assert found
    return found[1]


def write_nginx(folder: Path, world: World, port: int, block: str) -> list[str]:
    certificate = keep_certificate(folder, [HOST])
    server = block.replace("listen 443", f"listen 127.0.0.1:{port}").replace(
        "127.0.0.1:8000", f"127.0.0.1:{world.port}"
    )
    server = re.sub(r"ssl_certificate .*;", f"ssl_certificate {certificate.chain};", server)
    server = re.sub(r"ssl_certificate_key .*;", f"ssl_certificate_key {certificate.key};", server)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    user = "user root;\n" if os.geteuid() == 0 else ""
    path = folder / "nginx.conf"
    path.write_text(
        f"{user}daemon off;\npid {folder}/pid;\nerror_log {folder}/log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{server}}}\n"
    )
    return ["nginx", "-c", str(path), "-e", str(folder / "log")]


def write_caddy(folder: Path, world: World, port: int, block: str) -> list[str]:
    certificate = keep_certificate(folder, [HOST])
    site = block.replace("127.0.0.1:8000", f"127.0.0.1:{world.port}").replace(
        f"{HOST} {{", f"https://{HOST}:{port} {{\n\ttls {certificate.chain} {certificate.key}", 1
    )
    path = folder / "Caddyfile"
    path.write_text(f"{{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}}\n{site}")
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(path)]


PROXIES: dict[str, Callable[[Path, World, int, str], list[str]]] = {"nginx": write_nginx, "caddy": write_caddy}


@contextmanager
def running(name: str, folder: Path, world: World, block: str) -> Iterator[httpx2.Client]:
    """Runs a proxy in front of the gateway; yields a client of the proxy."""
    program = shutil.which(name) or shutil.which(f"/usr/sbin/{name}")
    if program is None:
        pytest.skip(f"{name} is not installed")
    port = free_port()
    _, *options = PROXIES[name](folder, world, port, block)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (
        (folder / "output").open("wb") as output,
        subprocess.Popen([program, *options], env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            wait_until_listening(process, port, folder / "output")
            sni = {"sni_hostname": HOST}
            with httpx2.Client(base_url=f"https://127.0.0.1:{port}", verify=False, timeout=30) as client:
                client.headers["host"] = HOST
                client.event_hooks = {"request": [lambda request: request.extensions.update(sni)]}
                yield client
        finally:
            process.terminate()


def wait_until_listening(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    ends_at = time.monotonic() + START_S
    while time.monotonic() < ends_at and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
    raise AssertionError(output.read_text()[-1000:])


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with running_world(Site(trusted_proxies=("127.0.0.1",))) as world:
        yield world


@pytest.fixture(params=PROXIES)
def proxy(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Iterator[httpx2.Client]:
    world.reset()
    with running(request.param, tmp_path, world, read_block(request.param)) as client:
        yield client


def test_an_event_arrives_while_its_stream_is_open(proxy: httpx2.Client, world: World) -> None:
    world.answer(GetRematchState=PENDING)
    with proxy.stream("GET", "/api/rematch-events", headers=SIGNED) as answer:
        first = next(line for line in answer.iter_lines() if line.startswith("data: "))
        assert json.loads(first[6:])["status"] == "running"


def test_a_large_upload_passes_through(proxy: httpx2.Client, world: World) -> None:
    assert upload(proxy, world) == 202
    assert sum(len(message.chunk) for message in world.services.sent("AddPhotos")) == BIG_BYTES


def test_cookies_have_the_https_prefixes(proxy: httpx2.Client, world: World) -> None:
    world.answer(CreateGuest=GUEST)
    answer = proxy.post("/api/guest-sessions", json=FORM)
    assert set(cookies_of(answer)) >= {"__Host-minois_token", "__Secure-minois_refresh"}


@pytest.mark.parametrize("name", PROXIES)
def test_a_forged_client_address_does_not_evade_a_limit(name: str, tmp_path: Path) -> None:
    site, rates = Site(trusted_proxies=("127.0.0.1",)), replace(LIMITS.rates, guests="3/minute")
    with running_world(site, rates=rates) as world, running(name, tmp_path, world, read_block(name)) as client:
        assert [enter_as(client, world, number) for number in range(4)] == [201, 201, 201, 429]
        directly = [enter_as(world.client, world, number) for number in range(4)]
        assert directly == [201] * 4, "control: the gateway itself accepts forged addresses"


def enter_as(client: httpx2.Client, world: World, number: int) -> int:
    world.answer(CreateGuest=GUEST)
    headers = {"x-forwarded-for": f"198.51.100.{number}"}
    return client.post("/api/guest-sessions", json=FORM, headers=headers).status_code


def test_control_without_its_setting_nginx_rejects_a_large_upload(world: World, tmp_path: Path) -> None:
    world.reset()
    block = read_block("nginx").replace("client_max_body_size 0;", "")
    with running("nginx", tmp_path, world, block) as client:
        assert upload(client, world) == 413
    assert not world.services.calls


def upload(client: httpx2.Client, world: World) -> int:
    world.answer(AddPhotos=add)
    photo = JPEG + bytes(BIG_BYTES - len(JPEG))
    return client.post(PHOTOS, files=[("files", ("big.jpg", photo))], headers=SIGNED).status_code
