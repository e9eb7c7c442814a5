"""The address at which other devices reach this machine, with `TLS=1`."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from deploy.local import lan
from deploy.local.faults import WrongSetting

OWN_CERTIFICATE = ("GATEWAY_TLS_CERT", "GATEWAY_TLS_KEY")


@dataclass(frozen=True)
class Entrance:
    """`public_url`: the address for other devices; empty if there is none. `https_names`: the names in the
    certificate; empty for plain HTTP."""

    public_url: str = ""
    https_names: tuple[str, ...] = ()


def choose_entrance(port: int, settings: Mapping[str, str], *, tls: bool) -> Entrance:
    """PUBLIC_URL, or with `tls` the first network address of this machine. Raises WrongSetting."""
    given = settings.get("PUBLIC_URL", "").rstrip("/")
    if not tls:
        return Entrance(given)
    for name in OWN_CERTIFICATE:
        if settings.get(name):
            raise WrongSetting(f"{name} cannot be combined with TLS=1, which creates its own certificate.")
    if given and urlsplit(given).scheme != "https":
        raise WrongSetting("PUBLIC_URL must begin with https:// when TLS=1 is set.")
    addresses, host = lan.lan_addresses(), urlsplit(given).hostname or ""
    names = (*lan.LOCAL_NAMES, *addresses, *lan.host_names(), *([host] if lan.HOST_NAME.fullmatch(host) else []))
    return Entrance(given or (_address(addresses[0], port) if addresses else ""), names)


def _address(host: str, port: int) -> str:
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
