"""Asks a TLS server everything it speaks: each version, suite and group, its certificates, and old weaknesses of the protocol."""

from __future__ import annotations

import socket
import ssl
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from cryptography import x509

from leaktight.prove.site.tls.hello import ECDSA_ONLY, FALLBACK, GROUPS, RSA_ONLY, SILENT, VERSIONS, Offer, Said, greet

_INAPPROPRIATE_FALLBACK = 86


@dataclass(slots=True)
class Survey:
    """What a server speaks. Suites are named as in the IANA registry, the server's choice first."""

    suites: dict[str, list[str]] = field(default_factory=dict)
    """Version → suites."""
    groups: set[str] = field(default_factory=set)
    dh_bits: int = 0
    """The smallest prime for a key of one session only; 0 without such suites."""
    compression: bool = False
    fallback_refused: bool = True
    """Whether it refuses a client that was talked into an older version (RFC 7507)."""
    secure_renegotiation: bool = True
    master_secret: bool = True
    chains: list[list[x509.Certificate]] = field(default_factory=list)
    """A chain for each kind of key, the server's own certificate first."""
    path_problem: str = ""
    """Why the certificate does not verify; empty if it does."""
    silent: int = 0
    """How many questions got no answer in time, asked twice: what it says to them is not known."""

    @property
    def versions(self) -> list[str]:
        return list(self.suites)


@cache
def suite_numbers() -> dict[str, dict[str, int]]:
    """Return name → number of the suites of TLS 1.2 and before, and of TLS 1.3."""
    return dict(tomllib.loads(files(__package__).joinpath("suites.toml").read_text()))


def survey(
    host: str, port: int, *, ca_file: str | None = None, timeout: float = 5.0, before_each: Callable[[], None] = lambda: None
) -> Survey:
    """Ask a server. `before_each` is called before every connection, and may end the survey by raising."""
    found = Survey()

    def ask(offer: Offer) -> Said:
        """Ask, and ask once more whoever is silent: a busy server is no server that refuses."""
        for patience in (timeout, 2 * timeout):
            before_each()
            said = greet((host, port), host, offer, timeout=patience)
            if said.alert != SILENT:
                return said
        found.silent += 1
        return said

    first: dict[str, Said] = {}
    for version in VERSIONS:
        _suites(version, found, first, ask)
    if "1.3" in found.suites:
        _groups_of_13(found, ask)
    _groups_before(found, ask)
    _weaknesses(found, first, ask)
    before_each()
    _certificates(found, first, host, port, ca_file, timeout, ask)
    return found


def _suites(version: str, found: Survey, first: dict[str, Said], ask: Callable[[Offer], Said]) -> None:
    left = dict(suite_numbers()["1.3" if version == "1.3" else "1.2"])
    if version not in {"1.2", "1.3"}:
        left = {
            name: number for name, number in left.items() if not name.endswith(("GCM_SHA256", "GCM_SHA384", "POLY1305_SHA256"))
        }
    names = {number: name for name, number in left.items()}
    while left:
        said = ask(Offer(version, list(left.values())))
        if said.alert is not None or said.version != version or names.get(said.suite) not in left:
            return
        first.setdefault(version, said)
        name = names[said.suite]
        found.suites.setdefault(version, []).append(name)
        del left[name]
        if said.dh_bits:
            found.dh_bits = min(found.dh_bits or said.dh_bits, said.dh_bits)
        if said.group:
            found.groups.add(said.group)


def _groups_of_13(found: Survey, ask: Callable[[Offer], Said]) -> None:
    left = list(GROUPS)
    suites = list(suite_numbers()["1.3"].values())
    while left:
        said = ask(Offer("1.3", suites, groups=left))
        if said.alert is not None or said.group not in left:
            return
        found.groups.add(said.group)
        left.remove(said.group)


def _groups_before(found: Survey, ask: Callable[[Offer], Said]) -> None:
    version = next((version for version in ("1.2", "1.1", "1.0") if version in found.suites), None)
    if version is None:
        return
    known = suite_numbers()["1.2"]
    suites = [known[name] for name in found.suites[version] if "ECDH" in name]
    left = list(GROUPS)
    while left and suites:
        said = ask(Offer(version, suites, groups=left))
        if said.alert is not None or said.group not in left:
            return
        found.groups.add(said.group)
        left.remove(said.group)


def _weaknesses(found: Survey, first: dict[str, Said], ask: Callable[[Offer], Said]) -> None:
    older = [version for version in found.suites if version != "1.3"]
    if not older:
        return
    highest = older[-1]
    known = suite_numbers()["1.2"]
    mine = [known[name] for name in found.suites[highest]]
    found.secure_renegotiation = all(first[version].renegotiation for version in older)
    found.master_secret = first[highest].master_secret
    found.compression = bool(ask(Offer(highest, mine, compress=True)).compression)
    lower = older[-1] if "1.3" in found.suites else older[-2] if len(older) > 1 else None
    if lower:
        suites = [known[name] for name in found.suites[lower]]
        found.fallback_refused = ask(Offer(lower, [FALLBACK, *suites])).alert in {_INAPPROPRIATE_FALLBACK, SILENT}


def _certificates(
    found: Survey, first: dict[str, Said], host: str, port: int, ca_file: str | None, timeout: float, ask: Callable[[Offer], Said]
) -> None:
    older = [version for version in found.suites if version != "1.3"]
    chains: list[list[bytes]] = []
    if older:
        known = suite_numbers()["1.2"]
        names = found.suites[older[-1]]
        for scheme, word in ((ECDSA_ONLY, "ECDSA"), (RSA_ONLY, "RSA")):
            suites = [known[name] for name in names if f"_{word}_" in name]
            said = ask(Offer(older[-1], suites, signatures=scheme)) if suites else None
            if said is not None and said.certificates:
                chains.append(said.certificates)
    leaf, problem = _verified(host, port, ca_file, timeout)
    found.path_problem = problem
    if leaf and not any(chain[0] == leaf for chain in chains):
        chains.append([leaf])
    found.chains = [[x509.load_der_x509_certificate(each) for each in chain] for chain in chains]


def _verified(host: str, port: int, ca_file: str | None, timeout: float) -> tuple[bytes, str]:
    """Return the certificate the server shows, and why it does not verify."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    problem = ""
    for again in (False, True):
        if again:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with (
                socket.create_connection((host, port), timeout) as connection,
                context.wrap_socket(connection, server_hostname=host) as secure,
            ):
                return secure.getpeercert(binary_form=True) or b"", problem
        except ssl.SSLCertVerificationError as error:
            problem = error.verify_message
        except OSError as error:
            return b"", problem or f"no handshake ({type(error).__name__})"
    return b"", problem
