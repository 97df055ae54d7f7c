"""A Python file that can be edited: nodes by place, arguments, statements and imports."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TypeAlias, TypeVar, overload

from leaktight.edit.document import Document
from leaktight.edit.imports import Imports
from leaktight.edit.reasons import NotPossible
from leaktight.model import Edit, Gap, Span
from leaktight.source.python import Parsed, parse

Node = TypeVar("Node", bound=ast.AST)
Other = TypeVar("Other", bound=ast.AST)
Third = TypeVar("Third", bound=ast.AST)
Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Unparsable(ValueError):
    """The file does not parse, so nothing in it can be edited."""


class PythonDocument(Document):
    """The text and the syntax tree of one Python file."""

    def __init__(self, path: str, data: bytes) -> None:
        super().__init__(path, data, python=True)
        parsed = parse(data, path)
        if isinstance(parsed, Gap):
            raise Unparsable(parsed.reason)
        self.parsed: Parsed = parsed
        self.tree = parsed.tree
        self.imports = Imports(self, parsed.tree)

    @cached_property
    def _nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @cached_property
    def _kinds(self) -> dict[tuple[type[ast.AST], ...], tuple[ast.AST, ...]]:
        return {}

    # -- finding -------------------------------------------------------------------------------

    @overload
    def every(self, kind: type[Node], /) -> tuple[Node, ...]: ...
    @overload
    def every(self, kind: type[Node], other: type[Other], /) -> tuple[Node | Other, ...]: ...
    @overload
    def every(self, kind: type[Node], other: type[Other], third: type[Third], /) -> tuple[Node | Other | Third, ...]: ...
    @overload
    def every(self, /, *kinds: type[Node]) -> tuple[Node, ...]: ...
    def every(self, /, *kinds: type[ast.AST]) -> tuple[ast.AST, ...]:
        """Return the nodes of these kinds, outer ones before what is in them. A file is gone through once a kind, however often it is asked."""
        if kinds not in self._kinds:
            self._kinds[kinds] = tuple(node for node in self._nodes if isinstance(node, kinds))
        return self._kinds[kinds]

    def block_of(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return the statements that one stands among, itself with them."""
        return self._blocks[statement]

    @cached_property
    def _blocks(self) -> dict[ast.stmt, list[ast.stmt]]:
        return {
            statement: block
            for node in self._nodes
            for field in ("body", "orelse", "finalbody")
            if isinstance(block := getattr(node, field, None), list)  # the body of a lambda is none
            for statement in block
        }

    def around(self, start: int, end: int, *kinds: type[Node]) -> list[Node]:
        """Return the nodes of these kinds that two offsets lie in, outer ones first."""
        first, last = self.line_of(start), self.line_of(end)
        found = []
        for node in self.every(*kinds):
            if node.lineno <= first and last <= node.end_lineno:  # type: ignore[attr-defined]  # far cheaper than its place
                place = self.place(node)
                if place[0] <= start and end <= place[1]:
                    found.append(node)
        return found

    def place(self, node: ast.AST) -> tuple[int, int]:
        """Return the offsets a node begins and ends at, without its decorators."""
        span = self.parsed.span(node)  # type: ignore[arg-type]
        return self.range_of(span)

    def source(self, node: ast.AST) -> str:
        """Return what is written at a node."""
        return self.text[slice(*self.place(node))]

    def at(self, span: Span, *kinds: type[Node]) -> Node | None:
        """Return the node of one of these kinds that a span tells of: the one it covers, or else the smallest around its beginning."""
        start, end = self.range_of(span)
        best: tuple[int, Node] | None = None
        for node in self.every(*kinds):
            first, last = self.place(node)
            if (first, last) == (start, end):
                return node
            if first <= start < last and (best is None or last - first < best[0]):
                best = (last - first, node)
        return best[1] if best else None

    def definition(self, line: int, name: str) -> Definition | None:
        """Return the function or class of a name that begins at a line, its decorators not counted."""
        for node in self.every(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
            if (node.lineno, node.name) == (line, name):
                return node
        return None

    def functions_around(self, line: int) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Return the functions a line lies in, the outermost first."""
        return [
            node
            for node in self.every(ast.FunctionDef, ast.AsyncFunctionDef)
            if node.lineno <= line <= (node.end_lineno or node.lineno)
        ]

    @cached_property
    def quote(self) -> str:
        """The quotation mark that most of its texts of one line are written with."""
        marks: Counter[str] = Counter()
        for node in self.every(ast.Constant):
            if isinstance(node.value, str) and node.lineno == node.end_lineno:
                marks[self.text[self.place(node)[1] - 1]] += 1
        return "'" if marks["'"] > marks['"'] else '"'

    def quoted(self, text: str) -> str:
        """Return a text as the file writes texts."""
        mark = self.quote if self.quote not in text else "'" if self.quote == '"' else '"'
        if mark in text or not text.isprintable() or "\\" in text:
            return repr(text)
        return f"{mark}{text}{mark}"

    def indent_of(self, node: ast.stmt) -> str:
        """Return the white space in front of a statement; of its line when others stand before it there."""
        line = self.line(node.lineno)
        return line[: len(line) - len(line.lstrip())]

    # -- changing ------------------------------------------------------------------------------

    def replace(self, node: ast.AST, text: str) -> Edit:
        """Write something else in a node's place."""
        return self.edit(*self.place(node), text)

    def keyword(self, call: ast.Call, name: str, value: str) -> Edit:
        """Give a call a keyword argument, in place of the one of that name or behind all others."""
        for given in call.keywords:
            if given.arg == name:
                return self.replace(given.value, value)
        return self.add_argument(call, f"{name}={value}")

    def add_argument(self, call: ast.Call, text: str) -> Edit:
        """Add an argument behind all others, on a line of its own where the others stand so.

        Raises `NotPossible` for a call whose one argument is a bare generator, which takes no other.
        """
        if (
            len(call.args) == 1
            and isinstance(call.args[0], ast.GeneratorExp)
            and self.place(call.args[0])[1] == self.place(call)[1]
        ):
            raise NotPossible("a call of a bare generator takes no other argument")
        close = self.place(call)[1] - 1
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if not given:
            return self.insert(close, text)
        last = max(self.place(node)[1] for node in given)
        comma = self._comma(last, close)
        if comma is None:
            return self.insert(self._argument_end(last, close), f", {text}")
        line = self.line_of(last)
        if line == self.line_of(close):
            return self.insert(comma, f" {text},")
        first = self.line(self.line_of(min(self.place(node)[0] for node in given)))
        return self.insert_lines(self.line_of(close), [f"{text},"], first[: len(first) - len(first.lstrip())])

    def closed(self, node: ast.AST, most: int | None = None) -> int:
        """Return where a node ends with the brackets around it; `most` is the end of what it is a part of."""
        end = self.place(node)[1]
        start = self.place(node)[0]
        while True:
            before = len(self.text[:start].rstrip())
            after = end + len(self.text[end:]) - len(self.text[end:].lstrip())
            if (
                self.text[before - 1 : before] != "("
                or self.text[after : after + 1] != ")"
                or (most is not None and after >= most)
            ):
                return end
            if before >= 2 and (self.text[before - 2].isalnum() or self.text[before - 2] in "_)]"):
                return end  # the brackets of a call
            start, end = before - 1, after + 1

    def drop(self, whole: ast.AST, items: Sequence[tuple[ast.AST, ast.AST]], index: int) -> Edit:
        """Take an item out of a list of several, each given by its first and last node, with the comma that belongs to it."""
        first = self.place(items[index][0])[0]
        if index + 1 < len(items):
            return self.edit(first, self.place(items[index + 1][0])[0], "")
        before = self._argument_end(self.place(items[index - 1][1])[1], first)
        return self.edit(before, self._argument_end(self.place(items[index][1])[1], self.place(whole)[1] - 1), "")

    def drop_argument(self, call: ast.Call, argument: ast.expr) -> Edit:
        """Take an argument away that others stand before, with the comma in front of it."""
        start = self.text.rindex(",", 0, self.place(argument)[0])
        return self.edit(start, self._argument_end(self.place(argument)[1], self.place(argument)[1]), "")

    def delete(self, statement: ast.stmt, *, with_comment: bool = False) -> Edit:
        """Take a statement away with its lines, and with the comment above it where no other statement stands below that."""
        start, end = self.place(statement)
        first, last = self.line_of(start), self.line_of(end)
        if self.text[self.line_start(first) : start].strip() or self.text[end : self.line_start(last + 1)].split("#")[0].strip():
            raise NotPossible("the statement shares its line")
        if with_comment and (last == self.lines or not self.line(last + 1).strip()):
            while first > 1 and self.line(first - 1).lstrip().startswith("#"):
                first -= 1
        return self.edit(self.line_start(first), self.line_start(last + 1), "")

    def insert_after(self, statement: ast.stmt, *lines: str) -> Edit:
        """Write statements behind one, in its indentation."""
        return self.insert_lines((statement.end_lineno or statement.lineno) + 1, lines, self.indent_of(statement))

    # -- tokens --------------------------------------------------------------------------------

    def _marks(self, start: int, end: int) -> Iterator[tuple[str, int]]:
        """Yield the commas and brackets between two offsets where nothing but them, blanks and comments stands."""
        at = start
        while at < end:
            char = self.text[at]
            if char == "#":
                at = self.line_start(self.line_of(at) + 1)
                continue
            if char in ",()":
                yield char, at
            at += 1

    def _comma(self, start: int, end: int) -> int | None:
        """Return the offset behind a comma between two offsets."""
        return next((at + 1 for mark, at in self._marks(start, end) if mark == ","), None)

    def _argument_end(self, start: int, end: int) -> int:
        """Return where an argument that ends at `start` ends with the brackets that stand around it."""
        closing = [at + 1 for mark, at in self._marks(start, end) if mark == ")"]
        return closing[-1] if closing else start
