"""Repairs that keep data out of a log call: what shows it goes, is masked or told by its kind, or the call goes that says nothing else."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Callable, Iterator

from leaktight.edit import Desk, NotPossible, PythonDocument, texts
from leaktight.edit.decorators import last_part
from leaktight.edit.logger import is_log_call
from leaktight.model import Edit, Finding

_MASK = "***"
_LEAD = re.compile(r"([^%{]*)(?:%[sr]|\{\w*\})?\s*")
_LABEL_ALONE = re.compile(r"\s*(?:[\w-]+ ){0,3}[\w-]+ ?[:=]\s*")
"""A message that is no more than what the value behind it is called."""
_EVENT = re.compile(
    r"\b(?:\w+(?:ed|ing)|got|sent|set|found|made|new|no|not|wrong|with|for|of|from|to|in|is|was|has)\b", re.IGNORECASE
)
"""Words of a message that tells what happened as well."""
_TROUBLE = frozenset({"warning", "warn", "error", "exception", "critical", "fatal"})


def silence(finding: Finding, desk: Desk) -> Iterator[Edit]:
    """Write the call without what it must not show."""
    document = desk.python(finding.span.path)
    start, end = document.range_of(finding.span)
    call = _call_around(document, start, end)
    if any(_holds(document, keyword.value, start, end) for keyword in call.keywords):
        yield _Silencing(desk, finding, call, call.func).without_field()
        return
    given = _given(document, call, start, end)
    if given is call.args[0] and not isinstance(given, ast.JoinedStr | ast.BinOp | ast.Call):
        raise NotPossible("the text is made elsewhere: see the flow")
    yield from _Silencing(desk, finding, call, given).edits()


def _call_around(document: PythonDocument, start: int, end: int) -> ast.Call:
    around = [call for call in document.around(start, end, ast.Call) if call.args and is_log_call(call)]
    if not around:
        raise NotPossible("it is not written by a plain call of a logger")
    return max(around, key=lambda call: document.place(call)[0])


def _given(document: PythonDocument, call: ast.Call, start: int, end: int) -> ast.expr:
    for argument in call.args:
        if _holds(document, argument, start, end):
            return argument
    raise NotPossible("it is handed over as more than a part of the message")


def _holds(document: PythonDocument, node: ast.expr, start: int, end: int) -> bool:
    first, last = document.place(node)
    return first <= start and end <= last


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
        caught = self._caught()
        if caught is not None:
            yield self.document.replace(caught, f"type({_name_in(caught)}).__name__")
            return
        if self._is_label_alone():
            with contextlib.suppress(NotPossible):
                yield from list(self._no_call())
                return
        try:
            yield from list(self._without())
        except texts.TooShort:
            yield from self._no_call()
        except texts.InTheMiddle:
            yield from self._masked()

    def without_field(self) -> Edit:
        """Take away a field of a structured line: a keyword, or what shows the data of the dictionary `extra`."""
        document, call = self.document, self.call
        index = next(at for at, keyword in enumerate(call.keywords) if _holds(document, keyword.value, *self.place))
        keyword = call.keywords[index]
        if keyword.arg in {None, "exc_info", "args", "kwargs"}:
            raise NotPossible("it is handed over as more than a part of the message")
        if isinstance(keyword.value, ast.Dict) and len(keyword.value.values) > 1:
            entries = [(key or value, value) for key, value in zip(keyword.value.keys, keyword.value.values, strict=True)]
            shown = [
                at for at, entry in enumerate(entries) if _holds(document, entry[1], *self.place) or self._is_meant(entry[1])
            ]
            if keyword.arg != "extra" or len(shown) != 1:
                raise NotPossible("it is handed over as more than a part of the message")
            return document.drop(keyword.value, entries, shown[0])
        items: list[tuple[ast.AST, ast.AST]] = [(value, value) for value in call.args]
        return document.drop(call, [*items, *((item, item) for item in call.keywords)], len(call.args) + index)

    def _caught(self) -> ast.expr | None:
        """The exception whose text is written where its traceback is not: its kind still says what went wrong."""
        if last_part(self.call.func) == "exception" or any(keyword.arg == "exc_info" for keyword in self.call.keywords):
            return None
        names = {handler.name for handler in self.document.around(*self.place, ast.ExceptHandler) if handler.name}
        written = [
            value.value if isinstance(value, ast.FormattedValue) else value for value in (self.given, *_filled(self.given))
        ]
        caught = [value for value in written if _name_in(value) in names and self._shows(value)]
        return caught[0] if len(caught) == 1 else None

    def _is_label_alone(self) -> bool:
        """Tell `info("Request headers: %s", request.headers)`: without the value, nothing worth a line is left."""
        at = _message_at(self.call)
        lead = _lead(self.call.args[at])
        return len(self.call.args) <= at + 2 and _LABEL_ALONE.fullmatch(lead) is not None and _EVENT.search(lead) is None

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
        """Show a mask where the sentence goes on behind the data."""
        document, at = self.document, _message_at(self.call)
        given, message = self.given, self.call.args[at]
        if given is message and isinstance(given, ast.JoinedStr):
            yield texts.masked_in_f_string(document, given, self._narrowed(given), _MASK)
            return
        filled = [given]
        if given is message:
            if not (isinstance(given, ast.BinOp) and isinstance(given.op, ast.Mod)):
                raise NotPossible("the sentence goes on behind it: word it anew")
            message, shows = given.left, self._narrowed(given)
            filled = [value for value in _filled(given) if shows(value)]
        if not all(kind in "sr%" for kind in texts.conversions(document, message)):
            raise NotPossible("the sentence goes on behind it, and takes numbers: word it anew")
        if len(filled) != 1:
            raise NotPossible("the text shows it more than once")
        yield document.replace(filled[0], document.quoted(_MASK))

    def _no_call(self) -> Iterator[Edit]:
        """Take the statement away when it is not the only one of its block, and tells of no trouble."""
        if last_part(self.call.func) in _TROUBLE:
            raise NotPossible("the log of something that went wrong would be lost: word it anew")
        alone = [statement for statement in self.document.every(ast.Expr) if statement.value is self.call]
        if not alone:
            raise NotPossible("nothing is left of the text without it")
        if len(self.document.block_of(alone[0])) == 1:
            raise NotPossible("the log says nothing else, and nothing else is done there")
        yield self.document.delete(alone[0], with_comment=True)


def _name_in(value: ast.expr) -> str | None:
    """The name in `error`, `str(error)` and `repr(error)`."""
    if isinstance(value, ast.Call) and last_part(value.func) in {"str", "repr"} and len(value.args) == 1:
        value = value.args[0]
    return value.id if isinstance(value, ast.Name) else None


def _lead(message: ast.expr) -> str:
    """What a message says before the one value at its end; empty when it is made otherwise."""
    if isinstance(message, ast.JoinedStr):
        message = message.values[0] if len(message.values) == 2 else message  # a text, and what is filled in behind it
    elif isinstance(message, ast.BinOp):
        message = message.left
    elif isinstance(message, ast.Call) and isinstance(message.func, ast.Attribute):
        message = message.func.value
    match = _LEAD.fullmatch(message.value) if isinstance(message, ast.Constant) and isinstance(message.value, str) else None
    return match[1] if match is not None else ""


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
