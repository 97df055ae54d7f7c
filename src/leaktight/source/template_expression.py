"""Reads the expressions of Django's and of Jinja's templates into the dotted paths they print."""

from __future__ import annotations

import re
from collections.abc import Callable

from leaktight.source.template_values import Path, Value

Parse = Callable[[str], list[Value]]

_SPLIT = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"']+|["'])+""")
_HEAD = re.compile(r"""\s*(_\(\s*)?("[^"]*"|'[^']*'|[^\s|]+)""")
_FILTER = re.compile(r"""\s*\|\s*(\w+)(?:\s*:\s*("[^"]*"|'[^']*'|_\([^)]*\)|[^\s|]+))?""")
_PLAIN = re.compile(r"[A-Za-z_][\w.]*")
_CONSTANTS = frozenset({"True", "False", "None", "true", "false", "none"})
_PRINTS_ARGUMENT = frozenset({"default", "default_if_none", "add"})
_MAX_PATH = 12

_LEXEME = re.compile(r"""\s*(?:(?P<string>"[^"]*"|'[^']*')|(?P<name>[^\W\d]\w*)|(?P<number>\d[\w.]*)|(?P<sign>==|!=|<=|>=|\S))""")
_WORDS = frozenset({"not", "and", "or", "if", "else", "is", "in", "recursive", "ignore", "missing"}) | _CONSTANTS


def split(text: str) -> tuple[str, ...]:
    """Split a tag's contents at white space outside of quotes."""
    if '"' in text or "'" in text:
        return tuple(_SPLIT.findall(text))
    return tuple(text.split())


def constant(text: str) -> str | None:
    """Return the text of a quoted argument."""
    return text[1:-1] if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0] else None


def path_of(dotted: str) -> Path:
    """Split a dotted name; an index stands for any item."""
    parts = dotted.split(".", _MAX_PATH)[:_MAX_PATH]
    return tuple("[]" if part.isdigit() else part for part in parts if part)


def longer(path: Path, rest: Path) -> Path:
    """Append to a path, which never grows without end."""
    return (path + rest)[:_MAX_PATH]


def django_values(text: str) -> list[Value]:
    """Read `a.b|default:c|upper`: every variable it may print, with the filters on it."""
    if _PLAIN.fullmatch(text):
        return [] if text in _CONSTANTS else [Value(path_of(text))]
    head = _HEAD.match(text)
    if head is None:
        return []
    found, filters, position = [], [], head.end()
    while (match := _FILTER.match(text, position)) is not None:
        name, argument = match.groups()
        filters.append(name)
        if argument and name in _PRINTS_ARGUMENT and _PLAIN.fullmatch(argument):
            found += django_values(argument)
        position = match.end()
    subject = head[2]
    if head[1] is None and subject not in _CONSTANTS and _PLAIN.fullmatch(subject):
        found.insert(0, Value(path_of(subject), tuple(filters)))
    return found


def jinja_values(text: str) -> list[Value]:
    """Read a Jinja expression: the paths it prints, also those given to calls, without those it only tests."""
    if _PLAIN.fullmatch(text):
        return [] if text in _CONSTANTS else [Value(path_of(text))]
    return _Jinja(text).values()


class _Jinja:
    """One pass over the words of a Jinja expression."""

    def __init__(self, text: str) -> None:
        self.words = [(match.lastgroup or "", match[match.lastgroup or 0]) for match in _LEXEME.finditer(text)]
        self.at = 0
        self.found: list[Value] = []
        self.calls: list[str] = []

    def values(self) -> list[Value]:
        while self.at < len(self.words):
            kind, word = self.words[self.at]
            self.at += 1
            if word == "if":
                self._skip_condition()
            elif word == "is":
                self._skip_test()
            elif kind == "name" and word not in _WORDS:
                self._name(word)
            elif word == "|":
                self._filter()
            elif word == "(":
                self.calls.append("")
            elif word == ")" and self.calls:
                self.calls.pop()
        return self.found

    def _peek(self) -> str:
        return self.words[self.at][1] if self.at < len(self.words) else ""

    def _name(self, word: str) -> None:
        through = next((call for call in reversed(self.calls) if call), "")
        keyword = ""
        if self._peek() == "=" and self.calls:
            keyword = word
            self.at += 1
            if self.at >= len(self.words):
                return
            kind, word = self.words[self.at]
            if kind != "name" or word in _WORDS:
                return
            self.at += 1
        parts = [word]
        while (sign := self._peek()) in (".", "["):
            kind, key = self.words[self.at + 1] if self.at + 1 < len(self.words) else ("", "")
            if sign == "." and kind in ("name", "number"):
                parts.append("[]" if kind == "number" else key)
                self.at += 2
            elif sign == "[" and kind in ("string", "number") and self.words[self.at + 2 : self.at + 3] == [("sign", "]")]:
                parts.append(key[1:-1] if kind == "string" else "[]")
                self.at += 3
            else:
                parts.append("[]") if sign == "[" else None
                break
        if self._peek() == "(":
            self.at += 1
            self.calls.append(".".join(parts))
            if len(parts) == 1:
                return
        self.found.append(Value(tuple(parts[:_MAX_PATH]), (), through, keyword))

    def _filter(self) -> None:
        if self.at < len(self.words):
            name = self.words[self.at][1]
            self.at += 1
            if self.found:
                last = self.found[-1]
                self.found[-1] = Value(last.path, (*last.filters, name), last.through, last.keyword)
            if self._peek() == "(":
                self.at += 1
                self.calls.append("")

    def _skip_condition(self) -> None:
        while self.at < len(self.words) and self.words[self.at][1] != "else":
            self.at += 1

    def _skip_test(self) -> None:
        if self._peek() == "not":
            self.at += 1
        self.at += 1
        if self.found:
            self.found.pop()
