"""Writes docs/configuration.md from the help of the settings themselves: `make docs`."""

from collections.abc import Mapping
from enum import Enum
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

import auth_service.settings as auth
import matcher_service.settings as matcher
import selfie_service.settings as selfie
from deploy import backup, migrate
from deploy.local import command as local
from gateway.settings import GatewaySettings
from kit.settings import EnvironmentSettings

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"
READERS: Mapping[str, type[BaseModel]] = {
    "auth": auth.ServeSettings,
    "mailer": auth.MailerSettings,
    "selfie": selfie.ServeSettings,
    "selfie worker": selfie.WorkerSettings,
    "matcher": matcher.ServeSettings,
    "indexer": matcher.IndexerSettings,
    "gateway": GatewaySettings,
    "check": matcher.CheckSettings,
    "add-organiser": auth.OrganiserSettings,
    "deploy.migrate": migrate.MigrateAllSettings,
    "`make run`": local.LocalSettings,
    "`make backup`": backup.BackupSettings,
}
HEAD = """# Configuration

All settings come from the environment. Each process lists its own with `--help`, such as
`python -m matcher_service indexer --help`. An invalid value stops the process at startup with one line and exit code 2.
`make run` sets what is required, passes everything else on, and writes the values that it set to `var/env`, which the
command-line tools read.

This page is generated from that help: `make docs`.
"""


def main() -> None:
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(render())
    print(f"Wrote {PAGE.relative_to(Path.cwd()) if PAGE.is_relative_to(Path.cwd()) else PAGE}.")


def render() -> str:
    """The page: a table for each group of settings, in the order in which processes declare them."""
    groups: dict[type[BaseModel], dict[str, FieldInfo]] = {}
    for settings in READERS.values():
        for name, field in settings.model_fields.items():
            groups.setdefault(_group(settings, name), {}).setdefault(name, field)
    common = [group for group in groups if group.__module__ == EnvironmentSettings.__module__]
    own = [group for group in groups if group not in common]
    return "\n".join([HEAD, *(_table(group, groups[group]) for group in (*common, *own))])


def _group(settings: type[BaseModel], name: str) -> type[BaseModel]:
    """The class that first declares a field."""
    return next(base for base in reversed(settings.__mro__) if name in getattr(base, "__annotations__", {}))


def _table(group: type[BaseModel], fields: Mapping[str, FieldInfo]) -> str:
    title = (group.__doc__ or "").strip().splitlines()[0].rstrip(".")
    command, _, purpose = title.partition(": ")
    heading = f"`{command}`: {purpose}" if purpose else title
    rows = [
        f"| `{name.upper()}` | {_readers(name)} | {_defaults(name)} | {field.description} |"
        for name, field in fields.items()
    ]
    return "\n".join([f"## {heading}\n", "| setting | read by | default | meaning |", "|---|---|---|---|", *rows, ""])


def _readers(name: str) -> str:
    readers = [reader for reader, settings in READERS.items() if name in settings.model_fields]
    return "all" if len(readers) >= len(READERS) - 1 else ", ".join(readers)


def _defaults(name: str) -> str:
    """The default; if processes differ, the most common one, then the others with their processes."""
    found: dict[str, list[str]] = {}
    for reader, settings in READERS.items():
        if name in settings.model_fields:
            found.setdefault(_default(settings.model_fields[name]), []).append(reader)
    first, *others = sorted(found, key=lambda default: -len(found[default]))
    return first + "".join(f"; {', '.join(found[other])}: {other}" for other in others)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default_factory is not None:
        return "`~/.cache/minois`"
    default = field.default.value if isinstance(field.default, Enum) else field.default
    if default is None or default == "":
        return "none"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


if __name__ == "__main__":
    main()
