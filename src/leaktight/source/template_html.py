"""Reads the HTML around template syntax the way a browser's tokenizer does, in one pass and with offsets.

It follows the tokenization chapter of the WHATWG standard, so broken markup is read as a browser reads it
and every input takes linear time.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from leaktight.source.template_values import Place

_OPENER = re.compile(r"<(?:(!--)|\x02*+(/)?([a-zA-Z][^\s/>\x01\x02]*)|[!?/])")
_COMMENT_END = re.compile("--!?>")
_ATTRIBUTE = re.compile(
    r"""[\s\x02/]*+(?:(?P<close>>)|(?P<name>[^\s\x02/>][^\s\x02/>=]*+)"""
    r"""(?:[\s\x02]*+=\s*+(?:"(?P<double>[^"]*+)"|'(?P<single>[^']*+)'|(?P<bare>[^\s>"'][^\s>]*+)|(?P<broken>["'])|)"""
    r"""|))"""
)
_TEXT_URL = re.compile(r"(?:https?:|(?<!\x01)\x01++:?)//[^\s<>\"'`]+", re.IGNORECASE)
_RAW = {"script": Place.SCRIPT, "style": Place.STYLE, "textarea": Place.VALUE, "title": Place.TEXT, "xmp": Place.TEXT}
_RAW_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW}


class RawAttribute(NamedTuple):
    """An attribute: its name, its own offsets and those of its value."""

    name: str
    start: int
    end: int
    value_start: int
    value_end: int


class OpenTag(NamedTuple):
    """An open tag."""

    name: str
    start: int
    end: int
    attributes: list[RawAttribute]


class Region(NamedTuple):
    """A stretch whose text is not markup."""

    place: Place
    start: int
    end: int
    tag: OpenTag | None


class Html(NamedTuple):
    """The structure of a file that matters here, in order of offsets."""

    tags: list[OpenTag]
    regions: list[Region]
    form_ends: list[int]
    """Offsets behind each `</form>`."""


def scan(text: str) -> Html:
    """Read masked text."""
    html = Html([], [], [])
    position, length = 0, len(text)
    while (opener := _OPENER.search(text, position)) is not None:
        comment, slash, name = opener.groups()
        if comment:
            ended = _COMMENT_END.search(text, opener.end() - 2)
            position = ended.end() if ended else len(text)
            html.regions.append(Region(Place.COMMENT, opener.start(), position, None))
        elif name is None:
            position = text.find(">", opener.end()) + 1 or len(text)
        else:
            attributes: list[RawAttribute] = []
            position = _attributes(text, opener.end(), attributes)
            if position > length:
                break
            lower = name.lower()
            if slash:
                if lower == "form":
                    html.form_ends.append(position)
                continue
            tag = OpenTag(lower, opener.start(), position, attributes)
            html.tags.append(tag)
            if lower in _RAW:
                position = _raw(text, tag, html)
    return html


def scan_links(text: str) -> Html:
    """Read masked text that is not HTML: each absolute URL in it is a link."""
    tags = []
    for match in _TEXT_URL.finditer(text):
        start, end = match.start(), match.start() + len(match[0].rstrip(".,;:!?)"))
        tags.append(OpenTag("a", start, end, [RawAttribute("href", start, end, start, end)]))
    return Html(tags, [], [])


def _attributes(text: str, position: int, into: list[RawAttribute]) -> int:
    """Read attributes up to the end of the tag; return the offset behind it, past the text if there is none."""
    while (match := _ATTRIBUTE.match(text, position)) is not None:
        kind = match.lastgroup
        position = match.end()
        if kind == "close":
            return position
        if match["name"][0] == "<" and match["name"][1:2].isalpha():
            # `<a …{% else %}<button …{% endif %}>`: one branch's tag begins within the other's.
            return match.start("name")
        if kind == "broken":
            break
        value = match.span(kind) if kind and kind != "name" else (position, position)
        into.append(RawAttribute(match["name"].lower(), match.start("name"), position, *value))
    return len(text) + 1


def _raw(text: str, tag: OpenTag, html: Html) -> int:
    end = found.start() if (found := _RAW_END[tag.name].search(text, tag.end)) else len(text)
    html.regions.append(Region(_RAW[tag.name], tag.end, end, tag))
    return end
