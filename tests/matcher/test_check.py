"""The `check` command, run as an operator runs it."""

import json
import sys

import pytest

from matcher_service.__main__ import main
from tests.matcher.party import Party
from tests.matcher.world import World


def test_the_command_reports_each_finding_and_the_counts(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    party = Party(world)
    (world.folder.parent / "env").write_text(
        f"DATABASE_URL={world.db.url.render_as_string(hide_password=False)}\nBLOB_URL=file://{world.folder}\n"
    )
    for name in ("DATABASE_URL", "BLOB_URL", "SIGNING_KEY"):
        monkeypatch.setenv(name, "")  # restores what the command reads from the file after this test
        monkeypatch.delenv(name)
    monkeypatch.setenv("MINOIS_DATA", str(world.folder.parent))

    capsys.readouterr()

    def run(*words: str) -> tuple[int, list[str], dict[str, object]]:
        monkeypatch.setattr(sys, "argv", ["matcher_service", "check", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        *lines, last = capsys.readouterr().out.splitlines()
        assert isinstance(ended.value.code, int)
        return ended.value.code, lines, json.loads(last)

    assert run()[:2] == (0, [])
    key = party.key(party.photo, "thumb")
    party.delete(party.photo, "thumb")
    line = f"picture_missing: photo {party.photo}, file {key}: a picture that is served is missing"
    code, lines, counts = run()
    assert (code, lines) == (1, [line])
    assert (counts["wrong"], counts["found"]) == (1, {"picture_missing": 1})
    code, lines, counts = run("--repair")
    assert (code, lines) == (0, [f"{line} -- pending again, to be re-read"])
    assert (counts["wrong"], counts["repaired"]) == (0, 1)
    world.index_all()
    capsys.readouterr()
    assert run()[:2] == (0, [])


def test_an_unreachable_database_is_not_reported_as_damage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("BLOB_URL", "file:///tmp")
    monkeypatch.setenv("MINOIS_DATA", "/nowhere")
    monkeypatch.setattr(sys, "argv", ["matcher_service", "check"])
    with pytest.raises(SystemExit) as ended:
        main()
    output = capsys.readouterr()
    assert ended.value.code == 2
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert "cannot be reached" in output.err
