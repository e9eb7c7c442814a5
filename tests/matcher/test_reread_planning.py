"""Which events are reread, at what pace, and the command that requests it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from matcher_service.__main__ import main
from matcher_service.rereader import Pace
from tests.matcher.looks import LooksWorld
from tests.matcher.rereads import Old


@pytest.fixture
def old(make_db: Callable[[str], Engine], tmp_path: Path) -> Old:
    return Old(LooksWorld(make_db("matcher"), tmp_path / "blobs"))


def test_with_rereading_disabled_only_an_operators_request_rereads_an_event(old: Old) -> None:
    with old.world.db.begin() as connection:
        connection.execute(text("DELETE FROM matcher.rereads"))
    read = old.world.rereader._read
    old.world.rereader = old.world.make_rereader(read, pace=Pace(is_automatic=False))
    assert old.read_all() == 0
    old.world.reread_store.plan(old.event)
    assert old.read_all() > 0
    assert old.found() == old.after


def test_events_with_old_photos_are_planned_automatically(old: Old) -> None:
    with old.world.db.begin() as connection:
        connection.execute(text("DELETE FROM matcher.rereads"))
    assert old.read_all() > 0
    assert old.found() == old.after


def test_rereading_pauses_after_each_photo_to_leave_time_for_other_work(old: Old) -> None:
    old.world.rereader = old.world.make_rereader(old.world.rereader._read, pace=Pace(share=1e-6))
    assert old.read_all() == 1


def test_a_deleted_event_is_not_reread(old: Old) -> None:
    old.world.reread_store.claim(-1)
    with old.world.db.begin() as connection:
        connection.execute(text("UPDATE matcher.events SET gone = true"))
    assert old.world.reread_store.claim(-1) is None
    old.world.sweep()
    for table in ("rereads", "reread_photos", "photos"):
        assert old.world.count(table) == 0


def test_the_command_plans_a_rereading_and_reports_progress(
    old: Old, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    other = Old(old.world)
    with old.world.db.begin() as connection:
        connection.execute(text("DELETE FROM matcher.rereads"))
    url = old.world.db.url.render_as_string(hide_password=False)
    (tmp_path / "env").write_text(f"DATABASE_URL={url}\n")
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("MINOIS_DATA", str(tmp_path))

    def run(*words: str) -> dict[str, tuple[int, int]]:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["matcher_service", "reread", *words])
        main()
        lines = map(json.loads, capsys.readouterr().out.splitlines())
        return {line["event_id"]: (line["old_photos"], line["read_again"]) for line in lines}

    assert run("--event", str(old.event)) == {str(old.event): (3, 0)}
    old.world.rereader.step()
    assert run("--event", str(old.event)) == {str(old.event): (3, 1)}
    assert run("--all") == {str(old.event): (3, 1), str(other.event): (3, 0)}
    assert old.world.reread_store.read_queue()[0] == 5
