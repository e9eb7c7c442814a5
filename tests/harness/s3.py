"""A real S3 server for tests: versitygw, built by the Go toolchain. `python -m tests.harness.s3` installs it."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from tests.harness.programs import NoProgram, go_program

VERSION = "v1.8.0"
MODULE = "github.com/versity/versitygw/cmd/versitygw"
ACCESS_KEY, SECRET_KEY, REGION = "minois", "a secret of the tests", "us-east-1"
START_TIMEOUT_S = 20.0


def install() -> Path:
    """The path of the server program; the first call takes a minute or two. Raises NoProgram."""
    return go_program(f"{MODULE}@{VERSION}")


class S3Server:
    """Serves the folders of `folder` as buckets; can be restarted on the same port. `host`: the address on which to
    listen."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self.folder = folder
        with socket.create_server((host, 0)) as probe:
            self._address = f"{host}:{probe.getsockname()[1]}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> dict[str, str]:
        """The environment with which a process uses the server."""
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
        """Returns when the server accepts connections."""
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
                raise NoProgram((self.folder.parent / "versitygw.log").read_text()[-500:])
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
    except NoProgram as fault:
        print(f"s3: {fault}", file=sys.stderr)
        raise SystemExit(1) from None
