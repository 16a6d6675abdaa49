"""Where a request truly comes from: what a proxy says counts only when we know the proxy."""

import ipaddress
from collections.abc import Sequence

from exchange.lib.environment import WrongVariable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
UNKNOWN = "unknown"


def networks(name: str, values: Sequence[str]) -> tuple[Network, ...]:
    """Read addresses and networks such as 10.0.0.0/8. Raises `WrongVariable` naming the setting."""
    try:
        return tuple(ipaddress.ip_network(value.strip(), strict=False) for value in values if value.strip())
    except ValueError as error:
        raise WrongVariable(f"{name} must hold addresses such as 127.0.0.1 or 10.0.0.0/8: {error}.") from None


def client_address(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """Give the address that limits are counted for.

    `peer` opened the connection; `forwarded` is X-Forwarded-For, believed only while what stands to its right is a
    trusted proxy. One household has one IPv6 network, so of IPv6 the first 64 bits count (RFC 6177).
    """
    here = _address(peer)
    for said in reversed(forwarded[-2000:].split(",")):
        if here is None or not any(here in network for network in trusted):
            break
        there = _address(said)
        if there is None:
            break
        here = there
    if here is None:
        return UNKNOWN
    if isinstance(here, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((here, 64), strict=False))
    return str(here)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
