"""Creates the keys and database passwords of an installation in containers: `python -m deploy.prepare FOLDER`.

Existing files are kept, so it runs before each start. Only this command reads `secrets` in FOLDER. `auth`, `selfie`,
`matcher` and `gateway` each contain the key of that process and the password of its role, `migrate` the passwords of
all roles, `password` that of PostgreSQL's owner, and `master` the master key, for the processes that read faces.
"""

import secrets
import shutil
import sys
from pathlib import Path

from deploy.roles import SERVICES, role_of
from kit.rpc.identity import create_key_pair
from kit.vault import create_master_key

SIGNING_SERVICES = ("auth", "selfie", "matcher", "gateway")
USER = "minois"  # owner of the database, a superuser
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
    own, migrate, password = (folder / name for name in ("secrets", "migrate", "password"))
    for part in (own, migrate, password, *(folder / service for service in SIGNING_SERVICES)):
        part.mkdir(parents=True, exist_ok=True)
    for service in SIGNING_SERVICES:
        create_key_pair(own, service)
    create_master_key(folder / "master" / "master.key")
    for service in SIGNING_SERVICES:
        for path in (own / f"{service}.key.pem", *own.glob("*.pub.pem")):
            shutil.copy2(path, folder / service / path.name)
    # PostgreSQL reads it as another user.
    lines = [_to_line(USER, _keep_password(password / "database", 0o444))]
    for service in SERVICES:
        lines.append(_to_line(role_of(service), _keep_password(own / f"{service}.password", 0o600)))
        _write(folder / service / "pgpass", lines[-1], 0o600)
    _write(migrate / "pgpass", "".join(lines), 0o600)
    (own / "pgpass").unlink(missing_ok=True)  # left by versions with a single role


def _keep_password(path: Path, mode: int) -> str:
    if not path.exists():
        _write(path, secrets.token_urlsafe(PASSWORD_BYTES), mode)
    return path.read_text()


def _to_line(role: str, password: str) -> str:
    return f"*:*:*:{role}:{password}\n"


def _write(path: Path, text: str, mode: int) -> None:
    """Writes the file atomically."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.chmod(mode)
    fresh.replace(path)


if __name__ == "__main__":
    main()
