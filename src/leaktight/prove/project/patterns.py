"""Write a text that a regular expression accepts: what a field with a pattern wants to be given."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

_MOST_REPEATS = 4
_CLASSES = {
    codes.CATEGORY_DIGIT: string.digits[1:],
    codes.CATEGORY_WORD: string.ascii_lowercase,
    codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_NOT_SPACE: string.ascii_lowercase,
    codes.CATEGORY_NOT_DIGIT: string.ascii_lowercase,
    codes.CATEGORY_NOT_WORD: "-",
}


def matching(pattern: str, choose: Callable[[str], str]) -> str | None:
    """Return a text that matches a pattern, its characters chosen by `choose`; None for what is too clever to be followed."""
    try:
        text = "".join(_piece(code, argument, choose) for code, argument in _parser.parse(pattern))
        return text if re.search(pattern, text) else None
    except (re.error, NotImplementedError, OverflowError, IndexError):
        return None


def _piece(code: Any, argument: Any, choose: Callable[[str], str]) -> str:
    match code:
        case codes.LITERAL:
            return chr(argument)
        case codes.ANY | codes.NOT_LITERAL:
            return choose(string.ascii_lowercase)
        case codes.AT:
            return ""
        case codes.IN:
            return choose(_members(argument))
        case codes.CATEGORY:
            return choose(_CLASSES[argument])
        case codes.BRANCH:
            return _all(argument[1][0], choose)
        case codes.SUBPATTERN:
            return _all(argument[-1], choose)
        case codes.MAX_REPEAT | codes.MIN_REPEAT:
            least, most, inside = argument
            count = least if least == most else min(max(least, _MOST_REPEATS), most)
            return "".join(_all(inside, choose) for _ in range(int(count)))
        case _:
            raise NotImplementedError


def _all(pieces: Any, choose: Callable[[str], str]) -> str:
    return "".join(_piece(code, argument, choose) for code, argument in pieces)


def _members(members: Any) -> str:
    """Return the characters a class in brackets allows."""
    found = ""
    is_denied = False
    for code, argument in members:
        match code:
            case codes.NEGATE:
                is_denied = True
            case codes.LITERAL:
                found += chr(argument)
            case codes.RANGE:
                found += "".join(map(chr, range(argument[0], min(argument[1], argument[0] + 128) + 1)))
            case codes.CATEGORY:
                found += _CLASSES[argument]
            case _:
                raise NotImplementedError
    if is_denied:
        found = "".join(sorted(set(string.ascii_lowercase + string.digits) - set(found)))
    return found
