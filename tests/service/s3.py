"""A real S3 server for tests: versitygw, built by the Go toolchain. `python -m tests.service.s3` installs it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from kit.settings import user_cache

VERSION = "v1.8.0"
MODULE = "github.com/versity/versitygw/cmd/versitygw"
ACCESS_KEY, SECRET_KEY, REGION = "minois", "a secret of the tests", "us-east-1"
INSTALL_TIMEOUT_S = 900
START_TIMEOUT_S = 20.0


class NoS3Server(Exception):
    """Why there is no S3 server on this machine."""


def install() -> Path:
    """The program; built once into the user's cache, which takes a minute or two. Raises NoS3Server."""
    cache = user_cache()
    go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if cache is None:
        raise NoS3Server("there is no cache folder to install versitygw into")
    folder = cache / "tools" / f"versitygw-{VERSION}"
    program = folder / "versitygw"
    if program.exists():
        return program
    if go is None:
        raise NoS3Server("versitygw is not installed and there is no Go toolchain to build it with")
    environment = {**os.environ, "GOBIN": str(folder)}
    done = subprocess.run(
        [go, "install", f"{MODULE}@{VERSION}"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=INSTALL_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise NoS3Server(f"go install {MODULE}@{VERSION} failed: {done.stderr.strip()[-500:]}")
    return program


class S3Server:
    """Serves the folders of `folder` as buckets; may be stopped and started again at the same port. `host`: where to
    listen."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self.folder = folder
        with socket.create_server((host, 0)) as probe:
            self._address = f"{host}:{probe.getsockname()[1]}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> dict[str, str]:
        """What a process needs to reach it."""
        return {
            "AWS_ENDPOINT": f"http://{self._address}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }

    def make_bucket(self, name: str) -> Path:
        bucket = self.folder / name
        bucket.mkdir()
        return bucket

    def start(self) -> Self:
        """Returns when it answers."""
        keys = {"ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY}
        with (self.folder.parent / "versitygw.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(install()), "--port", self._address, "--region", REGION, "--quiet", "posix", str(self.folder)],
                env={**os.environ, **keys},
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise NoS3Server((self.folder.parent / "versitygw.log").read_text()[-500:])
            time.sleep(0.02)
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        host, _, port = self._address.partition(":")
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            return False
        return True


if __name__ == "__main__":
    try:
        print(install())
    except NoS3Server as fault:
        print(f"s3: {fault}", file=sys.stderr)
        raise SystemExit(1) from None
