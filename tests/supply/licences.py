"""`make licences`: docs/licences.md, the licences of the packages that the image and the web pages have."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.markers import Marker

PAGE = Path(__file__).parents[2] / "docs" / "licences.md"
LOCK, PAGES_LOCK = Path("requirements.image.lock"), Path("gateway/web/package-lock.json")
# Used as they are: what is weakly copyleft (LGPL, MPL, OFL) asks nothing of those who do not change it but to pass its
# licence on. Anything else is a decision.
ALLOWED = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC", "MIT", "MIT-0", "MIT-CMU"),
    *("PSF-2.0", "Unlicense", "Zlib"),
    *("LGPL-3.0-only", "LGPL-3.0-or-later", "MPL-2.0", "OFL-1.1"),
}
# What packages say in their own words, as SPDX says it (spdx.org/licenses).
SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "Boost Software License": "BSL-1.0",
    "BSD License": "BSD-3-Clause",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "SIL OFL V1.1": "OFL-1.1",
    "The Unlicense (Unlicense)": "Unlicense",
}
HEAD = """# Licences

The packages that Minois uses where it runs, as they say themselves. Minois has the MIT licence; the packages are
installed beside it, unchanged. This page is generated from `requirements.image.lock` and
`gateway/web/package-lock.json`: `make licences`, which fails for a licence that is not on its list.
"""

REQUIREMENT = re.compile(r"^([a-z0-9-]+)==([^\s;]+)(?: ; (.+?))? \\?$", re.MULTILINE)
IMAGE = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "python_version": "3.13"}

Metadata = Callable[[str], "metadata.PackageMetadata"]


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    licence: str

    @property
    def is_allowed(self) -> bool:
        """All that are joined by AND, one of those that are joined by OR."""
        return any(
            all(part.strip(" ()") in ALLOWED for part in choice.split(" AND "))
            for choice in self.licence.strip("()").split(" OR ")
        )


def main() -> None:
    PAGE.write_text(render())
    refused = [package for package in (*read_image(), *read_pages()) if not package.is_allowed]
    for package in refused:
        print(f"make licences: {package.name} {package.version} has the licence {package.licence or '(unknown)'}")
    print(f"Wrote docs/{PAGE.name}.")
    raise SystemExit(1 if refused else 0)


def render() -> str:
    return "\n".join(
        [HEAD, *_table("Python packages", read_image()), *_table("Packages of the web pages", read_pages())]
    )


def read_image(lock: Path = LOCK, find: Metadata = metadata.metadata) -> list[Package]:
    """Those that the image has, which other systems may have more of. Raises PackageNotFoundError for one that is not
    installed here."""
    found = REQUIREMENT.findall(lock.read_text())
    return [
        Package(name, version, licence_of(find(name)))
        for name, version, marker in found
        if not marker or Marker(marker).evaluate(IMAGE)
    ]


def read_pages(lock: Path = PAGES_LOCK) -> list[Package]:
    """Without what only builds the pages."""
    packages: dict[str, dict[str, Any]] = json.loads(lock.read_text())["packages"]
    return [
        Package(path.rpartition("node_modules/")[2], package["version"], package.get("license", ""))
        for path, package in packages.items()
        if path and not package.get("dev")
    ]


def licence_of(package: "metadata.PackageMetadata") -> str:
    """In SPDX's words where we know them; empty where the package says nothing."""
    values = package.json
    if expression := values.get("license_expression"):
        return SPDX.get(str(expression), str(expression))
    classified = [line.rpartition(" :: ")[2] for line in _lines(values.get("classifier")) if line.startswith("License")]
    named = [SPDX.get(name, name) for name in classified if name != "OSI Approved"]
    if named:
        return " OR ".join(sorted(named))
    said = str(values.get("license") or "").strip().split("\n")[0]
    return SPDX.get(said, said)


def _lines(value: Any) -> Iterator[str]:
    yield from [value] if isinstance(value, str) else value or ()


def _table(title: str, packages: list[Package]) -> Iterator[str]:
    yield f"## {title}\n\n| package | version | licence |\n|---|---|---|"
    yield from (f"| {package.name} | {package.version} | {package.licence} |" for package in packages)
    yield ""


if __name__ == "__main__":
    main()
