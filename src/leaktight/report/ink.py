"""What a terminal can show: colours, box characters, and text made safe to print."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Style(StrEnum):
    """The few styles used, by their ANSI codes."""

    BOLD = "1"
    DIM = "2"
    RED = "1;31"
    GREEN = "1;32"
    YELLOW = "1;33"
    BLUE = "1;34"
    CYAN = "36"


@dataclass(frozen=True, slots=True)
class Ink:
    """Paints text, or leaves it plain."""

    colour: bool

    def __call__(self, text: str, style: Style) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour and text else text


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters of a frame."""

    corner: str
    bar: str
    place: str
    dot: str
    ellipsis: str
    mask: str
    arrow: str


UNICODE = Glyphs(corner="┌─", bar="│", place="├─", dot="·", ellipsis="…", mask="•••", arrow="→")
ASCII = Glyphs(corner="-->", bar="|", place="|-", dot="-", ellipsis="...", mask="***", arrow="->")

_BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")


def visible(text: str) -> str:
    """Replace what would move the cursor, change colours or reverse the text: scanned files are not trusted."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    hidden = unicodedata.category(character) in {"Cc", "Cs"} or character in _BIDIRECTIONAL
    return "?" if hidden else character


def cells(text: str) -> int:
    """Count the terminal cells a text takes: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
