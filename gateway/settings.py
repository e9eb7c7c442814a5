"""Settings of the gateway; only `__main__` reads them from the environment."""

from ipaddress import ip_network
from typing import Self

from pydantic import AliasChoices, Field, FilePath, field_validator, model_validator

from gateway.http.limits import Bounds, Limits
from gateway.http.rates import Rates, parse_rates
from gateway.http.shared_rates import URL
from gateway.http.site import ORIGIN, ROOT_PATH, Site
from kit import settings


class GatewaySettings(
    settings.ProcessSettings,
    settings.TrustSettings,
    settings.PhotoSettings,
    settings.SelfieSettings,
    settings.TlsSettings,
):
    """python -m gateway: serve the REST interface."""

    gateway_host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 for all of IPv4, :: for all")
    gateway_port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0: any")
    gateway_workers: int = Field(
        1,
        ge=1,
        le=64,
        validation_alias=AliasChoices("gateway_workers", "gunicorn_workers"),
        description="processes; GUNICORN_WORKERS is accepted as well",
    )
    gateway_tls_cert: FilePath | None = Field(
        None, description="certificate chain for HTTPS (PEM); none: plain HTTP, such as behind a proxy with HTTPS"
    )
    gateway_tls_key: FilePath | None = Field(None, description="its private key (PEM, without a password)")
    gateway_head_timeout_s: float = Field(4, gt=0, le=600, description="time limit for a request head")
    gateway_body_timeout_s: float = Field(
        9, gt=0, le=600, description="time limit for a request body without a valid token"
    )
    gateway_body_pause_s: float = Field(
        60, gt=0, le=3600, description="longest pause of a request body with a valid token"
    )
    gateway_answer_timeout_s: float = Field(10, gt=0, le=600, description="longest stall of a response")
    gateway_call_timeout_s: float = Field(5, gt=0, le=60, description="timeout of a call to a service")
    gateway_max_bodies: int = Field(1000, ge=1, description="request bodies arriving at the same time, in each process")
    gateway_max_bodies_per_user: int = Field(32, ge=1, description="of these, of one user")
    gateway_max_selfies: int = Field(3, ge=1, description="selfies forwarded at once")
    gateway_max_photos: int = Field(4, ge=1, description="photos forwarded at once")
    gateway_max_streams: int = Field(200, ge=1, description="streams of events at once")
    gateway_max_streams_per_user: int = Field(
        4, ge=1, description="streams and open pages with live updates, of one user in each process"
    )
    gateway_max_updates: int = Field(1000, ge=1, description="open pages with live updates, in each process")
    gateway_max_archives: int = Field(32, ge=1, description="archives of photos sent at once")
    gateway_max_archives_per_user: int = Field(4, ge=1, description="of these, of one user")
    gateway_max_requests: int = Field(128, ge=1, description="other requests at once")
    gateway_max_requests_per_user: int = Field(32, ge=1, description="of these, of one user; some more wait")
    gateway_max_waiting: int = Field(32, ge=0, description="requests of each kind that may wait for a slot")
    rate_codes: str = Field(Rates.codes, description="checks of event codes, and joins, by one address; none: no limit")
    rate_availability: str = Field(
        Rates.availability, description="checks of user names and e-mail addresses by one address"
    )
    rate_guests: str = Field(Rates.guests, description="new guests without a password from one address")
    rate_registrations: str = Field(Rates.registrations, description="registrations from one address")
    rate_logins: str = Field(Rates.logins, description="sign-ins from one address")
    rate_passwords: str = Field(Rates.passwords, description="sign-ins to one account from one address")
    rate_links: str = Field(Rates.links, description="e-mails with a sign-in link requested by one address")
    rate_addresses: str = Field(Rates.addresses, description="e-mails with a sign-in link to one e-mail address")
    rate_selfies: str = Field(Rates.selfies, description="selfies of one account")
    rate_selfie_mb: str = Field(Rates.selfie_mb, description="millions of bytes of the selfies of one account")
    rate_address_selfies: str = Field(Rates.address_selfies, description="selfies of all accounts of one address")
    rate_phones: str = Field(Rates.phones, description="new guests without a password from one browser")
    rate_face_searches: str = Field(
        Rates.face_searches, description="searches of one organiser for people who ask to be removed"
    )
    rate_limit_url: str = Field(
        "",
        description="Valkey or Redis that counts for all gateways, such as redis://:password@host:6379/0 (rediss://"
        " with TLS); empty: each process counts by itself",
    )
    root_path: str = Field("", description="path prefix under which a proxy shows the gateway, such as /photos")
    public_url: str = Field(
        "", description="public address, such as https://photos.example.org; for links, QR codes and cookies"
    )
    gateway_docs: bool = Field(True, description="describe the REST interface at /docs and /openapi.json")
    mail_from: str = Field("", description="sender of e-mails, as auth_service has it; set: pages offer e-mail")
    hsts_days: int = Field(
        0,
        ge=0,
        le=730,
        description="days for which browsers that used HTTPS must keep using it (HSTS); 0: no header."
        " With a certificate that lasts",
    )
    trusted_proxies: str = Field(
        "",
        description="addresses or networks of proxies whose X-Forwarded-For and -Proto are trusted, by commas",
    )
    cors_origins: str = Field(
        "", description="origins whose pages may call the gateway, by commas, or *; never with credentials"
    )
    auth_address: settings.Target = Field(description="auth_service, such as localhost:50051 or dns:///auth:50051")
    selfie_address: settings.Target = Field(description="selfie_service, such as localhost:50052")
    matcher_address: settings.Target = Field(description="matcher_service, such as localhost:50053")
    grace_s: float = Field(10, ge=0, le=300, description="how long a shutdown waits for running requests")
    signing_key: FilePath | None = Field(
        None, description="the gateway's private Ed25519 key (PEM), for live updates; none: /api/updates answers 503"
    )

    @model_validator(mode="after")
    def _check_certificate(self) -> Self:
        """Requires both files: with only one the gateway would silently serve plain HTTP."""
        if (self.gateway_tls_cert is None) != (self.gateway_tls_key is None):
            raise ValueError("GATEWAY_TLS_CERT and GATEWAY_TLS_KEY go together: set both or none")
        return self

    @field_validator(*(f"rate_{name}" for name in vars(Rates())))
    @classmethod
    def _check_rate(cls, rate: str) -> str:
        try:
            parse_rates(rate)
        except ValueError:
            raise ValueError("must be like 10/minute or 10/minute;100/hour, or none") from None
        return rate

    @field_validator("rate_limit_url")
    @classmethod
    def _check_rate_limit_url(cls, url: str) -> str:
        if url and not URL.fullmatch(url):
            raise ValueError("must be redis://, rediss://, valkey:// or valkeys:// with a host")
        return url

    @field_validator("root_path")
    @classmethod
    def _check_root_path(cls, path: str) -> str:
        if path.rstrip("/") and not ROOT_PATH.fullmatch(path.rstrip("/")):
            raise ValueError("must be a path such as /photos, which does not begin as one of the gateway's own")
        return path.rstrip("/")

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, url: str) -> str:
        if url and not (ORIGIN.fullmatch(url.rstrip("/")) and url != "*"):
            raise ValueError("must be scheme and host such as https://photos.example.org; ROOT_PATH is for the path")
        return url.rstrip("/")

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, proxies: str) -> str:
        for proxy in split(proxies):
            ip_network(proxy, strict=False)
        return proxies

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, origins: str) -> str:
        if not all(ORIGIN.fullmatch(origin) for origin in split(origins)):
            raise ValueError("must be origins such as https://example.org, without a path, or *")
        return origins

    def limits(self) -> Limits:
        return Limits(
            head_s=self.gateway_head_timeout_s,
            body_s=self.gateway_body_timeout_s,
            pause_s=self.gateway_body_pause_s,
            answer_s=self.gateway_answer_timeout_s,
            call_s=self.gateway_call_timeout_s,
            max_photo_bytes=self.max_photo_mb * settings.MB,
            max_selfie_bytes=self.max_selfie_mb * settings.MB,
            rate_limit_url=self.rate_limit_url,
            rates=Rates(**{name: getattr(self, f"rate_{name}") for name in vars(Rates())}),
            bounds=Bounds(
                bodies=self.gateway_max_bodies,
                bodies_per_caller=self.gateway_max_bodies_per_user,
                selfies=self.gateway_max_selfies,
                photos=self.gateway_max_photos,
                streams=self.gateway_max_streams,
                updates=self.gateway_max_updates,
                archives=self.gateway_max_archives,
                requests=self.gateway_max_requests,
                waiting=self.gateway_max_waiting,
                streams_per_user=self.gateway_max_streams_per_user,
                archives_per_user=self.gateway_max_archives_per_user,
                requests_per_user=self.gateway_max_requests_per_user,
            ),
        )

    def site(self) -> Site:
        proxies, origins = split(self.trusted_proxies), split(self.cors_origins)
        return Site(self.root_path, self.public_url, proxies, origins, self.hsts_days)


def split(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())
