"""Canaries: values nobody else would send, shaped like what a field asks for, and known again in whatever form they come out."""

from __future__ import annotations

import random
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from leaktight.guard.values.common import is_common

_LETTERS = string.ascii_lowercase.translate({ord(c): None for c in "ilo"})
"""Letters that nobody mixes up with digits, so that a canary copied by hand is still found."""
_TEST_PREFIX = "400000"
"""Card numbers that begin so are test cards: no bank issues them."""
_WORD_LENGTH = 12
_SHORTEST_WORD = 8
_TRIES = 100
_CHOOSY = 5
"""So often is a text given up for being one that stands somewhere by chance; where all of a form do, one of them has to serve."""

Maker: TypeAlias = Callable[[Callable[[str], str]], str]
"""Makes a text by choosing from characters."""


class Kind(StrEnum):
    """The shape a field asks for."""

    TEXT = "text"
    PASSWORD = "password"  # noqa: S105  # the name of a shape
    TOKEN = "token"  # noqa: S105
    EMAIL = "email"
    CARD = "card"
    DIGITS = "digits"
    NUMBER = "number"
    PHONE = "phone"
    URL = "url"
    UUID = "uuid"
    SLUG = "slug"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Canary:
    """A planted value: what it stands for and where it was put."""

    text: str
    kind: Kind
    label: str
    """What the policy calls the data; empty for data it says nothing about."""
    name: str
    """What the field, key, parameter, header or cookie is called."""
    planted: str
    """Where it stood in the request: `form field card_number`."""
    make: Maker | None = field(default=None, compare=False)
    """How another of the same form is made, where its kind alone does not say it."""

    def __repr__(self) -> str:
        return f"Canary({self.planted}, {self.label or 'unlabelled'})"

    __str__ = __repr__


class Mint:
    """Makes canaries, no two alike. With a seed it makes the same ones again; without, nobody can foretell them."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = secrets.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311  # the seed is for tests
        self._made: set[str] = set()

    def canary(
        self, kind: Kind, *, label: str, name: str, planted: str, most: int | None = None, make: Maker | None = None
    ) -> Canary:
        """Return a canary of a kind; `most` characters, if the field allows no more; or what `make` makes of our choices."""
        for attempt in range(_TRIES):
            text = make(self._random.choice) if make is not None else _shortened(_MAKERS[kind](self), kind, most)
            # A code of six digits may be a password that many have: it would be known behind its name only.
            if text not in self._made and (attempt >= _CHOOSY or not is_common(text)):
                break
        self._made.add(text)
        return Canary(text, kind, label, name, planted, make)

    @property
    def count(self) -> int:
        """How many were made."""
        return len(self._made)

    def again(self, canary: Canary) -> Canary:
        """Return another canary for the same place."""
        return self.canary(
            canary.kind,
            label=canary.label,
            name=canary.name,
            planted=canary.planted,
            most=len(canary.text),
            make=canary.make,
        )

    def word(self, length: int = _WORD_LENGTH) -> str:
        """Return letters and digits, a letter first and a digit among them."""
        rest = "".join(self._random.choice(_LETTERS + "23456789") for _ in range(length - 2))
        return self._random.choice(_LETTERS) + self._random.choice("23456789") + rest

    def digits(self, length: int) -> str:
        """Return digits that do not begin with zero."""
        return self._random.choice("123456789") + "".join(self._random.choice(string.digits) for _ in range(length - 1))

    def card(self) -> str:
        """Return a card number of 16 digits from a range for tests, with a right check digit (ISO/IEC 7812-1, Luhn)."""
        body = _TEST_PREFIX + self.digits(9)
        return body + check_digit(body)

    def uuid(self) -> str:
        """Return a random UUID of version 4 (RFC 9562)."""
        code = f"{self._random.getrandbits(128):032x}"
        code = f"{code[:12]}4{code[13:16]}a{code[17:]}"
        return f"{code[:8]}-{code[8:12]}-{code[12:16]}-{code[16:20]}-{code[20:]}"


def check_digit(body: str) -> str:
    """Return the digit that makes a number pass Luhn's test (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def _shortened(text: str, kind: Kind, most: int | None) -> str:
    if most is None or len(text) <= most:
        return text
    if kind is Kind.EMAIL:
        head, _, host = text.partition("@")
        return f"{head[: max(most - len(host) - 1, 1)]}@{host}"
    return text[:most]


_MAKERS: Mapping[Kind, Callable[[Mint], str]] = MappingProxyType(
    {
        Kind.TEXT: lambda mint: mint.word().capitalize(),
        Kind.PASSWORD: lambda mint: f"{mint.word().capitalize()}-{mint.word(_SHORTEST_WORD)}",
        Kind.TOKEN: lambda mint: mint.word(32),
        Kind.EMAIL: lambda mint: f"{mint.word()}@canary.example",
        Kind.CARD: Mint.card,
        Kind.DIGITS: lambda mint: mint.digits(10),
        Kind.NUMBER: lambda mint: mint.digits(9),
        Kind.PHONE: lambda mint: f"+4420{mint.digits(8)}",
        Kind.URL: lambda mint: f"https://{mint.word()}.canary.example/",
        Kind.UUID: Mint.uuid,
        Kind.SLUG: Mint.word,
        Kind.FILE: lambda mint: f"{mint.word()}.txt",
    }
)
