"""The labels: what a piece of data can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from leaktight.policy.choices import LabelKind


@dataclass(frozen=True, slots=True)
class Label:
    """One sort of sensitive data."""

    name: str
    kind: LabelKind
    title: str
    """What it is called in a sentence."""


_TITLES = {
    LabelKind.CREDENTIAL: {
        "password": "password",
        "secret-key": "secret key",
        "secret": "secret",
        "token": "token",
        "session-id": "session id",
        "private-key": "private key",
        "one-time-code": "one-time code",
    },
    LabelKind.PAYMENT: {
        "card": "card data",
        "bank-account": "bank account",
    },
    LabelKind.SPECIAL: {
        "government-id": "government id",
        "health": "health data",
        "biometric": "biometric data",
    },
    LabelKind.PERSONAL: {
        "birth-date": "date of birth",
        "address": "postal address",
        "phone": "phone number",
        "email": "e-mail address",
        "location": "whereabouts",
        "name": "name of a person",
    },
    LabelKind.INTERNAL: {
        "error-detail": "error detail",
        "request-data": "whole request",
    },
}

LABELS: Mapping[str, Label] = MappingProxyType(
    {name: Label(name, kind, title) for kind, titles in _TITLES.items() for name, title in titles.items()}
)
"""Every label leaktight brings along, by name."""
