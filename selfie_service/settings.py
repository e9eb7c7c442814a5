"""Settings of selfie_service, read only by `__main__`."""

from pydantic import Field, field_validator

from kit import settings
from selfie_service.binding import FACES_PER_DAY, TOLERANCE
from selfie_service.domain.people import FACES_PER_GUEST


class MigrateSettings(settings.ProcessSettings, settings.DatabaseSettings):
    """python -m selfie_service migrate: bring the schema `selfie` to the newest version."""


class TokenSettings(settings.KeySettings):
    """python -m selfie_service token: print a token of service:selfie for matcher_service, valid for 60 seconds."""


class ReencryptSettings(MigrateSettings, settings.BlobSettings, settings.VaultSettings):
    """python -m selfie_service reencrypt: encrypt all selfies and encodings with the first key in the file MASTER_KEY.

    Run it once after an upgrade from a version that did not encrypt, and after each new key. Prints the counts.
    """


class ReplaySettings(MigrateSettings, settings.LedgerSettings):
    """python -m selfie_service replay: delete the people and selfies in the ledger again after a restore."""


class ServeSettings(
    MigrateSettings,
    settings.BlobSettings,
    settings.KeySettings,
    settings.VaultSettings,
    settings.SelfieSettings,
    settings.ServerSettings,
):
    """python -m selfie_service: accept selfies and report their state over gRPC."""

    selfie_port: int = Field(50052, ge=0, le=65535, description="port to listen on; 0: any")
    max_pending_selfies: int = Field(10_000, ge=1, description="selfies waiting for a verdict; more are rejected")
    auth_address: settings.Target = Field("127.0.0.1:50051", description="address of auth_service")
    faces_per_guest: int = Field(
        FACES_PER_GUEST, ge=0, le=20, description="people that an account may add in addition to its guest; 0: none"
    )


class WorkerSettings(
    settings.WorkerPoolSettings,
    MigrateSettings,
    settings.LedgerSettings,
    settings.AuditSettings,
    settings.KeySettings,
    settings.VaultSettings,
    settings.SelfieSettings,
    settings.TlsSettings,
    settings.FaceSettings,
):
    """python -m selfie_service worker: examine selfies and send them to matcher_service."""

    matcher_address: settings.Target = Field("127.0.0.1:50053", description="address of matcher_service")
    selfie_validation_strict: bool = Field(True, description="reject selfies of poor quality or of several people")
    binding_tolerance: float | None = Field(
        TOLERANCE, gt=0, le=2, description="largest distance of a later selfie from the first one; none: no limit"
    )
    faces_per_day: int = Field(
        FACES_PER_DAY, ge=1, le=1000, description="most first selfies per account in 24 hours, counting deleted ones"
    )
    image_timeout_s: float = Field(15, gt=0, le=300, description="timeout of one examination")
    image_memory_mb: int = Field(2048, ge=512, description="address space of the examining process")
    max_selfie_mp: int = Field(50, ge=1, le=2000, description="maximum megapixels of a selfie; a JPEG may have more")
    rematch_timeout_s: float = Field(10, gt=0, le=300, description="timeout of a stream of 64 rematches")
    worker_nice: int = Field(5, ge=0, le=19, description="nice value of the examining process; higher: lower priority")

    @field_validator("binding_tolerance", mode="before")
    @classmethod
    def _turned_off(cls, value: object) -> object:
        return None if value == "none" else value
