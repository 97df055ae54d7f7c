"""Walks a template's tags in order and finds what it prints, includes and lets others replace."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from leaktight.source.template_expression import Parse, constant, django_values, jinja_values, longer, split
from leaktight.source.template_lexer import Kind, LexError, Piece
from leaktight.source.template_lines import Lines
from leaktight.source.template_values import Bindings, Block, Include, Path, Tag, Value

MAX_DEPTH = 200
_MAX_TAG = 4_000
_MAX_NAMES = 60
# Tags whose arguments are printed into the page as they are, and tags that render a form or field.
_PRINTING = frozenset({"url", "firstof", "trans", "translate", "cycle", "widthratio", "querystring", "echo", "print"})
_RENDERING = re.compile(r"(?:crispy|(?:bootstrap|uni|foundation|bulma|materialize|render)_\w+|(?:form|field)(?:_\w+|row|set)?)\Z")
_FLAGS = frozenset({"noop", "silent", "asvar", "trimmed"})
_TRANSLATED = frozenset({"blocktrans", "blocktranslate"})
_OPENING = frozenset({"for", "with", "block", "macro", "call"}) | _TRANSLATED
_TOKENLESS = frozenset(
    "if elif else for empty with firstof url static trans translate blocktrans blocktranslate plural comment now cycle "
    "load spaceless autoescape ifchanged ifequal ifnotequal regroup verbatim filter widthratio templatetag lorem debug "
    "language localize localtime timezone cache get_static_prefix get_media_prefix get_current_language "
    "get_available_languages get_language_info get_language_info_list get_current_timezone resetcycle querystring "
    "bootstrap_field bootstrap_form bootstrap_button bootstrap_icon bootstrap_label bootstrap_form_errors bootstrap_messages "
    "bootstrap_alert bootstrap_formset buttons render_field render_form render_button crispy_field crispy_addon "
    "thumbnail humanize set macro raw do import from autoescape import continue break".split()
)
"""Tags that never print a CSRF token: Django's own, and widely used ones that render fields, pictures or texts."""
_TOLD = frozenset({"csrf_token", "extends"})
"""Tags of Django that are asked for later; most are `if` and `endif`, which nobody asks for."""


class Printed(NamedTuple):
    """Something printed: what, by which piece, inside of which blocks."""

    values: tuple[Value, ...]
    piece: Piece
    blocks: tuple[str, ...]


@dataclass(slots=True)
class _Frame:
    closer: str
    bindings: Bindings
    block: str = ""
    start: int = 0
    keeps_parent: bool = False


@dataclass(slots=True)
class Walk:
    """What walking over the pieces of a template found."""

    lines: Lines
    jinja: bool
    printed: list[Printed] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    extends: str | None = None
    extends_dynamic: bool = False
    _frames: list[_Frame] = field(default_factory=lambda: [_Frame("", {})])
    _parse: Parse = django_values

    def run(self, pieces: list[Piece], length: int) -> None:
        """Walk over all pieces of a text of this length; raise `LexError` for text no engine would load."""
        self._parse = jinja_values if self.jinja else django_values
        for piece in pieces:
            if piece.kind is Kind.INERT:
                continue
            if len(piece.text) > _MAX_TAG:
                raise LexError("a template tag is longer than 4000 characters", piece.start)
            if piece.kind is Kind.VARIABLE:
                self._variable(piece)
            else:
                self._tag(piece)
        while len(self._frames) > 1:
            self._close(self._frames.pop(), length)
        self.blocks.sort(key=lambda block: block.start)

    # -- expressions -----------------------------------------------------------------------------

    def _variable(self, piece: Piece) -> None:
        if piece.text in ("block.super", "super()"):
            if (frame := next((frame for frame in reversed(self._frames) if frame.block), None)) is not None:
                frame.keeps_parent = True
        else:
            self._print(self.values(piece.text), piece)

    def values(self, text: str) -> tuple[Value, ...]:
        """Read an expression with the names bound here resolved."""
        return tuple(resolved for value in self._parse(text) for resolved in self._resolve(value))

    def _resolve(self, value: Value) -> tuple[Value, ...]:
        head, rest = value.path[0], value.path[1:]
        for frame in reversed(self._frames):
            if head in frame.bindings:
                return tuple(
                    Value(
                        _regrouped(longer(bound.path, rest)),
                        bound.filters + value.filters,
                        value.through or bound.through,
                        value.keyword or bound.keyword,
                    )
                    for bound in frame.bindings[head]
                )
        return (value,)

    def _print(self, values: tuple[Value, ...], piece: Piece) -> None:
        if values:
            self.printed.append(Printed(values, piece, self._around()))

    def _around(self) -> tuple[str, ...]:
        return tuple(frame.block for frame in self._frames if frame.block)

    # -- tags ------------------------------------------------------------------------------------

    def _tag(self, piece: Piece) -> None:
        words = split(piece.text)
        if not words:
            return
        name, arguments = words[0], words[1:]
        if name in _TOLD or is_foreign_tag(name):
            self.tags.append(Tag(name, arguments, self.lines.span(piece.start, piece.end), piece.start))
        if name.startswith("end"):
            self._end(name, piece)
        elif name in _OPENING:
            self._open(name, arguments, piece)
        elif name == "include":
            self._include(arguments, piece)
        elif name == "extends":
            self.extends = constant(arguments[0]) if arguments else None
            self.extends_dynamic = self.extends is None
        elif name == "load":
            self.loads += arguments[arguments.index("from") + 1 :] if "from" in arguments else arguments
        elif name == "set" and self.jinja:
            self._set(piece.text)
        elif name == "regroup":
            self._regroup(arguments)
        elif len(arguments) > 1 and arguments[-2] == "as":
            self._assign(name, arguments[:-2], arguments[-1])
        elif name in _PRINTING:
            self._print(self._arguments(name, arguments), piece)
        elif _RENDERING.match(name):
            self._print(self._arguments(name, arguments[:1]), piece)

    def _arguments(self, name: str, arguments: tuple[str, ...]) -> tuple[Value, ...]:
        found: list[Value] = []
        for argument in arguments:
            keyword, text = _keyword(argument)
            if text not in _FLAGS:
                found += (Value(value.path, value.filters, name, keyword) for value in self.values(text))
        return tuple(found)

    def _assign(self, name: str, arguments: tuple[str, ...], variable: str) -> None:
        """`{% url … as link %}` prints later; what another tag makes is its own secret."""
        known = name in _PRINTING
        self._frames[-1].bindings[variable] = self._arguments(name, arguments) if known else (Value((f"{name}()", variable)),)

    def _open(self, name: str, arguments: tuple[str, ...], piece: Piece) -> None:
        if len(self._frames) >= MAX_DEPTH:
            raise LexError(f"template tags are nested deeper than {MAX_DEPTH}", piece.start)
        frame = _Frame("end" + name, {}, start=piece.start)
        if name == "for":
            frame.bindings = self._loop(arguments)
        elif name == "block":
            frame.block = arguments[0] if arguments else ""
        elif name in ("macro", "call"):
            frame.bindings = _parameters(piece.text)
        else:
            frame.bindings = self._aliases(arguments)
        self._frames.append(frame)

    def _end(self, name: str, piece: Piece) -> None:
        if any(frame.closer == name for frame in self._frames):
            while (frame := self._frames.pop()).closer != name:
                self._close(frame, piece.end)
            self._close(frame, piece.end)

    def _close(self, frame: _Frame, end: int) -> None:
        if frame.block:
            self.blocks.append(
                Block(frame.block, self._bindings(), frame.start, end, self._around(), keeps_parent=frame.keeps_parent)
            )

    def _include(self, arguments: tuple[str, ...], piece: Piece) -> None:
        only = "only" in arguments[1:] or arguments[-2:] == ("without", "context")
        given = self._aliases(arguments[1:])
        bindings = given if only else self._bindings() | given
        name = constant(arguments[0]) if arguments else None
        self.includes.append(Include(name, bindings, only, self.lines.span(piece.start, piece.end), piece.start, self._around()))

    # -- names -----------------------------------------------------------------------------------

    def _bindings(self) -> Bindings:
        """What all names bound here mean; the innermost ones of a template that binds very many."""
        found: Bindings = {}
        for frame in reversed(self._frames):
            for name in reversed(frame.bindings):
                if len(found) >= _MAX_NAMES:
                    return found
                found.setdefault(name, frame.bindings[name])
        return found

    def _aliases(self, arguments: tuple[str, ...]) -> Bindings:
        """Read `a=b.c`, and the old `b.c as a`."""
        bound = {}
        for index, argument in enumerate(arguments):
            keyword, text = _keyword(argument.rstrip(",") if self.jinja else argument)
            if keyword:
                bound[keyword] = self.values(text)
            elif argument == "as" and 0 < index < len(arguments) - 1:
                bound[arguments[index + 1]] = self.values(arguments[index - 1])
        return bound

    def _loop(self, arguments: tuple[str, ...]) -> Bindings:
        if "in" not in arguments:
            return {}
        where = arguments.index("in")
        names = [name.strip("()") for name in " ".join(arguments[:where]).replace(",", " ").split()]
        iterated = " ".join(arguments[where + 1 :]) if self.jinja else arguments[where + 1] if where + 1 < len(arguments) else ""
        values = self.values(iterated)[:1] if self.jinja else self.values(iterated)
        bound: Bindings = {}
        for index, name in enumerate(names):
            bound[name] = tuple(Value(_item(value.path, index, len(names)), (), value.through) for value in values)
        return bound

    def _set(self, text: str) -> None:
        """`{% set a = b.c %}`; the block form prints into the name and can't be followed."""
        target, equals, expression = text[3:].partition("=")
        if equals:
            values = self.values(expression)
            for name in target.replace(",", " ").split():
                self._frames[-1].bindings[name] = values

    def _regroup(self, arguments: tuple[str, ...]) -> None:
        """`{% regroup cities by country as groups %}`: each group has a `grouper` and a `list`."""
        if len(arguments) >= 5 and arguments[1] == "by":
            self._frames[-1].bindings[arguments[4]] = tuple(
                Value(longer(value.path, ("[group]", arguments[2])), (), value.through) for value in self.values(arguments[0])
            )


def _keyword(argument: str) -> tuple[str, str]:
    """Split `name=expression`."""
    name, equals, text = argument.partition("=")
    return (name, text) if equals and name.isidentifier() else ("", argument)


def _item(path: Path, index: int, count: int) -> Path:
    """Tell what one of the names of a loop stands for."""
    tail = path[-1].lower() if path else ""
    if tail == "items":
        return longer(path[:-1], ("[]",) if index else ("[keys]",)) if count == 2 else longer(path, ("[]",))
    item = longer(path[:-1] if tail == "values" and len(path) > 1 else path, ("[]",))
    return item if count == 1 else longer(item, ("[]",))


def _regrouped(path: Path) -> Path:
    """Lead `groups[].list` back to the list that was grouped."""
    if "[group]" not in path:
        return path
    at = path.index("[group]")
    grouped, by, rest = path[:at], path[at + 1 : at + 2], path[at + 2 :]
    if rest[:2] in (("[]", "list"), ("[]", "[]")):
        return grouped + rest[2:]
    return (*grouped, "[]", *by) if rest[:2] == ("[]", "grouper") else path


def _parameters(text: str) -> Bindings:
    """The parameters of a macro mean nothing outside of it."""
    head, _, inside = text.partition("(")
    macro = head.split()[-1]
    names = [part.partition("=")[0].strip() for part in inside.rstrip(") ").split(",")]
    return {name: (Value((f"{macro}()", name)),) for name in names if name.isidentifier()}


def is_foreign_tag(tag: str) -> bool:
    """Tell whether a tag of some library may print anything, a CSRF token too."""
    return not (tag.startswith("end") or tag in _TOKENLESS or tag in ("include", "block", "extends"))
