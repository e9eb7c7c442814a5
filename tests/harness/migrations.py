"""The schema of a service at an earlier revision, for tests of its migrations."""

from pathlib import Path

from sqlalchemy import Engine, text

import auth_service
import matcher_service
import selfie_service
from kit.db.migrations import migrate

# The services by the names of their schemas.
SCHEMAS = {"auth": auth_service, "selfie": selfie_service, "matcher": matcher_service}


def find_migrations(schema: str) -> Path:
    """The folder with the migrations of a service, by the name of its schema."""
    return Path(str(SCHEMAS[schema].__file__)).parent / "migrations"


def upgrade(db: Engine, schema: str, revision: str = "head") -> None:
    migrate(db.url.render_as_string(hide_password=False), schema, find_migrations(schema), revision)


def downgrade(db: Engine, schema: str, revision: str) -> None:
    """Recreates the schema, without rows, as it was at a revision."""
    with db.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    upgrade(db, schema, revision)
