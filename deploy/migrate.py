"""Brings the schemas of all services to their newest version: `python -m deploy.migrate`."""

import time
from pathlib import Path

from kit import logs, settings
from kit.errors import DatabaseUnavailable
from kit.logs import get_logger
from kit.migrations import migrate
from kit.startup import first_line, run_command

ROOT = Path(__file__).parents[1]
WAIT_S = 60.0  # for a database that starts at the same time
RETRY_S = 0.5
SERVICES = ("auth", "selfie", "matcher")

log = get_logger()


class MigrateAllSettings(settings.ProcessSettings, settings.DatabaseSettings):
    """python -m deploy.migrate: bring all schemas to their newest version."""


def main() -> None:
    run_command(run)


def run() -> None:
    config = settings.load(MigrateAllSettings)
    logs.configure("migrate", config.log_level, config.log_format == "json")
    ends_at = time.monotonic() + WAIT_S
    while True:
        try:
            return migrate_all(config.database_url)
        except DatabaseUnavailable as fault:
            if time.monotonic() > ends_at:
                raise
            log.info("The database does not answer yet.", action="waiting", reason=first_line(fault.__cause__))
        time.sleep(RETRY_S)


def migrate_all(database_url: str) -> None:
    """Safe to run from several processes at once. Raises DatabaseUnavailable."""
    for service in SERVICES:
        migrate(database_url, service, ROOT / f"{service}_service" / "migrations")


if __name__ == "__main__":
    main()
