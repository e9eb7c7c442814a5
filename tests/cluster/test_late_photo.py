"""The page on late photos is valid: its queries run, its metrics and log lines are in the code."""

import re

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from tests.cluster.test_alerts import PACKAGES, QUEUES, SOURCE, known_metrics

PAGE = (SOURCE / "docs" / "operations" / "late-photo.md").read_text()
QUERIES = re.findall(r"```sql\n(.+?)```", PAGE, flags=re.DOTALL)
PHOTO = ":'photo'"


def run(database: Engine, query: str) -> None:
    with database.connect() as connection:
        connection.execute(text(query.replace(PHOTO, "CAST('00000000-0000-0000-0000-000000000000' AS uuid)")))


@pytest.mark.parametrize("query", QUERIES)
def test_its_queries_run(database: Engine, query: str) -> None:
    run(database, query)


def test_control_a_query_with_a_column_that_does_not_exist_fails(database: Engine) -> None:
    with pytest.raises(ProgrammingError):
        run(database, QUERIES[0].replace("lease_until", "leased_until"))


def test_its_metrics_exist() -> None:
    named = set(re.findall(r"`((?:photos|rematches|indexer|http|updates)_[a-z_]+)`", PAGE))
    assert named >= {"photos_queue_depth", "indexer_photos_total"}
    known = known_metrics() | QUEUES
    assert [name for name in named if not {name, f"{name}_bucket"} & known] == []


def test_its_log_lines_exist() -> None:
    source = "\n".join(path.read_text() for name in PACKAGES for path in (SOURCE / name).rglob("*.py"))
    named = set(re.findall(r"`action=([a-z_]+)`", PAGE))
    assert named
    assert [action for action in named if f'action="{action}"' not in source] == []
