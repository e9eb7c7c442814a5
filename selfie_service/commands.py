"""Commands of selfie_service that run once: `token`, `reencrypt` and `replay`."""

import json
import os

from kit import settings
from kit.db.engine import create_db
from kit.erasure.ledger import Ledger, replay
from kit.rpc.identity import Signer
from kit.storage.blobs import Blobs
from kit.telemetry import logs
from kit.vault import Vault
from selfie_service.images import Images
from selfie_service.reencryption import reencrypt
from selfie_service.settings import ReencryptSettings, ReplaySettings, TokenSettings
from selfie_service.store import ReencryptionStore, ReplayStore, SelfieStore

NAME = "selfie"
PREFIX = "selfies"  # of this service's files in the file store


def print_token() -> None:
    settings.read_env_file(NAME)
    print(Signer.read(NAME, settings.load(TokenSettings).signing_key).sign_service("matcher"))


def run_reencryption() -> None:
    """Prints the counts as JSON."""
    settings.read_env_file(NAME)
    config = settings.load(ReencryptSettings)
    logs.configure(NAME, "ERROR")
    vault = Vault.read(config.master_key)
    db = create_db(config.database_url, 2, 0, f"reencrypt-{os.getpid()}", vault)
    images = Images(Blobs.connect(config, PREFIX), vault, SelfieStore(db).is_sealing)
    print(json.dumps({"sealed": reencrypt(ReencryptionStore(db), images)}))


def replay_ledger() -> None:
    settings.read_env_file(NAME)
    config = settings.load(ReplaySettings)
    logs.configure(NAME, "ERROR")
    store = ReplayStore(create_db(config.database_url, 1, 0, f"replay-{os.getpid()}"))
    print(json.dumps({"service": NAME, **replay(Ledger.connect(config), store)}))
