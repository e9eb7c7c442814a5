"""deploy/k8s/secrets.sh on a real control plane: each service gets its own database role."""

import base64
from urllib.parse import urlsplit

from deploy.roles import SERVICES, role_of
from tests.cluster.control_plane import ControlPlane
from tests.cluster.manifests import Manifests
from tests.cluster.simulated import NAMESPACE, make_secrets

POOLED, DIRECT = "database-pooler.minois", "database-rw.minois"


def read(control: ControlPlane, name: str) -> dict[str, str]:
    data = control.read(f"secret/{name}", *NAMESPACE)["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def test_each_service_shares_its_password_only_with_the_migrations(
    control: ControlPlane, production: Manifests
) -> None:
    owner = read(control, "database-migrate")
    lines = [line.split(":")[3:] for line in owner["pgpass"].splitlines()]
    assert [role for role, _ in lines] == [role_of(service) for service in SERVICES]
    assert len({password for _, password in lines}) == len(SERVICES)
    for service, (role, password) in zip(SERVICES, lines, strict=True):
        own = {key: urlsplit(url) for key, url in read(control, f"database-{service}").items()}
        assert {(url.username, url.password) for url in own.values()} == {(role, password)}
        assert {key: url.hostname for key, url in own.items()} == {"DATABASE_URL": POOLED, "LISTEN_URL": DIRECT}


def test_migrations_reach_the_database_past_the_pooler_as_a_superuser(
    control: ControlPlane, production: Manifests
) -> None:
    url, superuser = urlsplit(read(control, "database-migrate")["DATABASE_URL"]), read(control, "database-superuser")
    assert (url.hostname, url.username, url.password) == (DIRECT, superuser["username"], superuser["password"])
    cluster = production.of("Cluster")["database"]["spec"]
    assert cluster["enableSuperuserAccess"] is True
    assert cluster["superuserSecret"] == {"name": "database-superuser"}


def test_missing_secrets_are_created_and_existing_ones_kept(control: ControlPlane, production: Manifests) -> None:
    before = {name: read(control, name) for name in ("database-auth", "database-migrate", "master-key", "key-auth")}
    control.kubectl("delete", "secret", "database-migrate", *NAMESPACE)
    make_secrets(control, "production")
    assert {name: read(control, name) for name in before} == before
