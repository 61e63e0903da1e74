"""Network addresses that are never contacted because a name resolved to them (server-side request forgery)."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from cds.urls import is_local_name

Address = IPv4Address | IPv6Address
_NAT64 = ip_network("64:ff9b::/96")
_THIS_NETWORK = ip_network("0.0.0.0/8")
# Where clouds tell machines their secrets: AWS and most others, AWS on IPv6, Google on IPv6, Alibaba, Azure, Oracle.
METADATA = frozenset(
    map(
        ip_address,
        ("169.254.169.254", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"),
    )
)


def usable(addresses: Iterable[str], host: str) -> list[str]:
    """The addresses that a name may be reached at, in their order; loopback only if the name itself says loopback."""
    return [text for text in addresses if not _is_refused(ip_address(text), is_local=is_local_name(host))]


def is_address(host: str) -> bool:
    """Whether a host is written as an address, so that nothing has to be resolved."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_refused(address: Address, *, is_local: bool) -> bool:
    inner = _unwrapped(address)
    if inner.is_loopback:
        return not is_local
    if isinstance(inner, IPv4Address) and (inner in _THIS_NETWORK or inner.is_reserved):
        return True
    return inner in METADATA or inner.is_link_local or inner.is_multicast or inner.is_unspecified


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one: mapped, translated (NAT64) or tunnelled (6to4, Teredo)."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
