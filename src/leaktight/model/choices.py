"""The closed choices a finding is described with, each ordered from least to most."""

from __future__ import annotations

from enum import StrEnum


class _Ordered(StrEnum):
    """A string choice whose members compare by the order they are declared in."""

    @property
    def rank(self) -> int:
        return list(type(self)).index(self)

    def at_least(self, other: _Ordered) -> bool:
        return self.rank >= other.rank


class Severity(_Ordered):
    """How much harm the leak does if the finding is true."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Confidence(_Ordered):
    """How sure the analysis is that the finding is true."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Evidence(_Ordered):
    """What a finding rests on: the code says so at one place, the data was followed there, or a canary came out there."""

    STATED = "stated"
    TRACED = "traced"
    PROVED = "proved"


class Audience(_Ordered):
    """Who should see a finding: everyone (`default`), the careful (`strict`), an auditor (`audit`)."""

    DEFAULT = "default"
    STRICT = "strict"
    AUDIT = "audit"


class Certainty(_Ordered):
    """How well a setting's value is known from the text alone."""

    UNKNOWN = "unknown"
    ABSENT = "absent"
    DEFAULTED = "defaulted"
    KNOWN = "known"


class Style(StrEnum):
    """What fixes are written with: Django alone, or `leaktight.guard` where it has something better."""

    DJANGO = "django"
    GUARD = "guard"


class Safety(_Ordered):
    """What a fix may change at run time: only the leak (`safe`), more (`unsafe`), or it is only shown."""

    MANUAL = "manual"
    UNSAFE = "unsafe"
    SAFE = "safe"
