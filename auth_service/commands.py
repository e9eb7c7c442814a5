"""Commands of auth_service that run once: `add-organiser`, `reset-link` and `replay`."""

import argparse
import getpass
import json
import os
import sys

from auth_service.domain import InvalidForm, UserNotFound
from auth_service.passwords import Passwords
from auth_service.service import Credentials, Organisers
from auth_service.settings import OrganiserSettings, ReplaySettings, ResetLinkSettings
from auth_service.store import ReplayStore, Stores
from kit import settings
from kit.db.engine import create_db
from kit.erasure.ledger import Ledger, replay
from kit.telemetry import logs

NAME = "auth"


def add_organiser(arguments: list[str]) -> None:
    settings.read_env_file(NAME)
    parser = argparse.ArgumentParser("auth_service add-organiser", description="Create an organiser's account.")
    parser.add_argument("--username", required=True)
    parser.add_argument("--email", required=True)
    chosen = parser.parse_args(arguments)
    config = settings.load(OrganiserSettings)
    logs.configure(NAME, "ERROR")
    password = config.minois_password or getpass.getpass("Password: ")
    try:
        organisers = Organisers(open_stores(config).accounts, Passwords())
        user_id = organisers.add(chosen.username, chosen.email, password)
    except InvalidForm as fault:
        faults = " ".join(violation.message for violation in fault.violations)
        print(f"add-organiser: {faults or fault.message}", file=sys.stderr)
        raise SystemExit(1) from None
    print(f"Organiser {chosen.username} can sign in now ({user_id}).")


def replay_ledger(_: list[str]) -> None:
    settings.read_env_file(NAME)
    config = settings.load(ReplaySettings)
    logs.configure(NAME, "ERROR")
    store = ReplayStore(create_db(config.database_url, 1, 0, f"replay-{os.getpid()}"))
    print(json.dumps({"service": NAME, **replay(Ledger.connect(config), store)}))


def print_reset_link(arguments: list[str]) -> None:
    """Prints only the path of the link if PUBLIC_URL is not set."""
    settings.read_env_file(NAME)
    parser = argparse.ArgumentParser("auth_service reset-link", description="Create a password reset link.")
    parser.add_argument("--username", required=True, help="user name or e-mail address")
    chosen = parser.parse_args(arguments)
    config = settings.load(ResetLinkSettings)
    logs.configure(NAME, "ERROR")
    try:
        token = Credentials(open_stores(config), Passwords(), sends_mail=False).make_reset(chosen.username)
    except UserNotFound:
        print(f"reset-link: there is no account with a password named {chosen.username}.", file=sys.stderr)
        raise SystemExit(1) from None
    print(f"{config.public_url}{config.root_path.rstrip('/')}/password#{token}")


def open_stores(config: settings.DatabaseSettings) -> Stores:
    db = create_db(config.database_url, config.db_pool_size, config.db_max_overflow, f"{NAME}-{os.getpid()}")
    return Stores(db)
