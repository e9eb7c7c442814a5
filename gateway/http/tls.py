"""HTTPS: the certificate, and time-outs for clients that never complete a handshake."""

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from kit.settings import InvalidSetting

HANDSHAKE_S = 4.0
CLOSE_S = 4.0  # how long the other side may take to confirm the end
# Of TLS 1.2; those of TLS 1.3 are not chosen by name.
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
        context.load_cert_chain(self.chain, self.key, password="")  # an empty one: OpenSSL would ask the terminal
        return context

    def check(self) -> None:
        """Raises InvalidSetting for files that cannot be served with."""
        try:
            self()
        except (OSError, ValueError) as error:
            what = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
            raise InvalidSetting(
                f"GATEWAY_TLS_CERT and GATEWAY_TLS_KEY: {self.chain} and {self.key} are not a certificate and its "
                f"private key (PEM, without a password): {what}"
            ) from None


class Loop(uvloop.Loop):
    """uvicorn gives `create_server` no time-outs of TLS, and the defaults are a minute and half a minute."""

    async def create_server(self, *args: Any, **options: Any) -> asyncio.AbstractServer:  # type: ignore[override]
        if options.get("ssl") is not None:
            options |= {"ssl_handshake_timeout": HANDSHAKE_S, "ssl_shutdown_timeout": CLOSE_S}
        return await super().create_server(*args, **options)
