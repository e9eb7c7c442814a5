"""Settings: read once from the environment, only by `__main__`."""

import os
import re
import sys
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, DirectoryPath, Field, FilePath, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kit import failpoints

AUDIT_DAYS = 180
MB = 1_000_000
DEFAULT_PHOTO_MB = 100
DEFAULT_SELFIE_MB = 15

DATABASE_URL = r"^postgres(ql)?(\+psycopg2)?://"


class EnvironmentSettings(BaseSettings):
    """Base of all settings: how the environment is read. With several bases, the last one decides."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)


class TraceSettings(EnvironmentSettings):
    """Traces; the settings have OpenTelemetry's names."""

    otel_exporter_otlp_endpoint: str = Field(
        "", description="collector of traces (OTLP over HTTP), such as http://127.0.0.1:4318; empty: no traces"
    )
    otel_traces_sampler_arg: float = Field(1.0, ge=0, le=1, description="share of requests and jobs that are traced")


class ProcessSettings(TraceSettings):
    """Logs, metrics and traces of every process."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="lowest level that is logged")
    log_format: Literal["console", "json"] = Field("console", description="format of log lines")
    metrics_host: str = Field("127.0.0.1", description="address of Prometheus metrics; 0.0.0.0 for all")
    metrics_port: int = Field(0, ge=0, le=65535, description="port of Prometheus metrics; 0: none")
    failpoints: str = Field("", description="only for tests: STEP=die:CHANCE or STEP=fail:CHANCE, with commas")

    @field_validator("failpoints")
    @classmethod
    def _understood(cls, text: str) -> str:
        failpoints.parse(text)
        return text


class TrustSettings(EnvironmentSettings):
    """Trusted public keys."""

    minois_keys: DirectoryPath = Field(
        description="folder of trusted public keys (NAME.pub.pem; NAME.*.pub.pem while a key is replaced)"
    )


class PhotoSettings(EnvironmentSettings):
    """The largest photo; the gateway and matcher_service need the same value."""

    max_photo_mb: int = Field(DEFAULT_PHOTO_MB, ge=1, le=2000, description="largest photo file, in millions of bytes")


class SelfieSettings(EnvironmentSettings):
    """The largest selfie; the gateway and selfie_service need the same value."""

    max_selfie_mb: int = Field(DEFAULT_SELFIE_MB, ge=1, le=16, description="largest selfie, in millions of bytes")


class KeySettings(TrustSettings):
    """Signing key and trusted public keys."""

    signing_key: FilePath = Field(description="this service's private Ed25519 key (PEM)")


class VaultSettings(EnvironmentSettings):
    """Encryption of faces."""

    master_key: FilePath = Field(
        description="file that encrypts selfies and encodings: 32 bytes in base64 on each line; the first line"
        " encrypts, all of them decrypt"
    )


class PoolSettings(EnvironmentSettings):
    """Database connections of a process."""

    db_pool_size: int = Field(5, ge=1, le=100, description="connections that a process keeps open")
    db_max_overflow: int = Field(5, ge=0, le=100, description="further connections at a peak")


class WorkerPoolSettings(PoolSettings):
    """Database connections of a worker, which has a few threads instead of sixteen. Name it first among the bases."""

    db_pool_size: int = Field(3, ge=1, le=100, description="connections that a process keeps open")
    db_max_overflow: int = Field(2, ge=0, le=100, description="further connections at a peak")


class DatabaseSettings(PoolSettings):
    """PostgreSQL settings."""

    database_url: str = Field(
        pattern=DATABASE_URL, description="PostgreSQL, such as postgresql://user:password@host/name"
    )
    listen_url: str = Field("", description="direct connection for LISTEN (not through a pooler); empty: poll only")
    poll_interval_s: float = Field(0.5, gt=0, le=60, description="how often a worker polls for work")


def user_cache() -> Path | None:
    """Our folder in the user's cache; None for a user without a home, as in a container."""
    with suppress(RuntimeError):
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minois"
    return None


class FaceSettings(EnvironmentSettings):
    """Face engine settings."""

    model_cache: Path | None = Field(default_factory=user_cache, description="cache folder for converted models")


class BlobSettings(EnvironmentSettings):
    """The file store."""

    blob_url: str = Field(
        description="where files are kept: file:///path, s3://bucket or s3://bucket/folder",
    )
    blob_timeout_s: float = Field(10, ge=1, le=300, description="longest call to the file store, with its retries")
    blob_connect_timeout_s: float = Field(2, gt=0, le=60, description="longest wait for a connection to S3")
    blob_min_free_mb: int = Field(256, ge=0, description="less free space than this is reported as a full disk")
    aws_endpoint: str = Field("", description="address of an S3 server other than Amazon's, such as http://minio:9000")
    aws_allow_http: bool = Field(False, description="allow an AWS_ENDPOINT without TLS")
    aws_region: str = Field("", description="region of the bucket")
    aws_access_key_id: str = Field("", description="S3 access key; empty: the role of the machine")
    aws_secret_access_key: str = Field("", description="its secret")

    @field_validator("blob_url")
    @classmethod
    def _has_scheme(cls, url: str) -> str:
        if not re.match("file:///.|s3://.", url):
            raise ValueError("must be file:///path or s3://bucket")
        return url


class AuditSettings(EnvironmentSettings):
    """Retention of the audit log."""

    audit_days: int = Field(AUDIT_DAYS, ge=1, le=3650, description="days for which the audit log is kept")


class LedgerSettings(BlobSettings):
    """The ledger of erased data."""

    ledger_url: str = Field(
        "",
        description="store for the ids of erased data, used after a restore; like BLOB_URL; empty: BLOB_URL",
    )

    @field_validator("ledger_url")
    @classmethod
    def _is_store(cls, url: str) -> str:
        return cls._has_scheme(url) if url else url


def check_target(target: str) -> str:
    """`host:port`, or a name of gRPC's own such as dns:///host:port."""
    host, _, port = target.removeprefix("dns:///").rpartition(":")
    is_host = re.fullmatch(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]", host) is not None
    is_port = port.isdecimal() and port.isascii() and 0 < int(port) < 65536
    if not (is_host and is_port) and not re.match("(ipv4|ipv6|unix|unix-abstract|xds):.", target):
        raise ValueError("must be host:port, or a gRPC target such as dns:///host:port")
    return target


# The address of another service.
Target = Annotated[str, AfterValidator(check_target)]


class TlsSettings(EnvironmentSettings):
    """Files for TLS between services; all or none."""

    tls_cert: FilePath | None = Field(None, description="certificate chain of this process (PEM)")
    tls_key: FilePath | None = Field(None, description="its private key (PEM)")
    tls_ca: FilePath | None = Field(None, description="certificates of trusted authorities (PEM)")

    @model_validator(mode="after")
    def _all_or_none(self) -> Self:
        """Rejects an incomplete set, which would silently disable TLS."""
        if len({file is None for file in (self.tls_cert, self.tls_key, self.tls_ca)}) > 1:
            raise ValueError("TLS_CERT, TLS_KEY and TLS_CA go together: set all or none")
        return self


class ServerSettings(TlsSettings):
    """gRPC server settings."""

    host: str = Field("127.0.0.1", description="address to listen on; [::] for all interfaces")
    unary_workers: int = Field(8, ge=1, le=256, description="threads for unary calls")
    max_streams: int = Field(8, ge=1, le=256, description="threads for streams and long polls")
    max_watchers: int = Field(8, ge=1, le=256, description="threads for Watch streams, one for each gateway process")
    reflection: bool = Field(False, description="reflection: any client may list the methods, as grpcurl and ghz do")
    grace_s: float = Field(10, ge=0, le=300, description="how long a shutdown waits for running calls")
    max_connection_age_s: int = Field(300, ge=1, description="after this time a client looks up the replicas again")


class InvalidSetting(ValueError):
    """A setting is well-formed but cannot be used; the text is one line for the operator."""


AnySettings = TypeVar("AnySettings", bound=BaseSettings)


def load(cls: type[AnySettings]) -> AnySettings:
    """Returns the settings, or exits with code 2 and one line on standard error. `--help` lists them and exits."""
    if "--help" in sys.argv or "-h" in sys.argv:
        print(_help(cls))
        raise SystemExit(0)
    try:
        return cls()
    except ValidationError as error:
        print(f"settings: {describe(error)} (--help lists them all)", file=sys.stderr)
        raise SystemExit(2) from None


def describe(error: ValidationError) -> str:
    """Describes the invalid settings in one line, without their values."""
    return "; ".join(
        ": ".join([*(str(part).upper() for part in e["loc"]), e["msg"].removeprefix("Value error, ")])
        for e in error.errors()
    )


def read_env_file(service: str) -> None:
    """Fills the environment from the file that `minois run` writes; variables already set take precedence.

    The file has a key and a database role for each service: `AUTH_SIGNING_KEY` is the SIGNING_KEY of `auth`, and
    `AUTH_DATABASE_URL` its DATABASE_URL and LISTEN_URL.
    """
    path = Path(os.environ.get("MINOIS_DATA", "var")) / "env"
    if not path.is_file():
        return
    found = dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    if key := found.get(f"{service.upper()}_SIGNING_KEY"):
        found["SIGNING_KEY"] = key
    if url := found.get(f"{service.upper()}_DATABASE_URL"):
        found["DATABASE_URL"] = found["LISTEN_URL"] = url
    for name, value in found.items():
        os.environ.setdefault(name, value)


def _help(cls: type[BaseSettings]) -> str:
    lines = [f"{cls.__doc__}\n\nSettings (environment):"]
    for name, field in cls.model_fields.items():
        given = field.get_default(call_default_factory=True)
        given = given.value if isinstance(given, Enum) else given
        default = "required" if field.is_required() else f"default {given!r}"
        lines.append(f"  {name.upper():<24} {field.description or ''} ({default})")
    return "\n".join(lines)
