"""The commands and settings of `python -m auth_service`."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from sqlalchemy import Engine

from auth_service.__main__ import main
from kit.rpc.identity import Signer
from protos.auth.v1 import auth_pb2 as pb
from protos.auth.v1 import auth_pb2_grpc
from tests.auth.scene import PASSWORD, AuthScene
from tests.harness.calls import bearer

Command = Callable[..., None]
SETTINGS = ("DATABASE_URL", "MINOIS_KEYS", "SIGNING_KEY", "MINOIS_PASSWORD")


def url_of(db: Engine) -> str:
    return db.url.render_as_string(hide_password=False)


@pytest.fixture
def command(scene: AuthScene, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `python -m auth_service` in this process, with words as arguments and settings as keywords."""
    values = {
        "DATABASE_URL": url_of(scene.db),
        "MINOIS_KEYS": str(keys),
        "SIGNING_KEY": str(keys / "auth.key.pem"),
        "MINOIS_PASSWORD": PASSWORD,
        "MINOIS_DATA": str(tmp_path),
    }

    def run(*words: str, **changed: str) -> None:
        for name, value in {**values, **changed}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["auth_service", *words])
        main()

    return run


@pytest.fixture
def environment(make_db: Callable[[str], Engine], keys: Path) -> dict[str, str]:
    """The environment of an auth_service process."""
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": url_of(make_db("auth")),
        "MINOIS_KEYS": str(keys),
        "SIGNING_KEY": str(keys / "auth.key.pem"),
        "AUTH_PORT": "0",
    }


def test_an_added_organiser_can_log_in(scene: AuthScene, command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    """Access to the database suffices; the command needs no keys."""
    command("add-organiser", "--username", "olga", "--email", "olga@example.org", MINOIS_KEYS="", SIGNING_KEY="")
    answer = scene.stub.Login(pb.LoginRequest(username="olga", password=PASSWORD))
    assert f"Organiser olga can sign in now ({answer.user_id})." in capsys.readouterr().out
    user = scene.stub.GetUser(pb.GetUserRequest(), metadata=bearer(answer.tokens.access_token))
    assert user.organiser


def test_reset_link_prints_a_password_reset_link(
    scene: AuthScene, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.organiser("olga")
    site = {"PUBLIC_URL": "https://party.example/", "ROOT_PATH": "/photos"}
    command("reset-link", "--username", "OLGA", MINOIS_KEYS="", SIGNING_KEY="", **site)
    command("reset-link", "--username", "olga@example.org", PUBLIC_URL="", ROOT_PATH="")
    first, second = [line for line in capsys.readouterr().out.splitlines() if "#" in line]
    assert first.startswith("https://party.example/photos/password#")
    assert second.startswith("/password#")
    request = pb.ResetPasswordRequest(token=second.partition("#")[2], password="a new horse")
    assert scene.stub.ResetPassword(request).username == "olga"


def test_reset_link_rejects_an_account_without_a_password(
    scene: AuthScene, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.visitor(scene.event(scene.organiser("olga")))
    for name in ("nobody", ""):
        with pytest.raises(SystemExit) as ended:
            command("reset-link", "--username", name)
        assert ended.value.code == 1
        assert capsys.readouterr().err == f"reset-link: there is no account with a password named {name}.\n"


@pytest.mark.parametrize(
    ("words", "changed", "expected"),
    [
        (("--username", "olga", "--email", "new@example.org"), {}, "This user name is taken."),
        (("--username", "new", "--email", "olga@example.org"), {}, "An account with this address exists already."),
        (
            ("--username", "x", "--email", "nobody"),
            {"MINOIS_PASSWORD": "short"},
            "Use 2 to 64 letters, digits, spaces, dots, dashes, underscores or apostrophes, beginning with a letter or"
            " digit. This is not an e-mail address. Use at least 8 characters.",
        ),
    ],
)
def test_add_organiser_reports_all_faults_in_one_line(
    scene: AuthScene,
    command: Command,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    changed: dict[str, str],
    expected: str,
) -> None:
    scene.organiser("olga")
    with pytest.raises(SystemExit) as ended:
        command("add-organiser", *words, **changed)
    assert (ended.value.code, capsys.readouterr().err) == (1, f"add-organiser: {expected}\n")


def test_add_organiser_prompts_for_a_password_that_is_not_set(
    scene: AuthScene, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda prompt: "typed by hand")
    command("add-organiser", "--username", "olga", "--email", "olga@example.org", MINOIS_PASSWORD="")
    assert scene.stub.Login(pb.LoginRequest(username="olga", password="typed by hand")).user_id


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"DATABASE_URL": ""}, "settings: DATABASE_URL: Field required"),
        (
            {"DATABASE_URL": "", "SIGNING_KEY": ""},
            "settings: SIGNING_KEY: Field required; DATABASE_URL: Field required (",
        ),
        ({"DATABASE_URL": "mysql://x"}, "settings: DATABASE_URL: "),
        ({"SIGNING_KEY": "/nowhere.pem"}, "settings: SIGNING_KEY: Path does not point to a file"),
        ({"MINOIS_KEYS": "/nowhere"}, "settings: MINOIS_KEYS: Path does not point to a directory"),
        ({"DB_POOL_SIZE": "many"}, "settings: DB_POOL_SIZE: "),
        ({"AUTH_PORT": "70000"}, "settings: AUTH_PORT: "),
        ({"SMTP_URL": "smtp://localhost"}, "settings: SMTP_URL needs MAIL_FROM and PUBLIC_URL"),
        ({"MAIL_FROM": "photos@example.org"}, "settings: MAIL_FROM needs SMTP_URL"),
    ],
)
def test_an_invalid_setting_stops_the_start_with_one_line(
    command: Command, capsys: pytest.CaptureFixture[str], changed: dict[str, str], expected: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        command(**changed)
    line = capsys.readouterr().err
    assert ended.value.code == 2
    assert line.startswith(expected)
    assert line.count("\n") == 1


def test_a_mailer_without_a_mail_server_stops_with_one_line(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command("mailer", SMTP_URL="")
    expected = "settings: SMTP_URL: it is not set, so there is nothing to send\n"
    assert (ended.value.code, capsys.readouterr().err) == (2, expected)


def test_help_lists_every_setting(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command("--help")
    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert re.search(r"DATABASE_URL +PostgreSQL.*\(required\)", text)
    assert re.search(r"AUTH_PORT +.*\(default 50051\)", text)


def test_repeating_a_migration_changes_nothing(scene: AuthScene, command: Command) -> None:
    scene.organiser()
    command("migrate")
    assert scene.sql("SELECT count(*) FROM auth.users") == [(1,)]


def test_a_process_without_a_required_setting_exits_with_one_line_and_code_2(environment: dict[str, str]) -> None:
    del environment["DATABASE_URL"]
    ended = run_process(environment)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "settings: DATABASE_URL: Field required (--help lists them all)\n"


def test_a_process_stops_on_sigterm_even_while_followers_wait(
    environment: dict[str, str], signer: Callable[[str], Signer]
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "auth_service"],
        env={**environment, "LOG_FORMAT": "json"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        port = next(line["port"] for line in read_lines(process.stdout) if line.get("action") == "serving")
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = auth_pb2_grpc.AuthServiceStub(channel)
            request = pb.ListChangesRequest(wait=Duration(seconds=20))
            poll = stub.ListChanges.future(request, timeout=30, metadata=bearer(signer("selfie").sign_service()))
            # A later call on the same connection: its answer shows that the poll has arrived.
            assert not stub.CheckEventCode(pb.CheckEventCodeRequest(event_code="0"), timeout=30).valid
            assert not poll.done()
            process.send_signal(signal.SIGTERM)
            assert list(poll.result(timeout=9).changes) == []
        assert process.wait(timeout=9) == 0
        assert "stopped" in [line.get("action") for line in read_lines(process.stdout)]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_start_logs_a_setup_code_until_an_organiser_exists(environment: dict[str, str], scene: AuthScene) -> None:
    environment = {**environment, "DATABASE_URL": url_of(scene.db)}
    codes = [find_code(environment) for _ in range(2)]
    assert len(set(codes)) == 2, "each start generates a new code"
    user = {"username": "olga", "email": "olga@example.org", "password": PASSWORD}
    assert scene.stub.CreateFirstOrganiser(pb.CreateFirstOrganiserRequest(code=codes[1], **user)).user_id


def find_code(environment: dict[str, str]) -> str:
    """Starts auth_service and returns the setup code that it logs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "auth_service"],
        env={**environment, "LOG_FORMAT": "json"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        lines = read_lines(process.stdout)
        logged = next(line for line in lines if line.get("action") == "first_organiser")
        return str(logged["event"]).rstrip(".").rpartition(" ")[2]
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def run_process(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "auth_service"], env=environment, capture_output=True, text=True, timeout=30
    )


def read_lines(lines: Iterator[str]) -> Iterator[dict[str, object]]:
    return (json.loads(line) for line in lines)
