"""compose.yaml agrees with the code."""

from collections.abc import Mapping

import pytest
from pydantic import BaseModel

import auth_service.settings as auth
import matcher_service.settings as matcher
import selfie_service.settings as selfie
from deploy.local.processes import MAILER, PROCESSES
from deploy.migrate import MigrateAllSettings
from deploy.roles import role_of
from gateway.settings import GatewaySettings
from tests.cluster.compose import Service, profiled, read_services
from tests.cluster.images import ROOT

FILE = ROOT / "deploy" / "compose.yaml"
GIVEN = dict.fromkeys(("SMTP_URL", "MAIL_FROM", "PUBLIC_URL", "AWS_ENDPOINT", "AWS_REGION", "MAX_PHOTO_MB"), "given")
SERVICES = read_services(FILE, GIVEN)
KINDS = {kind.name: kind for kind in (*PROCESSES, MAILER)}
SETTINGS: Mapping[str, type[BaseModel]] = {
    "migrate": MigrateAllSettings,
    "auth": auth.ServeSettings,
    "mailer": auth.MailerSettings,
    "selfie": selfie.ServeSettings,
    "selfie-worker": selfie.WorkerSettings,
    "matcher": matcher.ServeSettings,
    "indexer": matcher.IndexerSettings,
    "gateway": GatewaySettings,
}
SECRETS = {"secrets", "auth", "selfie", "matcher", "gateway", "migrate", "password"}
# Read by libpq.
OF_LIBRARIES = {"PGPASSFILE"}
HARDENED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")


def test_compose_lists_exactly_the_processes_of_the_code() -> None:
    assert set(SERVICES) == {*KINDS, "prepare", "database", "migrate"}
    assert profiled(FILE) == {"mailer"}


@pytest.mark.parametrize("name", KINDS)
def test_each_process_has_the_same_command_as_in_the_local_stack(name: str) -> None:
    assert SERVICES[name].command == (KINDS[name].module, *KINDS[name].arguments)


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "database"])
def test_each_container_is_hardened_and_runs_our_image(name: str) -> None:
    service = SERVICES[name]
    assert service.flags == HARDENED
    assert service.image == "localhost/minois:dev"
    assert service.tmpfs or any(volume.endswith(":/tmp") for volume in service.volumes)


@pytest.mark.parametrize("name", [*KINDS, "database"])
def test_each_container_has_a_memory_limit(name: str) -> None:
    assert SERVICES[name].memory


@pytest.mark.parametrize("name", SETTINGS)
def test_each_process_gets_its_required_settings(name: str) -> None:
    required = {field.upper() for field, info in SETTINGS[name].model_fields.items() if info.is_required()}
    assert required <= set(SERVICES[name].environment)


def test_every_variable_is_a_setting_of_some_process() -> None:
    known = {field.upper() for settings in SETTINGS.values() for field in settings.model_fields}
    assert {name for service in ours() for name in service.environment} <= known | OF_LIBRARIES


def test_the_gateway_has_no_database_and_no_service_keys() -> None:
    gateway = SERVICES["gateway"]
    assert not {"DATABASE_URL", "PGPASSFILE"} & set(gateway.environment)
    mounted = {volume.partition(":")[0] for volume in gateway.volumes}
    assert mounted == {"gateway", "gateway-spool"}


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.has_database])
def test_a_service_has_only_its_own_key_and_database_role(name: str) -> None:
    service, environment = KINDS[name].service, SERVICES[name].environment
    assert {volume.partition(":")[0] for volume in SERVICES[name].volumes} & SECRETS == {service}
    for url in (environment["DATABASE_URL"], environment["LISTEN_URL"]):
        assert url == f"postgresql://{role_of(service)}@database/minois"
    assert environment["SIGNING_KEY"].endswith(f"/own/{service}.key.pem")


def test_only_prepare_writes_secrets() -> None:
    for service in ours():
        for volume in service.volumes:
            if volume.partition(":")[0] in SECRETS:
                assert volume.endswith(":ro") == (service.name != "prepare"), (service.name, volume)


def test_only_the_gateway_is_published_and_by_default_only_on_localhost() -> None:
    assert {service.name: service.ports for service in SERVICES.values() if service.ports} == {
        "gateway": ("127.0.0.1:8000:8000",)
    }


def test_optional_settings_are_passed_only_if_set() -> None:
    assert SERVICES["auth"].environment["SMTP_URL"] == "given"
    without = read_services(FILE, {})
    assert not {"SMTP_URL", "AWS_ENDPOINT", "PUBLIC_URL"} & set(without["auth"].environment)
    assert without["matcher"].environment["BLOB_URL"] == "file:///var/lib/minois/files"


def ours() -> list[Service]:
    return [service for service in SERVICES.values() if service.name != "database"]
