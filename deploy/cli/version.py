"""The version of Minois."""

import tomllib
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def find_version() -> str:
    """The version of this source tree, or else of the installed package."""
    if PROJECT.is_file():
        declared: str = tomllib.loads(PROJECT.read_text())["project"]["version"]
        return declared
    try:
        return installed_version("minois")
    except PackageNotFoundError:
        return "unknown"
