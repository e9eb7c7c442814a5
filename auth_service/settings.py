"""Settings of auth_service; `__main__` alone reads them."""

from pydantic import Field

from auth_service.domain import GUEST_SESSION_DAYS, SESSION_DAYS, RequireConsent
from auth_service.mail_settings import MailSettings
from auth_service.offers import MAX_KEEP_DAYS, RETENTION_DAYS
from kit import settings


class MigrateSettings(settings.ProcessSettings, settings.DatabaseSettings):
    """python -m auth_service migrate: bring the schema `auth` to the newest version."""


class OrganiserSettings(MigrateSettings):
    """python -m auth_service add-organiser --username U --email E: make an account that may create events."""

    minois_password: str = Field("", description="the organiser's password; empty: asked for")


class ReplaySettings(MigrateSettings, settings.LedgerSettings):
    """python -m auth_service replay: after a restore, erase the accounts and events again that the ledger names."""


class ResetLinkSettings(MigrateSettings, MailSettings):
    """python -m auth_service reset-link --username U: print a link to a new password for U, good for a day."""


class ServeSettings(
    MigrateSettings, settings.KeySettings, settings.ServerSettings, MailSettings, settings.AuditSettings
):
    """python -m auth_service: serve accounts, events and tokens over gRPC."""

    auth_port: int = Field(50051, ge=0, le=65535, description="port to listen on; 0: any")
    session_days: int = Field(
        SESSION_DAYS, ge=1, le=3650, description="how long a session of an account with a password lasts at most"
    )
    guest_session_days: int = Field(
        GUEST_SESSION_DAYS, ge=1, le=3650, description="the same without a password, where the session is the account"
    )
    guests_of_one_phone: int = Field(5, ge=2, description="guests who joined by one phone that organisers are told of")
    retention_days: int = Field(
        RETENTION_DAYS,
        ge=0,
        le=MAX_KEEP_DAYS,
        description="days after its end for which a new event is kept, unless its organiser says otherwise; 0: until it"
        " is deleted by hand",
    )
    require_consent: RequireConsent = Field(
        RequireConsent.GUESTS,
        description="whose face is searched only with a consent: guests (without a password), everyone, or nobody",
    )
    # Every process of selfie_service, of matcher_service and of the gateway has two long polls here.
    max_streams: int = Field(32, ge=1, le=256, description="threads for streams and long polls")


class MailerSettings(
    settings.WorkerPoolSettings, MigrateSettings, settings.KeySettings, settings.TlsSettings, MailSettings
):
    """python -m auth_service mailer: send e-mails; where SMTP_URL is set."""

    matcher_address: settings.Target = Field("127.0.0.1:50053", description="where matcher_service is")
    smtp_timeout_s: float = Field(15, gt=0, le=120, description="longest wait for an answer of the mail server")
