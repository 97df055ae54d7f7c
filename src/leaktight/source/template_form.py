"""Reads a `<form>`: what it sends, how, and whether a CSRF token goes with it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

from leaktight.source.template_lexer import HOLE, SEAM, Kind, Piece
from leaktight.source.template_page import Page
from leaktight.source.template_scope import Walk, is_foreign_tag
from leaktight.source.template_values import Element, Form, Output, Place, Token


class _Placed(Protocol):
    @property
    def start(self) -> int: ...


_T = TypeVar("_T", bound=_Placed)
_MAX_SHARING = 16
"""Forms that may share one end; more are broken markup, and reading each to its end would be quadratic."""
_BRANCHING = frozenset({"else", "elif", "endif", "block", "endblock", "endfor", "empty", "macro", "endmacro"})
"""Tags between two forms with one end by which a page may have either of them."""
_INPUTS = frozenset({"input", "select", "textarea", "button"})
# What a bound field or form says about itself without rendering an input.
_ABOUT_FIELDS = frozenset(
    "errors non_field_errors label label_tag legend_tag help_text id_for_label auto_id name html_name css_classes media "
    "is_bound is_valid prefix value data initial instance fields field widget_type is_multipart has_changed".split()
)
_FORM_NAME = re.compile(r"(?:^|_)(?:form|field)(?:set)?s?\Z|Form(?:set)?\Z")
_RAW_FILTERS = frozenset({"safe", "safeseq", "unescape"})
_RAW_NAMES = re.compile(r"(?:.*_)?(?:html|content|contents|body|slot|children|markup|rendered)\Z")
_CUSTOM_ELEMENT = re.compile(r"<(?:c-|slot\b|x-)", re.IGNORECASE)


def with_forms(
    elements: Sequence[Element], page: Page, walk: Walk, pieces: Sequence[Piece], outputs: Sequence[Output]
) -> list[Element]:
    """Complete each form element with what lies between its tags."""
    reader = _Reader(elements, page, walk, pieces, outputs)
    return [reader.complete(element) if element.tag == "form" else element for element in elements]


class _Reader:
    def __init__(
        self, elements: Sequence[Element], page: Page, walk: Walk, pieces: Sequence[Piece], outputs: Sequence[Output]
    ) -> None:
        self.page = page
        self.elements = _Sorted(elements)
        self.pieces = _Sorted(pieces)
        self.outputs = _Sorted(outputs)
        self.includes = _Sorted(walk.includes)
        self.blocks = _Sorted(walk.blocks)
        self.by_form: dict[str, list[Element]] = {}
        for element in elements:
            if element.tag in _INPUTS and (owner := element.get("form")):
                self.by_form.setdefault(owner, []).append(element)
        self.sharing: Counter[int] = Counter()
        self.opened: dict[int, int] = {}
        """End of a form → where the last form begins that ends there."""

    def complete(self, element: Element) -> Element:
        ends = self.page.html.form_ends
        index = bisect_left(ends, element.end)
        if self._is_inside(element, index):
            return element
        self.sharing[index] += 1
        if self.sharing[index] > _MAX_SHARING:
            return element
        start, end = element.end, ends[index] if index < len(ends) else len(self.page.text)
        method = element.attribute("method")
        outputs = self.outputs.between(start, end)
        tags = {piece.name for piece in self.pieces.between(start, end) if piece.kind is Kind.TAG}
        form = Form(
            method=_method(HOLE if element.is_open_ended else "") if method is None else _method(method.shape),
            has_method=method is not None,
            action=element.attribute("action"),
            inputs=self._inputs(element, end),
            renders=tuple({output.path: None for output in outputs if _is_form(output)}),
            token=self._token(self._effective(element.start, end).lower(), tags, outputs),
            includes=tuple(self.includes.between(start, end)),
            blocks=tuple(block.name for block in self.blocks.between(start, end)),
            tags=tuple(sorted(filter(is_foreign_tag, tags))),
            closed=index < len(ends),
        )
        return msgspec.structs.replace(element, end=end, form=form)

    def _is_inside(self, element: Element, index: int) -> bool:
        """Tell a form whose start tag stands inside another form: browsers skip it. One of two branches each may begin the same form."""
        outer = self.opened.get(index)
        if outer is not None:
            tags = {piece.name for piece in self.pieces.between(outer, element.start) if piece.kind is Kind.TAG}
            if tags.isdisjoint(_BRANCHING):
                return True
        self.opened[index] = element.start
        return False

    def _inputs(self, element: Element, end: int) -> tuple[Element, ...]:
        inside = [
            other for other in self.elements.between(element.end, end) if other.tag in _INPUTS and other.attribute("form") is None
        ]
        return (*inside, *self.by_form.get(element.get("id"), ()))

    def _effective(self, start: int, end: int) -> str:
        """The text of a stretch without comments."""
        parts = []
        for piece in self.pieces.between(start, end):
            if piece.kind is Kind.INERT:
                parts.append(self.page.text[start : piece.start])
                start = piece.end
        return "".join((*parts, self.page.text[start:end]))

    def _token(self, inside: str, tags: set[str], outputs: Sequence[Output]) -> Token:
        if "csrf_token" in tags or any(map(prints_token, outputs)):
            return Token.PRESENT
        # A script may send a token that stands in an attribute.
        if "csrf" in inside or _CUSTOM_ELEMENT.search(inside) or any(map(may_be_markup, outputs)):
            return Token.POSSIBLE
        return Token.ABSENT


class _Sorted(Generic[_T]):
    """Things in order of their offsets."""

    def __init__(self, items: Sequence[_T]) -> None:
        self._items = items
        self._starts = [item.start for item in items]

    def between(self, start: int, end: int) -> Sequence[_T]:
        return self._items[bisect_left(self._starts, start) : bisect_left(self._starts, end)]


def _method(shape: str) -> str:
    return "" if HOLE in shape or SEAM in shape else shape.strip().lower() or "get"


def _is_form(output: Output) -> bool:
    return (
        output.context.place is Place.TEXT
        and any(map(_FORM_NAME.search, output.path))
        and not _ABOUT_FIELDS.intersection(output.path)
    )


_TOKEN_NAMES = frozenset({"csrf_token", "csrf_input"})


def prints_token(output: Output) -> bool:
    """Tell whether an expression prints a CSRF token as a part of the page or into an input."""
    return output.context.place in (Place.TEXT, Place.VALUE) and is_csrf_token(output.path)


def is_csrf_token(path: Sequence[str]) -> bool:
    """Tell what Django, or its Jinja2 backend, gives each page under one name. `{{ csrftoken }}` is what a view makes it, often nothing."""
    return not _TOKEN_NAMES.isdisjoint(path)


def may_be_markup(output: Output) -> bool:
    """Tell whether an expression may print ready-made HTML, a CSRF token too."""
    if any("csrf" in part.lower() for part in output.path):
        return output.context.place in (Place.TEXT, Place.VALUE)
    if output.context.place is not Place.TEXT:
        return False
    value = output.value
    return bool(_RAW_FILTERS.intersection(value.filters)) or bool(_RAW_NAMES.match(value.path[-1].lower()))
