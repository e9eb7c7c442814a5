"""Settings of auth_service, read only by `__main__`."""

from pydantic import Field

from auth_service.domain import GUEST_SESSION_DAYS, SESSION_DAYS, RequireConsent
from auth_service.mail_settings import MailSettings
from auth_service.offers import MAX_KEEP_DAYS, RETENTION_DAYS
from kit import settings


class MigrateSettings(settings.ProcessSettings, settings.DatabaseSettings):
    """python -m auth_service migrate: bring the schema `auth` to the newest version."""


class OrganiserSettings(MigrateSettings):
    """python -m auth_service add-organiser --username U --email E: create an account that may create events."""

    minois_password: str = Field("", description="the organiser's password; empty: asked for")


class ReplaySettings(MigrateSettings, settings.LedgerSettings):
    """python -m auth_service replay: erase the accounts and events in the ledger again after a restore."""


class ResetLinkSettings(MigrateSettings, MailSettings):
    """python -m auth_service reset-link --username U: print a password reset link for U, valid for a day."""


class ServeSettings(
    MigrateSettings, settings.KeySettings, settings.ServerSettings, MailSettings, settings.AuditSettings
):
    """python -m auth_service: serve accounts, events and tokens over gRPC."""

    auth_port: int = Field(50051, ge=0, le=65535, description="port to listen on; 0: any")
    session_days: int = Field(
        SESSION_DAYS, ge=1, le=3650, description="maximum lifetime of a session of an account with a password"
    )
    guest_session_days: int = Field(
        GUEST_SESSION_DAYS, ge=1, le=3650, description="maximum lifetime of a session of a guest without a password"
    )
    guests_of_one_phone: int = Field(5, ge=2, description="minimum number of guests per phone to report to organisers")
    retention_days: int = Field(
        RETENTION_DAYS,
        ge=0,
        le=MAX_KEEP_DAYS,
        description="days after its end for which a new event is kept, unless its organiser chooses otherwise; 0: until"
        " an organiser deletes it",
    )
    require_consent: RequireConsent = Field(
        RequireConsent.GUESTS,
        description="whose face is searched for only after consent: `guests` (accounts without a password), `everyone`"
        " or `nobody`",
    )
    # Each process of selfie_service, matcher_service and the gateway holds two long polls here.
    max_streams: int = Field(32, ge=1, le=256, description="threads for streams and long polls")


class MailerSettings(
    settings.WorkerPoolSettings, MigrateSettings, settings.KeySettings, settings.TlsSettings, MailSettings
):
    """python -m auth_service mailer: send e-mails; requires SMTP_URL."""

    matcher_address: settings.Target = Field("127.0.0.1:50053", description="address of matcher_service")
    smtp_timeout_s: float = Field(15, gt=0, le=120, description="timeout for each response of the mail server")
