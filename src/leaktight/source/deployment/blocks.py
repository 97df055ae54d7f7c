"""Reads the configurations of nginx, Caddy and Apache to directives with blocks; what it doesn't know it passes over."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaktight.source.deployment.words import Directive, Word

DEEPEST = 40
"""Blocks inside blocks; no server is configured deeper, and what is deeper is left out."""

_TEMPLATE = re.compile(r"\{\{[^{}\n]*\}\}|\{%[^%\n]*%\}")
_NGINX = re.compile(
    r"""(?P<space>\s+)|(?P<comment>\#[^\n]*)|(?P<mark>[{};])|"(?P<double>(?:\\.|[^"\\])*)"?|'(?P<single>(?:\\.|[^'\\])*)'?"""
    r"""|(?P<word>(?:\\.|\$\{[\w:-]*\}|[^\s{};"'\\])(?:\\.|\$\{[\w:-]*\}|[^\s{};\\])*|\\)""",
    re.DOTALL,
)
_LINE_WORD = re.compile(
    r"""(?P<comment>(?:^|(?<=\s))\#.*)|"(?P<double>(?:\\.|[^"\\])*)"?|'(?P<single>[^']*)'?|(?P<word>[^\s"']\S*)"""
)
_SECTION = re.compile(r"<(?P<close>/)?(?P<name>[A-Za-z]\w*)\s*(?P<rest>[^>]*)>?")


class _Tree:
    """Directives as they are read, one list for each open block."""

    def __init__(self) -> None:
        self.lists: list[list[Directive]] = [[]]
        self.heads: list[list[Word]] = []
        self.too_deep = 0

    def add(self, words: list[Word], inside: tuple[Directive, ...] = ()) -> None:
        if words:
            self.lists[-1].append(Directive(words[0].text, tuple(word.text for word in words[1:]), words[0], inside))

    def enter(self, words: list[Word]) -> None:
        if len(self.heads) >= DEEPEST:
            self.too_deep += 1
            return
        self.heads.append(words)
        self.lists.append([])

    def leave(self) -> None:
        if self.too_deep:
            self.too_deep -= 1
        elif self.heads:
            inside = tuple(self.lists.pop())
            self.add(self.heads.pop() or [], inside)

    def end(self) -> tuple[Directive, ...]:
        while self.heads:
            self.leave()
        return tuple(self.lists[0])


def read_nginx(text: str) -> tuple[Directive, ...]:
    """Give the directives of a file for nginx; what a template engine fills in is left out."""
    text = _TEMPLATE.sub(lambda match: ("_" if match[0].startswith("{{") else " ") * len(match[0]), text)
    tree, words = _Tree(), list[Word]()
    line, start = 1, 0
    for match in _NGINX.finditer(text):
        kind, whole = match.lastgroup, match[0]
        if kind == "mark":
            if whole == "{":
                tree.enter(words)
            else:
                tree.add(words)
            words = []
            if whole == "}":
                tree.leave()
        elif kind in {"double", "single", "word"}:
            words.append(Word(match[kind], line, match.start() - start + 1))
        if "\n" in whole:
            line += whole.count("\n")
            start = match.start() + whole.rindex("\n") + 1
    tree.add(words)
    return tree.end()


def read_caddy(text: str) -> tuple[Directive, ...]:
    """Give the directives of a Caddyfile, in which a line is a directive."""
    tree = _Tree()
    for words in _lines(text):
        if words[0].text == "}":
            tree.leave()
        elif words[-1].text == "{":
            tree.enter(words[:-1] or [Word("", words[0].line, words[0].column)])
        else:
            tree.add(words)
    return tree.end()


def read_apache(text: str) -> tuple[Directive, ...]:
    """Give the directives of a file for Apache; names are in lower case, as it does not tell the cases apart."""
    tree = _Tree()
    for words in _lines(text):
        section = _SECTION.match(" ".join(word.text for word in words)) if words[0].text.startswith("<") else None
        if section is None:
            tree.add([Word(words[0].text.lower(), words[0].line, words[0].column), *words[1:]])
        elif section["close"]:
            tree.leave()
        else:
            first = Word(section["name"].lower(), words[0].line, words[0].column + 1)
            tree.enter([first, *(Word(part, first.line, first.column) for part in section["rest"].split())])
    return tree.end()


def _lines(text: str) -> Iterator[list[Word]]:
    """The words of each line, of several when a line ends in a backslash; comments are left out."""
    words: list[Word] = []
    for number, line in enumerate(text.split("\n"), 1):
        goes_on = line.rstrip().endswith("\\")
        for match in _LINE_WORD.finditer(line.rstrip().removesuffix("\\")):
            if match.lastgroup == "comment" or match.lastgroup is None:
                break
            words.append(Word(match[match.lastgroup], number, match.start() + 1))
        if words and not goes_on:
            yield words
            words = []
    if words:
        yield words
