"""Scripts of the browser: which there are, those in pages too, and their syntax trees with places in the file."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from leaktight.model import Span

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

MAX_SIZE = 256 * 1024
"""Larger scripts are bundles."""
TELLING = re.compile(
    rb"\b(?:localStorage|sessionStorage|cookie|Cookies|console\.|fetch\(|XMLHttpRequest|axios|sendBeacon|WebSocket|EventSource"
    rb"|postMessage|ajax|location)|\$\.get\b"
)
"""What a script must mention to let anything go."""
_FIELD = re.compile(rb"\{\{(?P<inside>[^{}\n]*)\}\}|\{%[^%\n]*%\}|\{#[^#\n]*#\}")
_LIBRARY_NAME = re.compile(
    r"(?:^|/)(?:libs?|vendors?|vendored|plugins|third[_-]?party|dist|bundles?|node_modules|bower_components|ckeditor\w*|tinymce|mathjax)/"
    r"|\.min\.|[.-]bundle\.|(?:^|/)(?:jquery|bootstrap|popper|moment|lodash|underscore|backbone|d3|chart|htmx|alpine|vue|react|angular|swagger|redoc"
    r"|leaflet|select2|datatables|modernizr)[\w.-]*\.m?js$",
    re.IGNORECASE,
)
_HASHED = re.compile(r"\.[0-9a-f]{8,20}\.m?js$|(?:^|/)\w+\.dist/")
_LONG_LINE = 3000


@dataclass(frozen=True, slots=True)
class Script:
    """A script as the browser gets it, with what a template fills in masked by names of the same length."""

    path: str
    code: bytes
    line: int
    """The line of the file its first one is, from 1."""
    column: int
    """The column its first line begins at, from 1."""
    fields: tuple[tuple[int, str], ...] = ()
    """Offset → expression of the template printed there, in order."""

    def parse(self) -> Node:
        """Give the syntax tree; what is no JavaScript is in nodes of errors."""
        return _parser().parse(self.code).root_node

    def span(self, node: Node) -> Span:
        """The place of a node in the file; one over several lines ends with its first."""
        row, column = node.start_point
        start = self.code.rfind(b"\n", 0, node.start_byte) + 1
        shown = len(self.code[start : node.start_byte].decode("utf-8", "replace"))
        end = self.code.find(b"\n", node.start_byte, node.end_byte)
        width = len(self.code[node.start_byte : end if end >= 0 else node.end_byte].decode("utf-8", "replace"))
        column = shown + (self.column if row == 0 else 1)
        return Span(self.path, self.line + row, column, self.line + row, column + max(width, 1))

    def printed(self, node: Node) -> str | None:
        """The expression of the template that is printed inside a node."""
        at = bisect_right(self.fields, (node.start_byte, ""))
        if at < len(self.fields) and self.fields[at][0] < node.end_byte:
            return self.fields[at][1]
        if at and self.fields[at - 1][0] == node.start_byte:
            return self.fields[at - 1][1]
        return None


def why_left_out(path: str, data: bytes) -> str | None:
    """Say why a script file is not read: it is a library, or made by a program; None when it is the project's own."""
    if (reason := why_not_by_name(path)) is not None:
        return reason
    if len(data) > MAX_SIZE:
        return "it is too large to be written by hand"
    if data.lstrip()[:3] == b"/*!" or b"@license" in data[:600] or b"@licstart" in data[:600]:
        return "it begins as published libraries do"
    if _is_minified(data):
        return "it is minified"
    return None


def why_not_by_name(path: str) -> str | None:
    """Say what a name alone tells of why a script file is not read."""
    if _LIBRARY_NAME.search(path):
        return "its name is that of a library or of a bundle"
    return "it is a copy made when static files were collected" if _HASHED.search(path) else None


def _is_minified(data: bytes) -> bool:
    return any(len(line) > _LONG_LINE for line in data.split(b"\n"))


def script_of(path: str, data: bytes) -> Script:
    """The script that a file is."""
    return _made(path, data, 1, 1)


def scripts_in_page(path: str, data: bytes) -> Iterator[Script]:
    """The scripts between the tags of a page."""
    lower, end = data.lower(), 0
    line, counted = 1, 0
    while (start := lower.find(b"<script", end)) >= 0 and (opened := lower.find(b">", start)) >= 0:
        end = lower.find(b"</script", opened)
        if end < 0:
            return
        head, code = lower[start:opened], data[opened + 1 : end]
        line, counted = line + data.count(b"\n", counted, opened + 1), opened + 1
        is_other = b"type=" in head and not re.search(rb"javascript|module|text/babel", head)
        if is_other or TELLING.search(code) is None or _is_minified(code):
            continue
        line_start = data.rfind(b"\n", 0, opened + 1) + 1
        column = len(data[max(line_start, opened + 1 - _LONG_LINE) : opened + 1].decode("utf-8", "replace")) + 1
        yield _made(path, code, line, column)


def _made(path: str, code: bytes, line: int, column: int) -> Script:
    fields: list[tuple[int, str]] = []

    def masked(match: re.Match[bytes]) -> bytes:
        if match["inside"] is None:
            return re.sub(rb"[^\n]", b" ", match[0])
        fields.append((match.start(), match["inside"].decode("utf-8", "replace").strip()))
        return b"_" * len(match[0])

    masked_code = _FIELD.sub(masked, code)
    return Script(path, masked_code, line, column, tuple(fields))


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_javascript

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_javascript.language()))
