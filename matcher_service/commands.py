"""Commands of matcher_service that run once: `token`, `check`, `reread`, `reencrypt` and `replay`."""

import argparse
import json
import os
import sys
from collections import Counter
from uuid import UUID

from kit import settings
from kit.db.engine import create_db
from kit.erasure.ledger import Ledger, replay
from kit.rpc.identity import Signer
from kit.storage.blobs import Blobs
from kit.telemetry import logs
from kit.vault import Vault
from matcher_service.integrity import Integrity
from matcher_service.reencryption import reencrypt
from matcher_service.settings import CheckSettings, ReencryptSettings, ReplaySettings, RereadSettings, TokenSettings
from matcher_service.store import IntegrityStore, LogoStore, ReencryptionStore, ReplayStore, RereadStore

NAME = "matcher"
PREFIX = "photos"  # of this service's files in the file store


def print_token() -> None:
    settings.read_env_file(NAME)
    print(Signer.read(NAME, settings.load(TokenSettings).signing_key).sign_service("auth"))


def check() -> None:
    """Prints a line for each finding, then the counts as JSON."""
    settings.read_env_file(NAME)
    config = settings.load(CheckSettings)
    logs.configure(NAME, "ERROR")
    parser = argparse.ArgumentParser("matcher_service check", add_help=False)
    parser.add_argument("--repair", action="store_true")
    repair = parser.parse_args(sys.argv[2:]).repair
    db = create_db(config.database_url, 1, 0, f"check-{os.getpid()}")
    found: Counter[str] = Counter()
    wrong = repaired = 0
    integrity = Integrity(IntegrityStore(db), LogoStore(db), Blobs.connect(config, PREFIX), repair)
    for finding in integrity.check():
        print(finding, flush=True)
        found[finding.defect.value] += 1
        wrong += finding.is_wrong
        repaired += bool(finding.cure)
    print(json.dumps({"seen": integrity.seen, "found": found, "repaired": repaired, "wrong": wrong}))
    raise SystemExit(1 if wrong else 0)


def reread() -> None:
    """Prints a line of JSON per event: how many photos an older engine read, and how many have been read again."""
    settings.read_env_file(NAME)
    parser = argparse.ArgumentParser("matcher_service reread", add_help=False)
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--event", type=UUID)
    chosen.add_argument("--all", action="store_true")
    event_id = parser.parse_args(sys.argv[2:]).event
    config = settings.load(RereadSettings)
    logs.configure(NAME, "ERROR")
    store = RereadStore(create_db(config.database_url, 1, 0, f"reread-{os.getpid()}"))
    store.plan(event_id)
    for event in [event_id] if event_id else store.list_events():
        progress = store.measure(event)
        print(json.dumps({"event_id": str(event), "old_photos": progress.old, "read_again": progress.done}))


def run_reencryption() -> None:
    """Prints the counts as JSON."""
    settings.read_env_file(NAME)
    config = settings.load(ReencryptSettings)
    logs.configure(NAME, "ERROR")
    db = create_db(config.database_url, 1, 0, f"reencrypt-{os.getpid()}", Vault.read(config.master_key))
    print(json.dumps({"sealed": reencrypt(ReencryptionStore(db))}))


def replay_ledger() -> None:
    settings.read_env_file(NAME)
    config = settings.load(ReplaySettings)
    logs.configure(NAME, "ERROR")
    store = ReplayStore(create_db(config.database_url, 1, 0, f"replay-{os.getpid()}"))
    print(json.dumps({"service": NAME, **replay(Ledger.connect(config), store)}))
