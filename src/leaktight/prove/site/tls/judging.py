"""Holds what a server speaks against Mozilla's profiles for TLS."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from leaktight.prove.site.tls.survey import Survey

PROFILES = ("modern", "intermediate")


@cache
def profile(name: str) -> dict[str, Any]:
    """Return what a profile asks for."""
    return dict(tomllib.loads(files(__package__).joinpath("profiles.toml").read_text())[name])


def shortfalls(found: Survey, name: str) -> dict[str, str]:
    """Return in what a server falls short of a profile: the point → what was seen. Nothing means that it meets it."""
    wanted = profile(name)
    told: dict[str, str] = {}
    suites = {suite for of_version in found.suites.values() for suite in of_version}
    more = {
        "versions": set(found.versions) - set(wanted["versions"]),
        "suites": suites - set(wanted["suites"]),
        "groups": {group for group in found.groups if not group.startswith("ffdhe")} - set(wanted["groups"]),
    }
    told |= {point: ", ".join(sorted(extra)) for point, extra in more.items() if extra}
    if wanted["dh_bits"] and found.dh_bits and found.dh_bits < wanted["dh_bits"]:
        told["dh-bits"] = f"{found.dh_bits} bits"
    told |= dict(_certificates(found, wanted))
    for point, falls_short in (
        ("compression", found.compression),
        ("fallback", not found.fallback_refused),
        ("renegotiation", not found.secure_renegotiation),
        ("master-secret", not found.master_secret),
    ):
        if falls_short:
            told[point] = "as before the attacks on it were known"
    return told


def _certificates(found: Survey, wanted: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if found.path_problem:
        yield "path", found.path_problem
    kinds, signatures = set(), set()
    for leaf in (chain[0] for chain in found.chains):
        key = leaf.public_key()
        kind = (
            "rsa"
            if isinstance(key, rsa.RSAPublicKey)
            else "ecdsa"
            if isinstance(key, ec.EllipticCurvePublicKey)
            else type(key).__name__
        )
        kinds.add(kind)
        signatures.add(leaf.signature_algorithm_oid.dotted_string)
        if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name not in wanted["key_curves"]:
            yield "key-curve", key.curve.name
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < wanted["rsa_bits"]:
            yield "rsa-bits", f"{key.key_size} bits"
        days = (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days
        if days > wanted["days"]:
            yield "days", f"{days} days"
    if not kinds & set(wanted["key_types"]):
        yield "key-type", ", ".join(sorted(kinds))
    if not signatures & set(wanted["signatures"]):
        yield "signature", ", ".join(sorted(signatures))
