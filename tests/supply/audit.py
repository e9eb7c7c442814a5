"""`make audit`: known vulnerabilities of the locked packages that the image has, by pip-audit."""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

LOCK = "requirements.image.lock"
TIMEOUT_S = 600
# Advisories that do not concern us: the id, and why. An entry is removed with the next version of the package.
ACCEPTED: dict[str, str] = {}
UNREACHABLE = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "ServiceError", "Max retries exceeded")

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


class NotAudited(Exception):
    """It is not known whether there are vulnerabilities; the text says why."""


@dataclass(frozen=True)
class Advisory:
    package: str
    version: str
    id: str
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        remedy = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "no fix yet"
        return f"{self.package} {self.version}: {self.id}, {remedy}"


def main() -> None:
    parser = argparse.ArgumentParser("make audit", description=__doc__)
    parser.add_argument("--service", choices=("pypi", "osv"), default="pypi", help="where advisories are asked for")
    parser.add_argument("--offline", action="store_true", help="succeed where no service can be reached")
    chosen = parser.parse_args()
    raise SystemExit(report(lambda: audit(chosen.service), is_offline_fine=chosen.offline))


def report(look: Callable[[], list[Advisory]], is_offline_fine: bool) -> int:
    """Prints what was found. 0: nothing; 1: vulnerabilities; 2: it is not known."""
    try:
        found = look()
    except NotAudited as fault:
        print(f"make audit: {fault}", file=sys.stderr)
        return 0 if is_offline_fine else 2
    for advisory in found:
        print(advisory)
    print(f"{len(found)} known vulnerabilities in the packages of {LOCK}.")
    return 1 if found else 0


def audit(service: str, run: Run | None = None) -> list[Advisory]:
    """Without those that are ACCEPTED. Raises NotAudited."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", LOCK, "--disable-pip", "--require-hashes"]
    done = (run or _run)([*command, "--vulnerability-service", service, "--format=json", "--progress-spinner=off"])
    if not done.stdout.startswith("{"):
        if any(sign in done.stderr for sign in UNREACHABLE):
            raise NotAudited(f"the advisories of {service} cannot be reached (OFFLINE=yes: go on without them).")
        raise NotAudited(f"pip-audit failed: {' '.join(done.stderr.split()[-40:]) or f'exit code {done.returncode}'}")
    return list_advisories(json.loads(done.stdout), service)


def list_advisories(answer: dict[str, Any], service: str) -> list[Advisory]:
    """Raises NotAudited where a package was passed over, which pip-audit counts as no vulnerability."""
    packages = answer["dependencies"]
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if skipped or not packages:
        raise NotAudited(
            f"{service} knows nothing of {len(skipped)} of {len(packages)} packages, such as"
            f" {', '.join(skipped[:3]) or 'none'} (a mirror without advisories? OFFLINE=yes: go on without them)."
        )
    return [
        Advisory(package["name"], package["version"], found["id"], tuple(found["fix_versions"]))
        for package in packages
        for found in package["vulns"]
        if not {found["id"], *found.get("aliases", ())} & ACCEPTED.keys()
    ]


def _run(command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)


if __name__ == "__main__":
    main()
