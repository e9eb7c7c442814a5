"""HTTPS: the certificate, and timeouts for TLS handshakes."""

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from kit.settings import InvalidSetting

HANDSHAKE_S = 4.0
CLOSE_S = 4.0  # how long the client may take to complete the TLS shutdown
# For TLS 1.2; the cipher suites of TLS 1.3 are not configured here.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


@dataclass(frozen=True)
class Certificate:
    """A certificate chain and its private key, as PEM files; called by uvicorn in each worker process."""

    chain: Path
    key: Path

    def __call__(self, *_: object) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers(CIPHERS)
        context.set_alpn_protocols(["http/1.1"])
        context.load_cert_chain(self.chain, self.key, password="")  # without one OpenSSL would prompt on the terminal
        return context

    def check(self) -> None:
        """Raises InvalidSetting if the files are unusable."""
        try:
            self()
        except (OSError, ValueError) as error:
            what = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
            raise InvalidSetting(
                f"GATEWAY_TLS_CERT and GATEWAY_TLS_KEY: {self.chain} and {self.key} are not a certificate and its "
                f"private key (PEM, without a password): {what}"
            ) from None


class Loop(uvloop.Loop):
    """Adds the TLS timeouts, which uvicorn does not set; the defaults are a minute and half a minute."""

    async def create_server(self, *args: Any, **options: Any) -> asyncio.AbstractServer:  # type: ignore[override]
        if options.get("ssl") is not None:
            options |= {"ssl_handshake_timeout": HANDSHAKE_S, "ssl_shutdown_timeout": CLOSE_S}
        return await super().create_server(*args, **options)
