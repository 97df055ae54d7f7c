"""Tell text that a machine made up from text that a person wrote."""

from __future__ import annotations

import re

_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
# Mean length of the pieces of a random text: those of names in camel case have 4 and more.
_LONGEST, _LONGEST_WITH_NUMBERS = 3.2, 4.5


def looks_random(text: str) -> bool:
    """Tell whether a run of at least 16 key characters is rather a key than words."""
    whole = _SEPARATORS.sub("", text)
    if len(whole) < 16 or whole.isdigit():
        return False
    digits = sum(character.isdigit() for character in whole)
    if _HEX.fullmatch(whole):
        return digits >= 3
    pieces = _PIECE.findall(text)
    kinds = sum([digits > 0, whole.upper() != whole, whole.lower() != whole])
    numbers = sum(piece.isdigit() for piece in pieces)
    if kinds > 1 and len(whole) / len(pieces) < (_LONGEST_WITH_NUMBERS if numbers >= 3 else _LONGEST):
        return True
    letters = [character for character in whole if character.isalpha()]
    return len(letters) >= 20 and sum(character in "aeiouyAEIOUY" for character in letters) / len(letters) < 0.18
