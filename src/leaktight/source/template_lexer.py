"""Splits a template into the pieces a template engine acts on; everything else is plain text."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import NamedTuple

HOLE = "\x01"
"""Stands for a character of something that prints."""
SEAM = "\x02"
"""Stands for a character of something that only decides what is printed."""


class Kind(IntEnum):
    """What a piece is."""

    VARIABLE = 1
    TAG = 2
    INERT = 3
    """A comment: neither it nor what is in it has any effect."""


class Piece(NamedTuple):
    """A stretch of template syntax; `text` is what stands between its delimiters."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """The tag's name."""
        return self.text.split(None, 1)[0] if self.text.strip() else ""


class LexError(ValueError):
    """The text can't be split in reasonable time or doesn't end what it begins."""

    def __init__(self, reason: str, start: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.start = start


_DJANGO = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}")
_KINDS = {"{{": Kind.VARIABLE, "{%": Kind.TAG, "{#": Kind.INERT}
_JINJA_SIGNS = re.compile(r"\{%-|-%\}|\{\{-|-\}\}|\{%\s*(?:set|macro|raw|import|from|call|do)\s")
_JINJA_NAMES = (".jinja", ".jinja2", ".j2")
_JINJA = re.compile(r"\{%[-+]?(.*?)[-+]?%\}|\{\{[-+]?(.*?)[-+]?\}\}|\{#.*?#\}", re.DOTALL)
_MAX_SCAN = 50_000_000
_INERT = {"comment": "endcomment", "raw": "endraw"}
# Tags that print nothing themselves, wherever they stand.
_SILENT = frozenset(
    "if elif else for empty with block load extends comment verbatim spaceless autoescape ifchanged filter cache "
    "ifequal ifnotequal localize localtime timezone language set macro call import from do raw regroup plural "
    "get_current_language get_available_languages get_current_timezone resetcycle debug".split()
)


def is_jinja(path: str, text: str) -> bool:
    """Tell whether a file is written for Jinja rather than for Django's engine."""
    folders = path.split("/")[:-1]
    return "jinja2" in folders or path.endswith(_JINJA_NAMES) or _JINJA_SIGNS.search(text) is not None


def lex(text: str, *, jinja: bool) -> list[Piece]:
    """Split a template; raise `LexError` for text that would take forever or hides its own end."""
    if "{" not in text:
        return []
    _check_cost(text, jinja=jinja)
    return _without_inert(_jinja_pieces(text) if jinja else _django_pieces(text))


def mask(text: str, pieces: list[Piece]) -> str:
    """Replace template syntax by marks of the same length, so that what remains is HTML."""
    if HOLE in text or SEAM in text:
        text = text.replace(HOLE, " ").replace(SEAM, " ")
    ended = {piece.name[3:] for piece in pieces if piece.kind is Kind.TAG and piece.text.startswith("end")}
    parts, last = [], 0
    for piece in pieces:
        parts.append(text[last : piece.start])
        parts.append((HOLE if _prints(piece, ended) else SEAM) * (piece.end - piece.start))
        last = piece.end
    parts.append(text[last:])
    return "".join(parts)


def _prints(piece: Piece, ended: set[str]) -> bool:
    if piece.kind is not Kind.TAG:
        return piece.kind is Kind.VARIABLE
    name = piece.name
    return not (name in _SILENT or name in ended or name.startswith("end"))


def _django_pieces(text: str) -> list[Piece]:
    """Split as Django's lexer does, without loading it: that takes as long as hundreds of templates. The tests compare the two."""
    pieces: list[Piece] = []
    verbatim = ""
    for match in _DJANGO.finditer(text):
        whole = match[0]
        content = whole[2:-2].strip()
        kind = _KINDS[whole[:2]]
        if verbatim:
            if kind is not Kind.TAG or content != verbatim:
                continue
            verbatim = ""
        elif kind is Kind.TAG and content[:9] in {"verbatim", "verbatim "}:
            verbatim = f"end{content}"
        pieces.append(Piece(kind, content, *match.span()))
    if verbatim:
        start = next(piece.start for piece in reversed(pieces) if piece.name == "verbatim")
        raise LexError("`verbatim` is not closed", start)
    return pieces


def _jinja_pieces(text: str) -> list[Piece]:
    pieces = []
    for match in _JINJA.finditer(text):
        tag, variable = match.groups()
        kind = Kind.TAG if tag is not None else Kind.INERT if variable is None else Kind.VARIABLE
        pieces.append(Piece(kind, (tag or variable or "").strip(), *match.span()))
    return pieces


def _without_inert(pieces: list[Piece]) -> list[Piece]:
    """Merge comments into one piece each and drop the syntax in raw text."""
    kept: list[Piece] = []
    opened: Piece | None = None
    for piece in pieces:
        if opened is not None:
            if piece.kind is Kind.TAG and piece.name == _INERT[opened.name]:
                if opened.name == "comment":
                    kept[-1] = Piece(Kind.INERT, "", opened.start, piece.end)
                else:
                    kept.append(piece)
                opened = None
            continue
        kept.append(piece)
        if piece.kind is Kind.TAG and piece.name in _INERT:
            opened = piece
    if opened is not None:
        raise LexError(f"`{opened.name}` is not closed", opened.start)
    return kept


def _check_cost(text: str, *, jinja: bool) -> None:
    """Refuse text in which so many tags are opened and not closed that looking for their ends is quadratic."""
    if text.count("{") * len(text) <= _MAX_SCAN:
        return
    cost = offset = 0
    for line in [text] if jinja else text.split("\n"):
        for opener, closer in (("{%", "%}"), ("{{", "}}"), ("{#", "#}")):
            tail = line[line.rfind(closer) + 1 :]
            if (cost := cost + tail.count(opener) * len(tail)) > _MAX_SCAN:
                raise LexError("too many template tags are opened and not closed", offset)
        offset += len(line) + 1
