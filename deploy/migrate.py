"""Brings the schemas of all services to their newest version: `python -m deploy.migrate`."""

from pathlib import Path

from kit import logs, settings
from kit.migrations import migrate
from kit.startup import run_command

ROOT = Path(__file__).parents[1]
SERVICES = ("auth", "selfie", "matcher")


class MigrateAllSettings(settings.ProcessSettings, settings.DatabaseSettings):
    """python -m deploy.migrate: bring all schemas to their newest version."""


def main() -> None:
    run_command(run)


def run() -> None:
    config = settings.load(MigrateAllSettings)
    logs.configure("migrate", config.log_level, config.log_format == "json")
    migrate_all(config.database_url)


def migrate_all(database_url: str) -> None:
    """Safe to run from several processes at once. Raises DatabaseUnavailable."""
    for service in SERVICES:
        migrate(database_url, service, ROOT / f"{service}_service" / "migrations")


if __name__ == "__main__":
    main()
