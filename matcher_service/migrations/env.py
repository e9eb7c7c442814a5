"""Alembic's entry point."""

from kit.db.migrations import run

run()
