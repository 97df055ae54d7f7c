"""Texts in Python source that lose a part: a placeholder at the end of a message, and what is filled into it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from leaktight.edit.python import PythonDocument
from leaktight.edit.reasons import NotPossible
from leaktight.model import Edit

_LITERAL = re.compile(
    r"(?P<prefix>[rRuUfFbB]{0,2})(?P<quote>\"\"\"|'''|\"|')(?P<body>(?:\\.|(?!(?P=quote)).)*)(?P=quote)", re.DOTALL
)
_BETWEEN = re.compile(r"(?:\s|\\\r?\n|#[^\r\n]*)*")
_CLOSING = re.compile(r"""(?:[\s.)\]>!"'`]|\\["'n])*""")
_JOINT = re.compile(r"""(?:[\s:;,(\[<"'`–—-]|\\["'n])+$""")
_LABEL = re.compile(
    r"(?:[,;:(–—-]\s*|(?<=\})\s+|(?<=%s)\s+)(?:the\s+)?(?:error|exception|reason|cause|details?|message)(?:\s+(?:was|is))?\s*$",
    re.IGNORECASE,
)
LAST_LABEL = re.compile(r"(?:[,;|–—(]\s*|\.\s+|\s+(?:with|and|using)\s+(?:the\s+)?)[\w .'/-]{1,30}[:=]*\s*$")
"""What log lines call a value at their end: `, token=`, `with password`."""
_PERCENT = re.compile(r"%(?:\((?P<key>[^)]*)\))?[#0\- +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[diouxXeEfFgGcrsa%]")
_FIELD = re.compile(r"\{\{|\}\}|\{(?P<key>[^{}!:]*)[^{}]*\}")


_FILLED = re.compile(r"\s*(?:%(?:\(\w+\))?s|\{[^{}]*\})\s*")


@dataclass(frozen=True, slots=True)
class Part:
    """One literal of a text that may consist of several: its prefix, its marks, and where its characters lie."""

    prefix: str
    quote: str
    start: int
    begin: int
    end: int
    """`start` of the prefix, `begin` and `end` of the characters between the marks."""


class Cut:
    """A message without what a placeholder at its end shows: the edits, and what is left as a sentence."""

    def __init__(self, document: PythonDocument, node: ast.expr, label: re.Pattern[str] | None = None) -> None:
        """`label` is what goes with the placeholder in front of it. Raises `NotPossible` when the node is not a text written out."""
        self.label = label or _LABEL
        self.document = document
        self.node = literal_of(node)
        self.parts = tuple(_parts(document, self.node))
        self.body = "".join(document.text[part.begin : part.end] for part in self.parts)

    def remove(self, start: int, end: int) -> Iterator[Edit]:
        """Take a placeholder away, given by its offsets in the body; it must end the sentence."""
        if _CLOSING.fullmatch(self.body[end:]) is None:
            raise InTheMiddle
        whole = _JOINT.sub("", self.body[:start])
        named = self.label.sub("", self.body[:start] if self.label is LAST_LABEL else whole)
        texts = (_JOINT.sub("", named), whole)
        left = next((text for text in texts if _words(text) > 1), None)
        if left is None and self.label is _LABEL and _FILLED.fullmatch(texts[0]):
            yield from self._shortened(texts[0], "")  # what is filled in is the sentence
            return
        if left is None:
            raise TooShort
        left += _unclosed(left)
        stop = (
            "" if left.endswith((".", "!", "?")) or (self.label is LAST_LABEL and not self.body.rstrip().endswith(".")) else "."
        )
        yield from self._shortened(left, stop)

    def _shortened(self, left: str, stop: str) -> Iterator[Edit]:
        taken = 0
        document = self.document
        for index, part in enumerate(self.parts):
            length = part.end - part.begin
            if taken + length >= len(left.rstrip("'\"")):
                kept = left[taken:]
                prefix = part.prefix
                if "f" in prefix.lower() and "{" not in kept:
                    prefix = re.sub("[fF]", "", prefix)
                yield document.edit(part.start, document.place(self.node)[1], f"{prefix}{part.quote}{kept}{stop}{part.quote}")
                return
            taken += length
            assert index < len(self.parts) - 1  # what is left is a beginning of the body


def _words(text: str) -> int:
    """How many words a text has, without what is filled in."""
    return len(re.findall(r"[^\W\d_][\w.]*", re.sub(r"%\(\w+\)s|%[sdr]|\{[^{}]*\}", "", text)))


class TooShort(NotPossible):
    """Nothing that could stand alone is left of a text."""

    def __init__(self) -> None:
        super().__init__("nothing is left of the text without it")


class InTheMiddle(NotPossible):
    """A sentence goes on behind what is to be taken away."""

    def __init__(self) -> None:
        super().__init__("the text goes on behind it: word it anew")


def _unclosed(text: str) -> str:
    """The quotation mark that what was cut away had closed."""
    for mark in ('\\"', "\\'", '"'):
        if text.count(mark) % 2:
            return mark
    return ""


def literal_of(node: ast.expr) -> ast.expr:
    """Return the text written out in an expression: itself, or the one argument of a call that translates it."""
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return node
    if isinstance(node, ast.Call):
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if len(given) == 1:
            return literal_of(given[0])
    raise NotPossible("the text is not written out here")


def _parts(document: PythonDocument, node: ast.expr) -> Iterator[Part]:
    at, end = document.place(node)
    while at < end:
        match = _LITERAL.match(document.text, at, end)
        if match is None or "b" in match["prefix"].lower():
            raise NotPossible("the text is written in a way that is not understood")
        yield Part(match["prefix"], match["quote"], match.start(), match.start("body"), match.end("body"))
        between = _BETWEEN.match(document.text, match.end(), end)
        at = between.end() if between is not None else match.end()


# -- placeholders ------------------------------------------------------------------------------


def in_f_string(
    document: PythonDocument, node: ast.JoinedStr, shows: Callable[[ast.expr], bool], label: re.Pattern[str] | None = None
) -> Iterator[Edit]:
    """Take away what an f-string shows of an expression."""
    cut = Cut(document, node, label)
    yield from cut.remove(*_field(cut, node, shows))


def masked_in_f_string(document: PythonDocument, node: ast.JoinedStr, shows: Callable[[ast.expr], bool], mask: str) -> Edit:
    """Write a mask in the place of what an f-string shows of an expression."""
    cut = Cut(document, node)
    start, end = _field(cut, node, shows)
    offset = 0
    for part in cut.parts:
        length = part.end - part.begin
        if start < offset + length:
            return document.edit(part.begin + start - offset, part.begin + end - offset, mask)
        offset += length
    raise NotPossible("the text is written in a way that is not understood")


def _field(cut: Cut, node: ast.JoinedStr, shows: Callable[[ast.expr], bool]) -> tuple[int, int]:
    """Where the one field of an f-string lies that shows an expression."""
    fields = [value for value in node.values if isinstance(value, ast.FormattedValue)]
    places = _fields_of(cut)
    if len(places) != len(fields):
        raise NotPossible("the text is written in a way that is not understood")
    found = [place for place, value in zip(places, fields, strict=True) if shows(value.value)]
    if len(found) != 1:
        raise NotPossible("the text shows it more than once")
    return found[0]


def _fields_of(cut: Cut) -> list[tuple[int, int]]:
    """The places of what is filled into the f-strings of a text, in their order."""
    places, offset = [], 0
    for part in cut.parts:
        body = cut.document.text[part.begin : part.end]
        if "f" in part.prefix.lower():
            places += [(offset + start, offset + end) for start, end in _braces(body)]
        offset += len(body)
    return places


def _braces(body: str) -> Iterator[tuple[int, int]]:
    at = depth = start = 0
    while at < len(body):
        if not depth and body[at : at + 2] in {"{{", "}}"}:
            at += 2
            continue
        if body[at] == "{":
            start = start if depth else at
            depth += 1
        elif body[at] == "}" and depth:
            depth -= 1
            if not depth:
                yield start, at + 1
        at += 1


def in_percent(
    document: PythonDocument, node: ast.BinOp, shows: Callable[[ast.expr], bool], label: re.Pattern[str] | None = None
) -> Iterator[Edit]:
    """Take away what the `%` operator fills in."""
    cut = Cut(document, node.left, label)
    places = [match for match in _PERCENT.finditer(cut.body) if not match[0].endswith("%")]
    right = node.right
    if isinstance(right, ast.Dict):
        index = _only([shows(value) for value in right.values])
        key = right.keys[index]
        found = [match for match in places if isinstance(key, ast.Constant) and match["key"] == key.value]
        rest = len(right.values) - 1
    else:
        elements = right.elts if isinstance(right, ast.Tuple) else [right]
        index = _only([shows(value) for value in elements])
        found = places[index : index + 1] if len(places) == len(elements) else []
        rest = len(elements) - 1
    if len(found) != 1:
        raise NotPossible("what is filled into the text is not understood")
    if rest == 0:
        _refuse_doubled(cut.body, "%%")
        yield from cut.remove(*found[0].span())
        yield document.edit(document.closed(node.left), document.closed(right, document.place(node)[1]), "")
        return
    yield from cut.remove(*found[0].span())
    if isinstance(right, ast.Dict):
        yield document.drop(right, [(key or value, value) for key, value in zip(right.keys, right.values, strict=True)], index)
    elif isinstance(right, ast.Tuple) and rest == 1:
        left = document.source(right.elts[1 - index])
        yield document.replace(right, left if places[1 - index][0][-1] in "dixX" else f"({left},)")
    elif isinstance(right, ast.Tuple):
        yield document.drop(right, [(value, value) for value in right.elts], index)


def in_format(
    document: PythonDocument, node: ast.Call, shows: Callable[[ast.expr], bool], label: re.Pattern[str] | None = None
) -> Iterator[Edit]:
    """Take away what `.format()` fills in."""
    assert isinstance(node.func, ast.Attribute)  # asked for by the caller
    cut = Cut(document, node.func.value, label)
    places = [match for match in _FIELD.finditer(cut.body) if match[0] not in {"{{", "}}"}]
    given = [*node.args, *(keyword.value for keyword in node.keywords)]
    index = _only([shows(value) for value in given])
    if index < len(node.args):
        found = places[index : index + 1] if all(match["key"] == "" for match in places[: index + 1]) else []
    else:
        name = node.keywords[index - len(node.args)].arg
        found = [match for match in places if match["key"] == name]
    if len(found) != 1:
        raise NotPossible("what is filled into the text is not understood")
    yield from cut.remove(*found[0].span())
    if len(given) == 1:
        _refuse_doubled(cut.body, "{{")
        yield document.edit(document.closed(node.func.value), document.place(node)[1], "")
        return
    items: list[tuple[ast.AST, ast.AST]] = [(value, value) for value in node.args]
    items += [(keyword, keyword) for keyword in node.keywords]
    yield document.drop(node, items, index)


def in_sum(document: PythonDocument, node: ast.BinOp, label: re.Pattern[str] | None = None) -> Iterator[Edit]:
    """Take away what is added behind a text."""
    cut = Cut(document, node.left, label)
    yield from cut.remove(len(cut.body), len(cut.body))
    yield document.edit(document.closed(node.left), document.place(node)[1], "")


def in_arguments(document: PythonDocument, call: ast.Call, message: int, shows: Callable[[ast.expr], bool]) -> Iterator[Edit]:
    """Take away an argument of a log call and its placeholder in the message; `message` is where that stands."""
    cut = Cut(document, call.args[message], LAST_LABEL)
    places = [match for match in _PERCENT.finditer(cut.body) if not match[0].endswith("%")]
    rest = call.args[message + 1 :]
    index = _only([shows(value) for value in rest])
    if len(places) != len(rest) or any(isinstance(value, ast.Starred) for value in rest):
        raise NotPossible("what is filled into the text is not understood")
    yield from cut.remove(*places[index].span())
    if len(rest) == 1:
        _refuse_doubled(cut.body, "%%")
    items: list[tuple[ast.AST, ast.AST]] = [(value, value) for value in call.args]
    items += [(keyword.value, keyword.value) for keyword in call.keywords]
    last = message + 1 + index == len(call.args) - 1 and call.keywords
    if last:
        yield document.drop_argument(call, call.args[-1])
    else:
        yield document.drop(call, items, message + 1 + index)


def conversions(document: PythonDocument, node: ast.expr) -> str:
    """Return the letters of what the `%` operator fills into a text, in their order."""
    return "".join(match[0][-1] for match in _PERCENT.finditer(Cut(document, node).body))


def _only(shown: list[bool]) -> int:
    if shown.count(True) != 1:
        raise NotPossible("the text shows it more than once")
    return shown.index(True)


def _refuse_doubled(body: str, mark: str) -> None:
    if mark in body:
        raise NotPossible(f"`{mark}` in the text would mean something else without what is filled in")
