"""Settings of matcher_service, read only by `__main__` and `commands`."""

from pydantic import Field

from kit import settings


class MigrateSettings(settings.ProcessSettings, settings.DatabaseSettings):
    """python -m matcher_service migrate: bring the schema `matcher` to the newest version."""


class TokenSettings(settings.KeySettings):
    """python -m matcher_service token: print a token for auth_service, valid for 60 s, as service:matcher."""


class CheckSettings(MigrateSettings, settings.BlobSettings):
    """python -m matcher_service check [--repair]: report what is missing, damaged or inconsistent in files and rows.

    The exit status is 0 if there is no finding, 1 if something is wrong, 2 if the check could not run.
    """


class RereadSettings(MigrateSettings):
    """python -m matcher_service reread --event ID | --all: schedule photos that an older engine read to be read again.

    Indexers read them when no new photos wait. Run the command again to see the progress.
    """


class ReencryptSettings(MigrateSettings, settings.VaultSettings):
    """python -m matcher_service reencrypt: encrypt all encodings with the first key in the file MASTER_KEY.

    Run it once after upgrading from a version without encryption, and after adding a key. Prints the counts.
    """


class MatchSettings(CheckSettings):
    """Settings that serving and indexing share."""

    face_tolerance: float = Field(0.53, gt=0, le=2, description="largest distance of two encodings of one person")
    photos_of_two_faces: int = Field(
        2, ge=1, description="a guest whose selfie is near two faces in so many photos is reported to organisers"
    )


class ReplaySettings(MigrateSettings, settings.LedgerSettings):
    """python -m matcher_service replay: after a restore, delete the photos again that the ledger lists."""


class IndexerSettings(
    settings.WorkerPoolSettings,
    MatchSettings,
    settings.VaultSettings,
    settings.PhotoSettings,
    settings.FaceSettings,
    settings.LedgerSettings,
    settings.AuditSettings,
):
    """python -m matcher_service indexer: read photos, and delete the files of deleted photos and events."""

    image_timeout_s: float = Field(15, gt=0, le=300, description="time limit for reading a photo")
    image_memory_mb: int = Field(3072, ge=512, description="address space of the process that reads photos")
    max_photo_mp: int = Field(220, ge=1, le=2000, description="largest photo in megapixels; a JPEG may be larger")
    min_face_share: float = Field(0.02, ge=0.005, le=1, description="smallest face, as a share of the longer side")
    settle_max_faces: int = Field(
        300_000, ge=0, description="events of more faces have direct matches only; 0: every event"
    )
    reread_old_photos: bool = Field(
        True,
        description="read photos of an older engine again, when no others wait; `matcher_service reread` always does",
    )
    reread_share: float = Field(0.5, gt=0, le=1, description="largest share of an indexer's time for that")
    indexer_nice: int = Field(15, ge=0, le=19, description="niceness of the process that reads photos")


class ServeSettings(
    settings.FaceSettings,
    MatchSettings,
    settings.VaultSettings,
    settings.KeySettings,
    settings.PhotoSettings,
    settings.ServerSettings,
):
    """python -m matcher_service: serve photos and matches over gRPC."""

    matcher_port: int = Field(50053, ge=0, le=65535, description="port to listen on; 0: any")
    auth_address: settings.Target = Field("127.0.0.1:50051", description="auth_service, for its change feed")
    photos_per_event: int = Field(50_000, ge=1, description="photos that an event may have")
    guest_photos_per_day: int = Field(100, ge=1, description="photos that a guest may add to an event per day")
    accounts_of_one_face: int = Field(3, ge=2, description="accounts with one face from which they are reported")
    index_memory_mb: float = Field(512, gt=0, description="memory limit for encodings; a load needs 40 MB more")
