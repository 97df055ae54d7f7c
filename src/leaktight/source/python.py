"""Python source to syntax tree: decoding, parsing newer grammars than the running Python's, columns."""

from __future__ import annotations

import ast
import codecs
import re
import sys
import warnings
from dataclasses import dataclass

from leaktight.model import Gap, Span
from leaktight.source.newer_grammar import rewrite
from leaktight.source.salvage import salvage

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")
_SLOW = frozenset({"punycode", "idna", "undefined"})
"""Codecs that take quadratic time, or that decode nothing."""
_PYTHON_2 = re.compile(
    r"""^\s*(?:(?:print|exec)\s+["'\w]|print\s*>>|raise\s+\w+\s*,|except\s+[\w.]+\s*,\s*\w+\s*:)|\bur["']|<>"""
)
"""Statements Python 3 does not know, looked for in the line the parser stops at."""


class Columns:
    """Converts the UTF-8 byte offsets of `ast` to characters, at no cost for ASCII files."""

    __slots__ = ("_lines", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines: list[str] | None = [] if text.isascii() else None

    def character(self, line: int, offset: int) -> int:
        """Give the column, from 1, of a UTF-8 byte offset, from 0, in a line, from 1."""
        if self._lines is None:
            # Not `splitlines`: it also breaks at form feeds and Unicode separators, which Python does not.
            self._lines = self._text.split("\n")
        if not 0 < line <= len(self._lines) or (text := self._lines[line - 1]).isascii():
            return offset + 1
        return len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore")) + 1


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed Python file. `text` is what the tree was made of: decoded, with plain line ends."""

    path: str
    text: str
    tree: ast.Module
    columns: Columns
    rescued: bool = False
    """The file uses grammar newer than the running Python, and was rewritten to be read."""
    left_out: Gap | None = None
    """Why some statements of the file are missing in the tree."""

    def span(self, node: ast.expr | ast.stmt | ast.excepthandler | ast.arg | ast.keyword | ast.alias) -> Span:
        """Give the place of a node."""
        end_line = node.end_lineno or node.lineno
        end = node.col_offset if node.end_col_offset is None else node.end_col_offset
        character = self.columns.character
        return Span(self.path, node.lineno, character(node.lineno, node.col_offset), end_line, character(end_line, end))


def decode(data: bytes) -> str:
    """Decode source by BOM and coding cookie (PEP 263) and make its line ends plain; may raise ValueError."""
    marked = data.startswith(codecs.BOM_UTF8)
    text = data[3:].decode("utf-8") if marked else data.decode(encoding_of(data))
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def decode_problem(data: bytes, *, cookie: bool) -> str | None:
    """Say why the bytes are no text; `cookie` if they may name their encoding, as Python does."""
    try:
        encoding = encoding_of(data) if cookie else "utf-8"
        if encoding != "utf-8" or not data.isascii():
            data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return f"is not {error.encoding} text (line {line}); save it as UTF-8"
    except ValueError as error:
        return str(error)
    return None


def parse(source: str | bytes, path: str, *, partly: bool = False) -> Parsed | Gap:
    """Parse Python of any grammar, up to what can be rewritten for the running Python; `partly`: what is whole of a broken file."""
    try:
        text = decode(source) if isinstance(source, bytes) else source.replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        return Gap(path, 0, f"is not {error.encoding} text; save it as UTF-8")
    except ValueError as error:
        return Gap(path, 0, str(error))
    tree = _parse(text)
    if isinstance(tree, SyntaxError) and (rewritten := rewrite(text)) is not None:
        again = _parse(rewritten)
        if isinstance(again, ast.Module):
            return Parsed(path, text, again, Columns(text), rescued=True)
    if isinstance(tree, SyntaxError):
        gap = Gap(path, tree.lineno or 0, _remedy(tree, text))
        rest = salvage(text) if partly else None
        return gap if rest is None else Parsed(path, text, rest, Columns(text), left_out=gap)
    if isinstance(tree, str):
        return Gap(path, 0, tree)
    return Parsed(path, text, tree, Columns(text))


def _parse(text: str) -> ast.Module | SyntaxError | str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        return error
    except (RecursionError, MemoryError):
        return "is nested too deeply to be parsed; simplify it, or exclude it if it is generated"
    except ValueError as error:  # NUL, a lone surrogate, an integer of too many digits
        return f"does not parse ({type(error).__name__}); correct it, or exclude it"


def _remedy(error: SyntaxError, text: str) -> str:
    if "too many nested" in (error.msg or ""):
        return "is nested too deeply to be parsed; simplify it, or exclude it if it is generated"
    line = text.split("\n")[error.lineno - 1] if error.lineno and error.lineno <= text.count("\n") + 1 else ""
    if _PYTHON_2.search(line):
        return "looks like Python 2, which is not analysed; convert it, or exclude it"
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"does not parse with Python {running}: {error.msg}; correct it, or run leaktight with a newer Python"


def encoding_of(data: bytes) -> str:
    """Name the encoding of source by its cookie, which counts in the first two lines only; may raise ValueError."""
    first, _, rest = data[:1000].partition(b"\n")
    match = _COOKIE.match(first) or (_BLANK.match(first.rstrip(b"\r")) and _COOKIE.match(rest.partition(b"\n")[0]))
    if not match:
        return "utf-8"
    name = match[1].decode("ascii", "replace")
    try:
        encoding = codecs.lookup(name).name
        b"#".decode(encoding)  # some codecs turn bytes into bytes, or need more than one for a character
        if encoding in _SLOW:
            raise LookupError(name)
    except (LookupError, UnicodeError):
        raise ValueError("names an encoding Python can't read; save it as UTF-8") from None
    return "utf-8" if encoding in {"utf-8", "ascii"} and data.isascii() else encoding
