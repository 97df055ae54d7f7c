"""Joins what a template prints with the HTML around it: contexts of outputs, elements, forms."""

from __future__ import annotations

from bisect import bisect_right

from leaktight.source.template_html import Html, OpenTag, RawAttribute
from leaktight.source.template_lexer import HOLE, SEAM
from leaktight.source.template_lines import Lines
from leaktight.source.template_scope import Printed
from leaktight.source.template_url import part_of
from leaktight.source.template_values import Attribute, Context, Element, Output, Part, Place

KEPT = frozenset(
    "form input select textarea button a area link script img iframe frame object embed source video audio track "
    "base meta html body".split()
)
"""Elements that can send, load or hold data."""
_NEAR = 500
"""How far around an expression to look, so that a huge value or tag does not take forever."""


class Page:
    """One file's text, its mask and its HTML."""

    def __init__(self, text: str, masked: str, html: Html, lines: Lines, *, outside: Place = Place.TEXT) -> None:
        """`outside` is what lies outside of all markup: text, or the language a file is written in."""
        self.text, self.masked, self.html, self.lines = text, masked, html, lines
        self._outside = outside
        self._tag_starts = [tag.start for tag in html.tags]
        self._region_starts = [region.start for region in html.regions]

    def elements(self) -> list[Element]:
        """Make the elements that matter; those with content end behind their open tag until told otherwise."""
        return [self.element(tag) for tag in self.html.tags if tag.name in KEPT]

    def element(self, tag: OpenTag) -> Element:
        """Make one element."""
        attributes = [self._attribute(raw) for raw in tag.attributes if HOLE not in raw.name]
        return Element(
            tag.name,
            tuple(attributes),
            self.lines.span(tag.start, tag.end),
            tag.start,
            tag.end,
            is_open_ended=len(attributes) < len(tag.attributes),
        )

    def _attribute(self, raw: RawAttribute) -> Attribute:
        start, end = raw.value_start, raw.value_end
        return Attribute(raw.name, self.text[start:end], self.masked[start:end], self.lines.span(raw.start, raw.end), start)

    def outputs(self, printed: Printed) -> list[Output]:
        """Place what one piece prints."""
        piece = printed.piece
        span = self.lines.span(piece.start, piece.end)
        context = self.context(piece.start, piece.end)
        return [
            Output(value, span, piece.start, _within_path(context) if value.through == "url" else context, printed.blocks)
            for value in printed.values
        ]

    def context(self, start: int, end: int) -> Context:
        """Tell where in the page a piece of template syntax stands."""
        index = bisect_right(self._tag_starts, start) - 1
        if index >= 0 and start < (tag := self.html.tags[index]).end:
            return self._in_tag(tag, start, end)
        index = bisect_right(self._region_starts, start) - 1
        if index >= 0 and start < (region := self.html.regions[index]).end:
            owner = region.tag
            return Context(region.place, owner.name if owner else "", parameter=self._name(owner))
        return Context(self._outside)

    def _in_tag(self, tag: OpenTag, start: int, end: int) -> Context:
        index = bisect_right(tag.attributes, start, key=lambda raw: raw.value_start) - 1
        if index < 0 or start >= (raw := tag.attributes[index]).value_end:
            return Context(Place.ATTRIBUTE, tag.name, "", Part.OTHER)
        before = self.masked[max(raw.value_start, start - _NEAR) : start]
        after = self.masked[end : min(raw.value_end, end + _NEAR)]
        whole = not before.strip(SEAM + " ") and not after.strip(SEAM + " ")
        part, parameter = part_of(raw.name, before, whole=whole)
        if tag.name == "input" and raw.name == "value":
            return Context(Place.VALUE, "input", "value", part, self._name(tag))
        return Context(Place.ATTRIBUTE, tag.name, raw.name, part, parameter)

    def _name(self, tag: OpenTag | None) -> str:
        """The constant `name` of an input."""
        for raw in tag.attributes[:_NEAR] if tag is not None else ():
            if raw.name == "name":
                name = self.masked[raw.value_start : raw.value_end]
                return "" if HOLE in name or SEAM in name else name
        return ""


def _within_path(context: Context) -> Context:
    """`{% url 'name' token %}` prints the token into the path of the URL it makes."""
    if context.part is not Part.WHOLE or context.place is not Place.ATTRIBUTE:
        return context
    return Context(context.place, context.element, context.attribute, Part.URL_PATH, context.parameter)
