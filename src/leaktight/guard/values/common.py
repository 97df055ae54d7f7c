"""Values so short or so usual that they may stand in a text by chance: they count only behind their name."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path

CONTEXT = 48
"""How many characters in front of a short or common value are looked at for its name."""
TELLING = 10
"""From this length on, a coded form of a short or common value can hardly be there by chance."""

_SHORT = 6
_LONG_WORD = 16
_REST_OF_DATE = re.compile(r"-\d\d-\d")


def is_common(value: str) -> bool:
    """Tell whether a value is so short or so usual that it may stand in a text by chance."""
    return is_word(value) or value.lower() in _common_passwords()


def is_word(value: str) -> bool:
    """Tell whether a value reads like a word or a number of a few digits, without a look at the passwords that many have."""
    return len(value) < _SHORT or (len(value) < _LONG_WORD and value.isalpha())


@cache
def _common_passwords() -> frozenset[str]:
    """The twenty thousand passwords that Django's own validator refuses."""
    from django.contrib.auth import password_validation

    with gzip.open(Path(password_validation.__file__).with_name("common-passwords.txt.gz"), "rt", encoding="utf-8") as lines:
        return frozenset(line.strip() for line in lines)


def is_named(text: str, start: int, end: int, name: str) -> bool:
    """Tell whether a value stands alone, as a word of its own, shortly behind its name. A part of `an_identifier` or of a date does not."""
    before, behind = text[start - 1 : start], text[end : end + 1]
    if before.isalnum() or behind.isalnum():
        return False
    if text[start:end].isalpha():
        if before == "_" or behind == "_":
            return False
    elif behind == "-" and _REST_OF_DATE.match(text, end):
        return False
    return name in spoken(text[max(start - CONTEXT, 0) : start])


def spoken(text: str) -> str:
    """Return a name without what stands between its words."""
    return "".join(filter(str.isalnum, text)).lower()
