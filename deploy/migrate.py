"""Migrates the schemas of all services to their newest version: `python -m deploy.migrate`."""

import time
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, FilePath

from deploy.roles import SERVICES, keep_roles, role_of, url_of
from kit import settings
from kit.db.migrations import migrate
from kit.errors import DatabaseUnavailable
from kit.startup import first_line, run_command
from kit.telemetry import logs
from kit.telemetry.logs import get_logger

ROOT = Path(__file__).parents[1]
WAIT_S = 60.0  # for a database that is starting at the same time
RETRY_S = 0.5

log = get_logger()


class MigrateAllSettings(settings.ProcessSettings, settings.DatabaseSettings):
    """python -m deploy.migrate: migrate all schemas to their newest version."""

    role_passwords: FilePath | None = Field(
        None,
        description="passwords of the services' roles, in PGPASSFILE's format; none: all share DATABASE_URL's role",
    )


def main() -> None:
    run_command(run)


def run() -> None:
    config = settings.load(MigrateAllSettings)
    logs.configure("migrate", config.log_level, config.log_format == "json")
    ends_at = time.monotonic() + WAIT_S
    while True:
        try:
            return migrate_all(prepare_roles(config.database_url, config.role_passwords))
        except DatabaseUnavailable as fault:
            if time.monotonic() > ends_at:
                raise
            log.info("The database is not available yet.", action="waiting", reason=first_line(fault.__cause__))
        time.sleep(RETRY_S)


def prepare_roles(url: str, passwords: Path | None) -> dict[str, str]:
    """Creates the roles and returns the URL of each service; `url` is a superuser's, except without `passwords`.
    Raises DatabaseUnavailable."""
    if passwords is None:
        return dict.fromkeys(SERVICES, url)
    by_role = dict(line.split(":")[3:5] for line in passwords.read_text().splitlines())
    keep_roles(url, {service: by_role[role_of(service)] for service in SERVICES})
    return {service: url_of(service, url) for service in SERVICES}


def migrate_all(urls: Mapping[str, str]) -> None:
    """Migrates each service by its URL. Safe to run from several processes at once. Raises DatabaseUnavailable."""
    for service, url in urls.items():
        migrate(url, service, ROOT / f"{service}_service" / "migrations")


if __name__ == "__main__":
    main()
