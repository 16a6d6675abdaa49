"""Where a request truly comes from: what a proxy says counts only when we know the proxy."""

import ipaddress

UNKNOWN = "unknown"


def client_address(peer: str, forwarded: str, proxies: int) -> str:
    """Give the address that limits are counted for.

    `peer` opened the connection; `proxies` proxies of ours stand before us, so that many last entries of `forwarded`
    (X-Forwarded-For) were written by them, and the first of these is what the outermost saw. What a client wrote itself
    stands further to the left and never counts. One household has one IPv6 network, so of IPv6 the first 64 bits count
    (RFC 6177).
    """
    said = forwarded[-2000:].split(",") if proxies else []
    here = _address(said[-proxies]) if len(said) >= proxies > 0 else None
    here = here or _address(peer)
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
