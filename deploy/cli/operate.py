"""Commands for operators of any installation; settings come from the environment, or on this machine from the file that
`minois run` writes."""

from enum import StrEnum
from typing import Annotated

import typer

from deploy.cli.handover import become


class Process(StrEnum):
    AUTH = "auth"
    MAILER = "mailer"
    SELFIE = "selfie"
    SELFIE_WORKER = "selfie-worker"
    MATCHER = "matcher"
    INDEXER = "indexer"
    GATEWAY = "gateway"


PROGRAMS = {
    Process.AUTH: ("auth_service",),
    Process.MAILER: ("auth_service", "mailer"),
    Process.SELFIE: ("selfie_service",),
    Process.SELFIE_WORKER: ("selfie_service", "worker"),
    Process.MATCHER: ("matcher_service",),
    Process.INDEXER: ("matcher_service", "indexer"),
    Process.GATEWAY: ("gateway",),
}


class Caller(StrEnum):
    SELFIE = "selfie"
    MATCHER = "matcher"


def serve(name: Annotated[Process, typer.Argument(help="Process to run.")]) -> None:
    """Run one process of Minois."""
    become(*PROGRAMS[name])


def migrate() -> None:
    """Migrate all database schemas to their newest version."""
    become("deploy.migrate")


def check(repair: Annotated[bool, typer.Option("--repair", help="Repair what can be repaired.")] = False) -> None:
    """Look for lost or damaged files and rows of photos."""
    become("matcher_service", "check", *(["--repair"] if repair else []))


def reread(
    event: Annotated[str | None, typer.Option(help="Id of the event.")] = None,
    all_events: Annotated[bool, typer.Option("--all", help="All events.")] = False,
) -> None:
    """Index again the photos that an older face engine has indexed."""
    if (event is None) is not all_events:
        raise typer.BadParameter("choose one event with --event, or --all")
    become("matcher_service", "reread", *(["--all"] if event is None else ["--event", event]))


def reencrypt(
    service: Annotated[Caller, typer.Argument(help="Whose data.")],
) -> None:
    """Encrypt the faces of a service with the first key in MASTER_KEY."""
    become(f"{service}_service", "reencrypt")


def add_organiser(
    username: Annotated[str, typer.Option(help="User name.")],
    email: Annotated[str, typer.Option(help="E-mail address.")],
) -> None:
    """Create an account that may create events. Prompts for the password unless MINOIS_PASSWORD is set."""
    become("auth_service", "add-organiser", "--username", username, "--email", email)


def reset_link(username: Annotated[str, typer.Option(help="User name or e-mail address.")]) -> None:
    """Print a link with which a user chooses a new password."""
    become("auth_service", "reset-link", "--username", username)


def token(
    service: Annotated[Caller, typer.Argument(help="Who calls.")] = Caller.SELFIE,
) -> None:
    """Print a service token, valid for 60 seconds, for manual calls between services."""
    become(f"{service}_service", "token")
