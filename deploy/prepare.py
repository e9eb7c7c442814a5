"""Makes the keys and the database password of an installation in containers: `python -m deploy.prepare FOLDER`.

What exists is kept, so it runs before each start. Each folder in FOLDER is for others: `secrets` for the services,
`gateway` for the gateway, which knows neither their keys nor the password, `password` for PostgreSQL, and `master` for
those who read faces.
"""

import secrets
import shutil
import sys
from pathlib import Path

from kit.identity import create_key_pair
from kit.vault import create_master_key

SIGNING_SERVICES = ("auth", "selfie", "matcher", "gateway")
USER = "minois"  # of the database
PASSWORD_BYTES = 24


def main() -> None:
    if len(sys.argv) != 2:
        print("prepare: the folder is missing, such as /var/lib/minois", file=sys.stderr)
        raise SystemExit(2)
    try:
        prepare(Path(sys.argv[1]))
    except OSError as fault:
        print(f"prepare: {fault.filename} cannot be written: {fault.strerror}", file=sys.stderr)
        raise SystemExit(1) from None


def prepare(folder: Path) -> None:
    """Raises OSError."""
    own, gateway, password = (folder / name for name in ("secrets", "gateway", "password"))
    for part in (own, gateway, password):
        part.mkdir(parents=True, exist_ok=True)
    for service in SIGNING_SERVICES:
        create_key_pair(own, service)
    for path in (own / "gateway.key.pem", *own.glob("*.pub.pem")):
        shutil.copy2(path, gateway / path.name)
    create_master_key(folder / "master" / "master.key")
    text = password / "database"
    if not text.exists():
        # PostgreSQL reads it as a user of its own.
        _write(text, secrets.token_urlsafe(PASSWORD_BYTES), 0o444)
    _write(own / "pgpass", f"*:*:*:{USER}:{text.read_text()}\n", 0o600)


def _write(path: Path, text: str, mode: int) -> None:
    """Whole or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.chmod(mode)
    fresh.replace(path)


if __name__ == "__main__":
    main()
