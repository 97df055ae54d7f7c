"""Repairs that keep data out of a log call: what shows it goes, or is masked, or the call goes that says nothing else."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from leaktight.edit import Desk, NotPossible, PythonDocument, texts
from leaktight.edit.decorators import last_part
from leaktight.edit.logger import is_log_call
from leaktight.model import Edit, Finding

_MASK = "***"
_TROUBLE = frozenset({"warning", "warn", "error", "exception", "critical", "fatal"})


def silence(finding: Finding, desk: Desk) -> Iterator[Edit]:
    """Write the call without what it must not show."""
    document = desk.python(finding.span.path)
    start, end = document.range_of(finding.span)
    call = _call_around(document, start, end)
    given = _given(document, call, start, end)
    if given is call.args[0] and not isinstance(given, ast.JoinedStr | ast.BinOp | ast.Call):
        raise NotPossible("the text is made elsewhere: see the flow")
    yield from _Silencing(desk, finding, call, given).edits()


def _call_around(document: PythonDocument, start: int, end: int) -> ast.Call:
    best: ast.Call | None = None
    for node in ast.walk(document.tree):
        if is_log_call(node) and isinstance(node, ast.Call) and node.args:
            first, last = document.place(node)
            if first <= start and end <= last and (best is None or document.place(best)[0] < first):
                best = node
    if best is None:
        raise NotPossible("it is not written by a plain call of a logger")
    return best


def _given(document: PythonDocument, call: ast.Call, start: int, end: int) -> ast.expr:
    for argument in call.args:
        first, last = document.place(argument)
        if first <= start and end <= last:
            return argument
    raise NotPossible("it is handed over as more than a part of the message")


class _Silencing:
    """One log call and the part of it that shows the data."""

    def __init__(self, desk: Desk, finding: Finding, call: ast.Call, given: ast.expr) -> None:
        self.document = desk.python(finding.span.path)
        self.call = call
        self.given = given
        self.place = self.document.range_of(finding.span)
        self.label = finding.label
        self.recogniser = desk.project.recogniser

    def edits(self) -> Iterator[Edit]:
        try:
            yield from list(self._without())
        except texts.TooShort:
            yield from self._no_call()
        except texts.InTheMiddle:
            yield from self._masked()

    def _shows(self, value: ast.expr) -> bool:
        first, last = self.document.place(value)
        start, end = self.place
        return (first <= start and end <= last) or (start <= first and last <= end)

    def _without(self) -> Iterator[Edit]:
        given = self.given
        if given is not self.call.args[_message_at(self.call)]:
            yield from texts.in_arguments(self.document, self.call, _message_at(self.call), self._shows)
        elif isinstance(given, ast.JoinedStr):
            yield from texts.in_f_string(self.document, given, self._narrowed(given), texts.LAST_LABEL)
        elif isinstance(given, ast.BinOp) and isinstance(given.op, ast.Mod):
            yield from texts.in_percent(self.document, given, self._narrowed(given), texts.LAST_LABEL)
        elif isinstance(given, ast.BinOp) and isinstance(given.op, ast.Add):
            yield from texts.in_sum(self.document, given, texts.LAST_LABEL)
        elif isinstance(given, ast.Call) and last_part(given.func) == "format":
            yield from texts.in_format(self.document, given, self._narrowed(given), texts.LAST_LABEL)
        else:
            raise texts.TooShort

    def _narrowed(self, whole: ast.expr) -> Callable[[ast.expr], bool]:
        """What shows the data: where the finding covers the whole text, the one thing that is filled in."""
        if self.document.place(whole)[0] < self.place[0] or self.document.place(whole)[1] > self.place[1]:
            return self._shows
        filled = _filled(whole)
        return self._is_meant if len(filled) > 1 else lambda _: True

    def _is_meant(self, value: ast.expr) -> bool:
        """Tell by its name what is meant of several things that are filled into a text."""
        for node in ast.walk(value):
            name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
            match = self.recogniser.recognise(name) if name else None
            if match is not None and match.label == self.label:
                return True
        return False

    def _masked(self) -> Iterator[Edit]:
        if self.given is self.call.args[_message_at(self.call)]:
            raise NotPossible("the sentence goes on behind it: word it anew")
        message = self.call.args[_message_at(self.call)]
        if not all(kind in "sr%" for kind in texts.conversions(self.document, message)):
            raise NotPossible("the sentence goes on behind it, and takes numbers: word it anew")
        yield self.document.replace(self.given, self.document.quoted(_MASK))

    def _no_call(self) -> Iterator[Edit]:
        """Take the statement away when it is not the only one of its block, and tells of no trouble."""
        if last_part(self.call.func) in _TROUBLE:
            raise NotPossible("the log of something that went wrong would be lost: word it anew")
        for node in ast.walk(self.document.tree):
            for block in (getattr(node, "body", None), getattr(node, "orelse", None), getattr(node, "finalbody", None)):
                if not isinstance(block, list):
                    continue
                for statement in block:
                    if isinstance(statement, ast.Expr) and statement.value is self.call:
                        if len(block) == 1:
                            raise NotPossible("the log says nothing else, and nothing else is done there")
                        yield self.document.delete(statement)
                        return
        raise NotPossible("nothing is left of the text without it")


def _filled(whole: ast.expr) -> list[ast.expr]:
    """What is filled into a text."""
    if isinstance(whole, ast.JoinedStr):
        return [value for value in whole.values if isinstance(value, ast.FormattedValue)]
    if isinstance(whole, ast.BinOp):
        right = whole.right
        return [*right.elts] if isinstance(right, ast.Tuple) else [*right.values] if isinstance(right, ast.Dict) else [right]
    return [*whole.args, *(keyword.value for keyword in whole.keywords)] if isinstance(whole, ast.Call) else []


def _message_at(call: ast.Call) -> int:
    """The message is the first argument, or the second of `logger.log(level, …)`."""
    return 1 if last_part(call.func) == "log" and len(call.args) > 1 else 0
