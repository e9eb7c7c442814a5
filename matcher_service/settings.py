"""Settings of matcher_service; `__main__` alone reads them."""

from pydantic import Field

from kit import settings


class MigrateSettings(settings.ProcessSettings, settings.DatabaseSettings):
    """python -m matcher_service migrate: bring the schema `matcher` to the newest version."""


class TokenSettings(settings.KeySettings):
    """python -m matcher_service token: print a token of 60 seconds, for auth_service, that we are service:matcher."""


class CheckSettings(MigrateSettings, settings.BlobSettings):
    """python -m matcher_service check [--repair]: tell what is missing, damaged or contradictory in files and rows.

    Ends with 0 when all is well, 1 when something is wrong, 2 when it could not look.
    """


class RereadSettings(MigrateSettings):
    """python -m matcher_service reread --event ID | --all: read the photos that an older engine has read again.

    Indexers do it when no new photos wait. Asked once more, it tells how far they are.
    """


class ReencryptSettings(MigrateSettings, settings.VaultSettings):
    """python -m matcher_service reencrypt: encrypt all encodings with the first key in the file MASTER_KEY.

    Once after the upgrade from a version that did not encrypt, and after each new key. Prints how many there were.
    """


class MatchSettings(CheckSettings):
    """What serving and indexing share."""

    face_tolerance: float = Field(0.53, gt=0, le=2, description="largest distance of two encodings of one person")
    photos_of_two_faces: int = Field(
        2, ge=1, description="photos in which a selfie is near two faces from which organisers are told of the guest"
    )


class ReplaySettings(MigrateSettings, settings.LedgerSettings):
    """python -m matcher_service replay: after a restore, delete the photos again that the ledger names."""


class IndexerSettings(
    settings.WorkerPoolSettings,
    MatchSettings,
    settings.VaultSettings,
    settings.PhotoSettings,
    settings.FaceSettings,
    settings.LedgerSettings,
    settings.AuditSettings,
):
    """python -m matcher_service indexer: read photos and delete the files of what is gone."""

    image_timeout_s: float = Field(15, gt=0, le=300, description="how long reading a photo may take")
    image_memory_mb: int = Field(3072, ge=512, description="address space of the process that reads")
    max_photo_mp: int = Field(220, ge=1, le=2000, description="most megapixels of a photo; a JPEG may have more")
    min_face_share: float = Field(0.02, ge=0.005, le=1, description="smallest face to find, of a photo's longer side")
    settle_max_faces: int = Field(
        300_000, ge=0, description="events of more faces have direct matches alone; 0: all do"
    )
    reread_old_photos: bool = Field(
        True,
        description="read photos of an older engine again, when no others wait; `matcher_service reread` always does",
    )
    reread_share: float = Field(0.5, gt=0, le=1, description="most of an indexer's time that reading again takes")
    indexer_nice: int = Field(15, ge=0, le=19, description="how far reading gives way to other processes")


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
    auth_address: settings.Target = Field("127.0.0.1:50051", description="where auth_service is, for its change feed")
    guest_photos_per_day: int = Field(100, ge=1, description="most photos that a guest adds to an event in a day")
    accounts_of_one_face: int = Field(3, ge=2, description="accounts with one face that organisers are told of")
    index_memory_mb: float = Field(512, gt=0, description="most memory for encodings; each load takes 40 MB more")
