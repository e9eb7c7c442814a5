"""Encrypts data stored by a version without encryption, before the processes of this version start."""

from collections.abc import Mapping
from pathlib import Path

import matcher_service.reencryption
import selfie_service.reencryption
from kit.db.engine import create_db
from kit.storage.blobs import Blobs
from kit.vault import Vault
from matcher_service.store import ReencryptionStore as FaceStore
from selfie_service.images import Images
from selfie_service.store import ReencryptionStore as PersonStore
from selfie_service.store import SelfieStore


def encrypt_old(env: Mapping[str, str]) -> None:
    """Runs once; later writes are always encrypted. No other process may use the database. Raises InvalidSetting."""
    vault = Vault.read(Path(env["MASTER_KEY"]))
    db = create_db(env["DATABASE_URL"], 2, 0, "minois-encrypt", vault)
    people, faces = PersonStore(db), FaceStore(db)
    if not people.has_begun():
        images = Images(Blobs(env["BLOB_URL"], "selfies"), vault, SelfieStore(db).is_sealing)
        selfie_service.reencryption.reencrypt(people, images)
    if not faces.has_begun():
        matcher_service.reencryption.reencrypt(faces)
    db.dispose()
