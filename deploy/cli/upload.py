"""`minois upload`: uploads folders of photos to an event."""

import getpass
import os
import ssl
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from deploy.cli.handover import require_local
from deploy.upload.folder import find_pictures, hash_all
from deploy.upload.meter import Meter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deploy.upload.folder import Photo
    from deploy.upload.sender import Outcome
    from deploy.upload.session import Session

PASSWORD = "MINOIS_PASSWORD"
SHOWN = 20  # rejected photos listed in the summary
AGAIN = "Run the same command again to continue: photos that have arrived are not sent twice."


class WrongEvent(Exception):
    """The named event was not found; the message lists the events of the account."""


def upload(
    folders: Annotated[list[Path], typer.Argument(help="Folders or files.", exists=True, metavar="FOLDER...")],
    username: Annotated[str, typer.Option(help="User name of an organiser or photographer.", prompt=True)],
    event: Annotated[str, typer.Option(help="Id or name of the event; optional if you have only one.")] = "",
    server: Annotated[str, typer.Option(help="Address of Minois.", envvar="MINOIS_SERVER")] = "http://localhost:8000",
    connections: Annotated[int, typer.Option(help="Number of photos sent at the same time.", min=1, max=16)] = 4,
    patience: Annotated[
        float, typer.Option(help="Minutes to keep retrying while the server does not answer.", min=0)
    ] = 15,
    replace: Annotated[bool, typer.Option("--replace", help="Replace photos with the same name.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what would be sent.")] = False,
    certificate: Annotated[
        Path | None, typer.Option(help="Certificate of a server that uses a self-signed one (TLS=1).", exists=True)
    ] = None,
) -> None:
    """Upload folders of photos to an event. Prompts for the password unless MINOIS_PASSWORD is set.

    Photos that the event already has are not sent again, so an interrupted upload continues where it stopped."""
    require_local()
    from deploy.upload.sender import Outcome, Sender
    from deploy.upload.session import Session

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    found = find_pictures(folders)
    if not found.paths:
        _fail(console, f"There are no pictures in {', '.join(map(str, folders))}.")
    password = os.environ.get(PASSWORD) or getpass.getpass("Password: ")
    verify = ssl.create_default_context(cafile=certificate) if certificate else True
    outcome = Outcome()
    with closing(Session(server, patience * 60, verify)) as session, _exit_on_fault(console, server, outcome):
        session.login(username, password)
        event_id, missing = find_unsent(console, session, event, found.paths, outcome)
        if dry_run:
            return
        with Meter(console, "Sending", missing) as meter:
            Sender(session, event_id, connections, meter.advance, replace).send_all(missing, outcome)
    report(console, outcome, found.others)
    raise typer.Exit(0 if outcome.is_complete else 1)


def find_unsent(
    console: Console, session: "Session", event: str, paths: "Sequence[Path]", outcome: "Outcome"
) -> "tuple[str, list[Photo]]":
    """Returns the id of the event and the photos that it lacks, and counts those that it has in `outcome`. Raises
    WrongEvent, Rejected, Unreachable, OSError."""
    from deploy.upload.sender import find_missing

    event_id, name = find_event(session, event)
    with console.status(f"Reading {len(paths)} files ..."):
        photos = list(hash_all(paths))
    missing = find_missing(session, event_id, photos)
    outcome.known = len(photos) - len(missing)
    announce(console, name, outcome.known, missing)
    return event_id, missing


@contextmanager
def _exit_on_fault(console: Console, server: str, outcome: "Outcome") -> "Iterator[None]":
    """Ends the program with a message for an expected fault or an interruption."""
    from deploy.upload.session import Rejected, Unreachable

    try:
        yield
    except (Rejected, Unreachable, WrongEvent, OSError) as fault:
        _fail(console, f"{server}: {fault}" if isinstance(fault, Unreachable) else str(fault))
    except KeyboardInterrupt:
        console.print(f"Interrupted; {outcome.sent} photos were sent. {AGAIN}")
        raise typer.Exit(130) from None


def find_event(session: "Session", chosen: str) -> tuple[str, str]:
    """Returns its id and name. Raises WrongEvent, Rejected, Unreachable."""
    events, cursor = [], ""
    while True:
        page = session.get("/api/events", limit=100, cursor=cursor)
        events += page["events"]
        if not (cursor := page["next_cursor"]):
            break
    matching = [event for event in events if chosen in ("", event["id"], event["name"])]
    if len(matching) == 1:
        return matching[0]["id"], matching[0]["name"]
    if not events:
        raise WrongEvent("This account has no events: create one, or ask an organiser for an invitation.")
    lines = "\n".join(f"  {event['id']}  {event['name']}" for event in events)
    why = "Several events match" if matching else "No event matches"
    raise WrongEvent(f"{why}. Choose one with --event:\n{lines}")


def announce(console: Console, event: str, known: int, missing: "Sequence[Photo]") -> None:
    size_mb = sum(photo.size for photo in missing) / 1_000_000
    console.print(f"{event}: {known} photos already uploaded, {len(missing)} to send ({size_mb:.1f} MB).", markup=False)


def report(console: Console, outcome: "Outcome", others: int) -> None:
    """Describes the outcome, with the photos that were rejected and why."""
    counts = [f"{outcome.sent} sent", f"{outcome.known} already uploaded"]
    counts += [f"{len(outcome.rejected)} rejected"] if outcome.rejected else []
    counts += [f"{len(outcome.unsent)} not sent"] if outcome.unsent else []
    counts += [f"{others} other files skipped"] if others else []
    console.print(", ".join(counts) + ".")
    for photo, rejection in outcome.rejected[:SHOWN]:
        console.print(f"  {photo.path}: {rejection}", markup=False)
    if len(outcome.rejected) > SHOWN:
        console.print(f"  ... and {len(outcome.rejected) - SHOWN} more")
    if outcome.unsent:
        console.print(f"Stopped: {outcome.fault}. {AGAIN}", markup=False)


def _fail(console: Console, message: str) -> None:
    console.print(f"minois: {message}", markup=False)
    raise typer.Exit(1)
