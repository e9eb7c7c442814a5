"""All commands of `minois`."""

from collections.abc import Callable
from typing import Annotated

import typer

from deploy.cli import local, operate
from deploy.cli.upload import upload
from deploy.cli.version import find_version

app = typer.Typer(
    name="minois",
    help="One selfie in, every photo you are in out.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)

COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {
    "On this machine": (local.run, local.demo, local.backup, local.restore, local.replay),
    "Photos": (upload,),
    "For operators": (
        operate.serve,
        operate.migrate,
        operate.check,
        operate.reread,
        operate.reencrypt,
        operate.add_organiser,
        operate.reset_link,
        operate.token,
    ),
}
for panel, commands in COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)


@app.callback()
def main(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(find_version())
        raise typer.Exit


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(find_version())
