"""Alembic's entry point."""

from kit.migrations import run

run()
