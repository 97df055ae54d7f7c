"""Tell whether a cleartext URL names a host that nothing is sent to over a network in clear."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from leaktight.policy.tables import table

if TYPE_CHECKING:  # importing them costs half as much as the rest of the policy, which few commands need whole
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

_AUTHORITY = re.compile(r"(?:[^@]*@)?(?:\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<host>[^@:\[\]]+))(?::\d*)?", re.IGNORECASE)
_HOST_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_NOT_IN_A_URL = re.compile(r"[\s\\\x00-\x1f\x7f]")

THIS_MACHINE = frozenset({"0.0.0.0", "[::]"})  # noqa: S104  an address to send to, not to listen on
"""Hosts of an address by which a program reaches the machine it runs on."""
_REASONS = ("loopback", "metadata", "documentation", "reserved", "cluster-local")
"""In this order: `metadata` is also a name of one label."""


@lru_cache(maxsize=4096)
def is_safe_host(url_or_host: str) -> str | None:
    """Return why the host of a URL, or a bare host, is safe to be named without TLS; None when it is not.

    What can't be read as a host for certain is never safe: half a URL, a host with a placeholder, tricks with user names.
    """
    from urllib.parse import urlsplit

    if _NOT_IN_A_URL.search(url_or_host):
        return None  # a browser reads `\` as `/`, so its host is another one than ours
    if address := _ipv6(url_or_host):
        return _reason_of_address(address)
    try:
        parts = urlsplit(url_or_host if _SCHEME.match(url_or_host) else "//" + url_or_host.removeprefix("//"))
    except ValueError:
        return None
    authority = _AUTHORITY.fullmatch(parts.netloc)
    if authority is None:
        return None
    if authority["host"]:
        return _reason_of_host(authority["host"].lower(), parts.path)
    address = _ipv6(authority["ipv6"])
    return _reason_of_address(address) if address else None


def takes_keys_elsewhere(host: str) -> bool:
    """Tell the host of an interface that is known to take its key in a header or a body, so that it need not be in the address."""
    known = table("hosts")["takes-keys-elsewhere"]
    return host.lower() in known["names"] or host.lower().endswith(tuple(known["suffixes"]))


def _reason_of_host(host: str, path: str) -> str | None:
    if not _HOST_NAME.fullmatch(host):
        return None
    host = host.removesuffix(".")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        address = _ipv4(labels)
        return _reason_of_address(address) if address is not None else None
    hosts = table("hosts")
    for reason in _REASONS:
        if host in hosts[reason].get("names", ()) or host.endswith(tuple(hosts[reason].get("suffixes", ()))):
            return reason
    for place in hosts["namespace"]["places"]:
        authority, slash, below = place.partition("/")
        if host == authority and path.startswith(slash + below):
            return "namespace"
    return "single-label" if len(labels) == 1 else None


def _reason_of_address(address: IPv4Address | IPv6Address) -> str | None:
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return "loopback"
    return next((reason for reason, network in _networks() if address.version == network.version and address in network), None)


@cache
def _networks() -> list[tuple[str, IPv4Network | IPv6Network]]:
    from ipaddress import ip_network

    hosts: dict[str, Any] = table("hosts")
    return [(reason, ip_network(network)) for reason in _REASONS for network in hosts[reason].get("networks", ())]


def _ipv6(text: str) -> IPv6Address | None:
    """Read an IPv6 address without brackets; in a URL it has some, a bare host does without."""
    from ipaddress import IPv6Address

    try:
        return IPv6Address(text) if ":" in text else None
    except ValueError:
        return None


def _ipv4(labels: list[str]) -> IPv4Address | None:
    """Read an IPv4 address in all spellings resolvers take: `127.1`, `0x7f.0.0.1`, `017700000001`, `2130706433`."""
    from ipaddress import IPv4Address

    if len(labels) > 4 or not all(_NUMBER.fullmatch(label) for label in labels):
        return None
    try:
        numbers = [_number(label) for label in labels]
    except ValueError:
        return None  # an octal number with an 8 or 9
    *first, last = numbers
    if any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        return None
    return IPv4Address(sum(number << (8 * (3 - place)) for place, number in enumerate(first)) + last)


def _number(label: str) -> int:
    if label.lower().startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if label.startswith("0") else 10)
