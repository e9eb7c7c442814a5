"""Addresses and names at which other devices on the same network reach this machine."""

import re
import socket
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address

import psutil

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,62})?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,62})?)*")
# Virtual networks of containers on this machine.
INNER = re.compile("docker|br-|veth|virbr|vmnet|vboxnet|cni|podman")
ROUTES = (
    (socket.AF_INET, "192.0.2.1"),
    (socket.AF_INET6, "2001:db8::1"),
)  # documentation addresses that no host has, RFC 5737 and 3849

Address = IPv4Address | IPv6Address


def lan_addresses() -> list[str]:
    """Network addresses of this machine, that of the default route first; empty without a network."""
    states = psutil.net_if_stats()
    found = [
        ip_address(address.address.partition("%")[0])
        for name, addresses in psutil.net_if_addrs().items()
        if name in states and states[name].isup and not INNER.match(name)
        for address in addresses
        if address.family in (socket.AF_INET, socket.AF_INET6)
    ]
    return [str(address) for address in choose(found, _routed())]


def choose(found: Iterable[Address], routed: Iterable[Address]) -> list[Address]:
    """Drops IPv6 addresses if there are IPv4 ones: IPv6 addresses change daily (RFC 8981), and each change would need
    a new certificate, with a new warning on every phone."""
    usable = [each for each in found if not (each.is_loopback or each.is_link_local or each.is_unspecified)]
    usable = [each for each in usable if each.version == 4] or usable
    first = list(routed)
    return sorted(set(usable), key=lambda each: (each not in first, each.packed))


def host_names() -> list[str]:
    """Its name in multicast DNS, and its plain name, which routers resolve."""
    name = socket.gethostname()
    names = [f"{name.partition('.')[0]}.local", name]
    return [each.lower() for each in names if HOST_NAME.fullmatch(each)]


def can_listen_on_ipv6() -> bool:
    with suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


def _routed() -> list[Address]:
    """The source addresses of outgoing connections; nothing is sent."""
    addresses = []
    for family, destination in ROUTES:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((destination, 9))
            addresses.append(ip_address(probe.getsockname()[0].partition("%")[0]))
    return addresses
